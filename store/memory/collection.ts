import type { Fields } from '../access.js'
import type { Declaration } from '../declaration.js'
import type {
  Bound,
  Collection,
  Condition,
  Joinable,
  Joined,
  Page,
  Reader,
  RecordEvent,
  Update,
} from '../engine.js'
import type { Row } from '../predicate.js'
import type { Query, Selection } from '../query.js'
import { Joining } from './joining.js'
import { find, stream } from './reading.js'
import { Referring } from './referring.js'
import { requireCondition } from './rules.js'
import type { Table } from './table.js'

/** The id of no record. */
const NOBODY = 0

/** What a collection asks of its view. */
export interface Steps {
  /**
   * Does something that is done whole or not at all, as soon as nothing else is under way: at once where nothing is. Nobody else
   * writes until it is done.
   */
  step<T>(run: () => T | Promise<T>): Promise<T>
  /** Deletes a record with what follows from it, within a step. What is much takes its turns, and is done with the promise. */
  delete(collection: string, row: Row): Row | Promise<Row>
  watch(collection: string, listener: (event: RecordEvent<Row>) => void): () => void
  /** A record of any collection, as it is now. */
  rowOf(collection: string, id: number): Row | undefined
  /** The same by a unique key. */
  rowBy(collection: string, key: Fields): Row | undefined
}

/** A collection in memory. What is read is read as it is, whatever is under way; every write is a step. */
export class MemoryCollection
  implements Collection<Row>, Joinable<Row, Readonly<Record<string, Row>>>
{
  readonly #table: Table
  readonly #steps: Steps

  constructor(table: Table, steps: Steps) {
    this.#table = table
    this.#steps = steps
  }

  get declaration(): Declaration {
    return this.#table.declaration
  }

  async get(id: number): Promise<Row | undefined> {
    return this.#table.row(id)
  }

  async getBy(...keys: readonly Fields[]): Promise<Row | undefined> {
    for (const key of keys) {
      const row = this.#table.rowBy(key)
      if (row) return row
    }
    return undefined
  }

  async find(query: Query): Promise<Page<Row>> {
    return find(this.#table.state, query)
  }

  stream(selection?: Selection): AsyncIterable<readonly Row[]> {
    return stream(this.#table.state, selection)
  }

  joined(reference: string): Reader<Row, Joined<Row, Row>> {
    const to = this.#targetOf(reference)
    return new Joining(this, (row) => {
      const id = row[reference]
      return typeof id === 'number' ? this.#steps.rowOf(to, id) : undefined
    })
  }

  referring(reference: string, key: Fields): Reader<Row> {
    const target = this.#steps.rowBy(this.#targetOf(reference), key)
    return new Referring(this, reference, target?.id ?? NOBODY)
  }

  async nextNumber(): Promise<number | undefined> {
    return this.#steps.step(() => this.#table.nextNumber())
  }

  async insert(values: Fields, bounds: readonly Bound<Row>[] = []): Promise<Row> {
    return this.#steps.step(() => this.#table.insert(values, bounds))
  }

  async insertMany(many: readonly Fields[]): Promise<readonly Row[]> {
    return this.#steps.step(() => this.#table.insertMany(many))
  }

  async update(
    id: number,
    change: Update<Row>,
    condition?: Condition<Row>,
  ): Promise<Row | undefined> {
    return this.#stepOn(id, condition, (old) =>
      this.#table.update(old, typeof change === 'function' ? change(old) : change),
    )
  }

  async replace(id: number, values: Fields, condition?: Condition<Row>): Promise<Row | undefined> {
    return this.#stepOn(id, condition, (old) => this.#table.replace(old, values))
  }

  async delete(id: number, condition?: Condition<Row>): Promise<Row | undefined> {
    return this.#stepOn(id, condition, (row) => this.#steps.delete(this.#table.schema.name, row))
  }

  watch(listener: (event: RecordEvent<Row>) => void): () => void {
    return this.#steps.watch(this.#table.schema.name, listener)
  }

  /** The collection that a reference leads to. */
  #targetOf(reference: string): string {
    const { to } = this.declaration.references[reference] ?? {}
    if (to === undefined) throw this.#table.schema.unanswerable(`reference ${reference}`)
    return to
  }

  /** Takes a step with a record, if there is one that is as the condition has it. */
  #stepOn(
    id: number,
    condition: Condition<Row> | undefined,
    run: (row: Row) => Row | Promise<Row>,
  ): Promise<Row | undefined> {
    return this.#steps.step<Row | undefined>(() => {
      const row = this.#table.row(id)
      if (!row) return undefined
      requireCondition(this.#table.schema, row, condition)
      return run(row)
    })
  }
}
