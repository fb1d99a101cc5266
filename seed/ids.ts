import { randomBytes, randomUUID } from 'node:crypto'
import { hasFormat } from './text-format.js'

/** What the ids of a collection are, by those that it has had: what none has had is numbered. */
export type IdKind = 'number' | 'uuid' | 'text'

/** A record's id, as its owner has it. */
export type RecordId = string | number

/** Whether a value can be an id: a text with something in it, or a number. */
export function isId(value: unknown): value is RecordId {
  return typeof value === 'string' ? value !== '' : Number.isFinite(value)
}

/** What some ids are. */
export function kindOf(ids: Iterable<RecordId>): IdKind {
  let kind: IdKind | undefined
  for (const id of ids) {
    const own = typeof id === 'number' ? 'number' : hasFormat(id, 'uuid') ? 'uuid' : 'text'
    kind ??= own
    if (kind !== own) return 'text'
  }
  return kind ?? 'number'
}

/** A text that no record has as its id, in all likelihood. */
export function randomId(kind: IdKind): string {
  return kind === 'uuid' ? randomUUID() : randomBytes(8).toString('hex')
}
