import type { Fields } from '../access.js'
import type { Page, Reader } from '../engine.js'
import type { Row } from '../predicate.js'
import type { Query, Selection } from '../query.js'
import { Parameters, valuesAre } from './condition.js'
import type { Counter } from './counting/counter.js'
import type { DatabaseRow, Statement } from './database.js'
import { type Projection, recordOf } from './projection.js'
import { Reading } from './reading.js'
import { Source, type Within } from './source.js'
import type { Table } from './table.js'

/** Reads the records of a table, each look with one statement. */
export class PostgresReader<A> implements Reader<Row, A> {
  readonly table: Table
  readonly #source: Source<A>
  readonly #reading: Reading<A>
  readonly #get: Statement | undefined

  /** @param within which records there are to be read; all without it */
  constructor(table: Table, counter: Counter, projection: Projection<A>, within?: Within) {
    this.table = table
    this.#source = new Source(table, projection, within)
    this.#reading = new Reading(this.#source, counter)
    // Of the others one is made for each look.
    if (!within) this.#get = table.database.prepared(`${this.#source.select} where id = $1::bigint`)
  }

  async get(id: number): Promise<A | undefined> {
    if (!Number.isSafeInteger(id)) return undefined
    if (!this.#get) return this.#firstOf([{ id }])
    const { rows } = await this.table.database.query({ ...this.#get, values: [id] })
    return rows[0] && this.#source.projection.read(rows[0])
  }

  async getBy(...keys: readonly Fields[]): Promise<A | undefined> {
    const { within } = this.#source
    const part = within && { [within.reference]: 0 }
    for (const key of keys) this.table.requireKey({ ...key, ...part })
    return this.#firstOf(keys)
  }

  async #firstOf(keys: readonly Fields[]): Promise<A | undefined> {
    const parameters = new Parameters()
    const { select, projection } = this.#source
    const { sql } = this.#source.conditionOf({ or: keys.map(valuesAre) }, parameters)
    const statement = this.table.statements.of(`${select} where ${sql}`, parameters.values)
    const { rows } = await this.table.database.query(statement)
    const row = rows.length > 1 ? firstOf(rows, keys) : rows[0]
    return row && projection.read(row)
  }

  async find(query: Query): Promise<Page<A>> {
    return this.#reading.find(query)
  }

  stream(selection?: Selection): AsyncIterable<readonly A[]> {
    return this.#reading.stream(selection)
  }
}

/** The row that has the first of some keys. */
function firstOf(rows: readonly DatabaseRow[], keys: readonly Fields[]): DatabaseRow | undefined {
  for (const key of keys) {
    const fields = Object.keys(key)
    const row = rows.find(({ record }) => {
      const values = recordOf(record)
      return fields.every((field) => values[field] === key[field])
    })
    if (row) return row
  }
  return undefined
}
