import type { Fields } from '../access.js'
import type { Joined, Page, Reader } from '../engine.js'
import type { Row } from '../predicate.js'
import type { Query, Selection } from '../query.js'
import { Parameters, valuesAre } from './condition.js'
import type { Counter } from './counting/counter.js'
import { type DatabaseRow, quoted, type Statement } from './database.js'
import { type Projection, Reading, recordOf, type Within } from './reading.js'
import type { Table } from './table.js'

/** What a reference leads to, among a record's own columns. */
const TARGET = 'target/'

/** Reads the records of a table, each look with one statement. */
export class PostgresReader<A> implements Reader<Row, A> {
  readonly table: Table
  readonly #projection: Projection<A>
  readonly #within: Within | undefined
  readonly #reading: Reading<A>
  readonly #get: Statement

  /** @param within which records there are to be read; all without it */
  constructor(table: Table, counter: Counter, projection: Projection<A>, within?: Within) {
    this.table = table
    this.#projection = projection
    this.#within = within
    this.#reading = new Reading(table, counter, projection, within)
    this.#get = table.database.prepared(`${this.#select} where id = $1::bigint`)
  }

  async get(id: number): Promise<A | undefined> {
    if (!Number.isSafeInteger(id)) return undefined
    if (this.#within) return this.#firstOf([{ id }])
    const { rows } = await this.table.database.query({ ...this.#get, values: [id] })
    return rows[0] && this.#projection.read(recordOf(rows[0]))
  }

  async getBy(...keys: readonly Fields[]): Promise<A | undefined> {
    const part = this.#within && { [this.#within.reference]: 0 }
    for (const key of keys) this.table.requireKey({ ...key, ...part })
    return this.#firstOf(keys)
  }

  async #firstOf(keys: readonly Fields[]): Promise<A | undefined> {
    const parameters = new Parameters()
    const { sql } = this.#reading.conditionOf({ or: keys.map(valuesAre) }, parameters)
    const statement = this.table.database.prepared(`${this.#select} where ${sql}`)
    const { rows } = await this.table.database.query({ ...statement, values: parameters.values })
    const row = rows.length > 1 ? firstOf(rows, keys) : rows[0]
    return row && this.#projection.read(recordOf(row))
  }

  async find(query: Query): Promise<Page<A>> {
    return this.#reading.find(query)
  }

  stream(selection?: Selection): AsyncIterable<readonly A[]> {
    return this.#reading.stream(selection)
  }

  get #select(): string {
    return `select ${this.#projection.columns} from ${this.table.sql}`
  }
}

/** The record itself. */
export function whole({ all }: Table): Projection<Row> {
  return { columns: all, read: (row) => row }
}

/** The record, with what a reference of it leads to: as JSON, so that neither the order of a list changes nor the columns' names. */
export function withTarget(
  table: Table,
  reference: string,
  target: Table,
): Projection<Joined<Row, Row>> {
  const its = `select ${target.all} from ${target.sql} where id = ${table.sql}.${quoted(reference)}`
  return {
    columns: `${table.all}, (select row_to_json(its) from (${its}) its) as "${TARGET}"`,
    read: ({ [TARGET]: its, ...record }) => ({
      record: recordOf(record),
      target: its === null ? undefined : target.recordIn(its),
    }),
  }
}

/** The row that has the first of some keys. */
function firstOf(rows: readonly DatabaseRow[], keys: readonly Fields[]): DatabaseRow | undefined {
  for (const key of keys) {
    const fields = Object.keys(key)
    const row = rows.find((each) => fields.every((field) => each[field] === key[field]))
    if (row) return row
  }
  return undefined
}
