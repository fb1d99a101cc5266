import type { SeedFile } from '../../seed/parts.js'
import { idsToPin } from './ids.js'

/** The parts of a data file that are lists. */
export type Part = Exclude<keyof SeedFile, 'applications'>

export interface FieldValues {
  readonly [field: string]: string | number | boolean | null
}

/** What is to be different in one list, by the places that the records have before. */
export interface PartChange {
  readonly removed?: ReadonlySet<number>
  /** Values of fields, by the record's place. */
  readonly fields?: ReadonlyMap<number, FieldValues>
  /** What comes to the end. */
  readonly added?: FieldValues
}

/** What is to be different in a data file. */
export type Change = { readonly [P in Part]?: PartChange }

/** The removal of records from a list with numbers as ids; those that stay keep theirs. */
export function removal(
  records: readonly { readonly id?: number | undefined }[],
  removed: ReadonlySet<number>,
): PartChange {
  const pins = [...idsToPin(records, removed)]
  return { removed, fields: new Map(pins.map(([index, id]) => [index, { id }])) }
}

/** The places of the records that something is true of. */
export function placesOf<R>(records: readonly R[], isMeant: (record: R) => boolean): Set<number> {
  return new Set(records.flatMap((record, index) => (isMeant(record) ? [index] : [])))
}

/** What a data file means after a change. */
export function changed(data: object, change: Change): object {
  const parts = new Map<string, unknown>(Object.entries(data))
  for (const [part, partChange] of Object.entries(change)) {
    const records = parts.get(part) ?? (partChange.added ? [] : undefined)
    if (Array.isArray(records)) parts.set(part, changedPart(records, partChange))
  }
  return Object.fromEntries(parts)
}

function changedPart(
  records: readonly object[],
  { removed, fields, added }: PartChange,
): readonly object[] {
  const kept = records.flatMap((record, index) =>
    removed?.has(index) ? [] : [{ ...record, ...fields?.get(index) }],
  )
  return added ? [...kept, added] : kept
}
