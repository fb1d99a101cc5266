import {
  codeOf,
  InvalidRecord,
  MissingContent,
  ReferenceViolation,
  type StoreError,
  UniqueViolation,
} from '../errors.js'
import { primaryName, referenceName, uniqueName } from './definition.js'
import { MISSING_CONTENT } from './files/tables.js'
import type { Table } from './table.js'

/** What the database says when a sequence is at its end. */
const SEQUENCE_ENDED = '2200H'

/** What the database refuses, in the store's words. */
export class Violations {
  /** By the name of the constraint that doesn't hold: each has another. */
  readonly #refusals = new Map<string, () => StoreError>()

  constructor(tables: Iterable<Table>) {
    for (const table of tables) {
      const { name, declaration } = table
      this.#refusals.set(primaryName(table), () => new UniqueViolation(name, ['id']))
      for (const fields of declaration.unique) {
        this.#refusals.set(uniqueName(table, fields), () => new UniqueViolation(name, fields))
      }
      for (const [field, reference] of Object.entries(declaration.references)) {
        if (!reference) continue
        const refuse = () => new ReferenceViolation(name, field, reference.to)
        this.#refusals.set(referenceName(table, field), refuse)
      }
    }
  }

  /** What an error of the database says of the records of a collection; the error itself where that is nothing. */
  explain(error: unknown, collection: string): unknown {
    const refusal = this.#refusals.get(partOf(error, 'constraint'))
    if (refusal) return refusal()
    const code = codeOf(error)
    if (code === MISSING_CONTENT) return new MissingContent(partOf(error, 'detail'))
    if (code === SEQUENCE_ENDED) return new InvalidRecord(collection, '/id', 'maximum')
    return error
  }
}

function partOf(error: unknown, part: 'constraint' | 'detail'): string {
  return error instanceof Error ? String(Reflect.get(error, part)) : ''
}
