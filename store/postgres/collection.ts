import type { Fields } from '../access.js'
import type { Declaration } from '../declaration.js'
import type {
  Bound,
  Collection,
  Condition,
  Joinable,
  Joined,
  Reader,
  RecordEvent,
  Update,
} from '../engine.js'
import { ConditionFailed, VersionMismatch } from '../errors.js'
import { type Row, testOf } from '../predicate.js'
import { equal, type Predicate } from '../query.js'
import { conditionOf, Parameters, valuesAre } from './condition.js'
import type { Consequences } from './consequences.js'
import type { Counter } from './counting/counter.js'
import type { Connection, Statement, Transaction, TransactionOptions } from './database.js'
import type { Events } from './events/events.js'
import { Inserting } from './inserting.js'
import type { PostgresJobs } from './jobs/jobs.js'
import type { Records } from './jobs/queue.js'
import { recordOf, whole, withTarget } from './projection.js'
import { PostgresReader } from './reader.js'
import type { Table } from './table.js'
import type { Violations } from './violations.js'
import { changeOf, type Values } from './writing.js'

/** What a deletion takes along can be much; in milliseconds. */
const LONGEST_DELETION = 60_000

/** What refers to what has gone goes after it. */
const DEFERRED: Statement = { text: 'set constraints all deferred' }

/** Hears of a collection. */
type Listener = (event: RecordEvent<Row>) => void

/** What a collection has of its view. */
export interface Surroundings {
  readonly tables: ReadonlyMap<string, Table>
  readonly consequences: Consequences
  readonly violations: Violations
  readonly events: Events
  readonly jobs: PostgresJobs
  readonly counter: Counter
}

/** A collection in PostgreSQL: each operation is one statement where that can be, and one transaction where it can't. */
export class PostgresCollection
  extends PostgresReader<Row>
  implements Collection<Row>, Joinable<Row, Readonly<Record<string, Row>>>
{
  readonly #surroundings: Surroundings
  readonly #joined = new Map<string, Reader<Row, Joined<Row, Row>>>()
  readonly #inserting: Inserting
  /** The collections that a step here can change something of. */
  readonly #reach: ReadonlySet<string>
  readonly #lock: Statement
  readonly #next: Statement

  constructor(table: Table, surroundings: Surroundings) {
    super(table, surroundings.counter, whole(table))
    this.#surroundings = surroundings
    this.#inserting = new Inserting(table)
    this.#reach = surroundings.consequences.reachOf(table)
    const { database, sql, all } = table
    this.#lock = database.prepared(
      `select ${all} from ${sql} where id = $1::bigint for no key update`,
    )
    // Whoever counts up is sure of the number at once: where the database crashes, nobody has a record that uses it.
    this.#next = database.prepared(
      `insert into ${database.qualified('given_numbers')} as given (collection, highest) values ($1, 1)
       on conflict (collection) do update set highest = floor(coalesce(given.highest, 0)) + 1
       where floor(coalesce(given.highest, 0)) < ${Number.MAX_SAFE_INTEGER}
       returning highest`,
    )
  }

  get declaration(): Declaration {
    return this.table.declaration
  }

  /** What takes its records as jobs. */
  get records(): Records {
    return {
      table: this.table.sql,
      rowOf: (columns) => this.table.recordIn(columns),
      update: async (connection, id, change) => {
        const { rows } = await connection.query({ ...this.#lock, values: [id] })
        const row = rows[0] && recordOf(rows[0])
        return row && this.#put(row, this.#changed(row, change), (each) => connection.query(each))
      },
    }
  }

  joined(reference: string): Reader<Row, Joined<Row, Row>> {
    let reader = this.#joined.get(reference)
    if (reader) return reader
    const target = this.#targetOf(reference)
    const { counter } = this.#surroundings
    reader = new PostgresReader(this.table, counter, withTarget(this.table, reference, target))
    this.#joined.set(reference, reader)
    return reader
  }

  referring(reference: string, key: Fields): Reader<Row> {
    const target = this.#targetOf(reference)
    target.requireKey(key)
    const { counter } = this.#surroundings
    return new PostgresReader(this.table, counter, whole(this.table), { reference, target, key })
  }

  async nextNumber(): Promise<number | undefined> {
    if (this.table.declaration.sequence === undefined) throw this.table.unanswerable('sequence')
    const { rows } = await this.table.database.query({ ...this.#next, values: [this.table.name] })
    return rows[0] && Number(rows[0].highest)
  }

  async insert(values: Fields, bounds: readonly Bound<Row>[] = []): Promise<Row> {
    return this.#step(() => this.#inserting.insert(values, bounds))
  }

  async insertMany(many: readonly Fields[]): Promise<readonly Row[]> {
    return this.#step(() => this.#inserting.insertMany(many), many.length)
  }

  async update(
    id: number,
    change: Update<Row>,
    condition?: Condition<Row>,
  ): Promise<Row | undefined> {
    if (typeof change === 'function') {
      return this.#changeLocked(id, (row) => this.#changed(row, change(row)), condition)
    }
    return this.#change(id, this.#valuesOf(change), (row) => this.#changed(row, change), condition)
  }

  async replace(id: number, values: Fields, condition?: Condition<Row>): Promise<Row | undefined> {
    const { id: _id, version: _version, ...fields } = this.table.compose(1, 1, values)
    const set: Values = { fields, isVisible: true }
    return this.#change(id, set, () => set, condition)
  }

  async delete(id: number, condition?: Condition<Row>): Promise<Row | undefined> {
    if (!Number.isSafeInteger(id)) return undefined
    if (this.#surroundings.consequences.follow(this.table)) {
      return this.#deleteLocked(id, condition)
    }
    const { sql, all, statements } = this.table
    const parameters = new Parameters()
    const where = this.#where(id, condition, parameters)
    if (where.isExact) {
      const text = `delete from ${sql} where ${where.sql} returning ${all}`
      const row = await this.#written(statements.of(text, parameters.values))
      if (row) return row
      if (!(await this.#isThere(id, condition))) return undefined
    }
    return this.#deleteLocked(id, condition)
  }

  watch(listener: Listener, onGap?: () => void): () => void {
    return this.#surroundings.events.watch(this.table.name, listener, onGap)
  }

  /** The table that a reference leads to. */
  #targetOf(reference: string): Table {
    const { to = '' } = this.table.declaration.references[reference] ?? {}
    const target = this.#surroundings.tables.get(to)
    if (!target) throw this.table.unanswerable(`reference ${reference}`)
    return target
  }

  /** What a change sets. */
  #valuesOf(change: Fields): Values {
    const fields = this.table.requireChange(change)
    // A field that nobody has declared is no change that anybody could see.
    const isVisible = Object.keys(change).some((field) => this.table.visible.has(field))
    return { fields, isVisible }
  }

  #changed(row: Row, change: Fields): Values {
    this.table.compose(row.id, row.version, { ...row, ...change })
    return this.#valuesOf(change)
  }

  /** Whether there is a record, which is as a condition has it. @throws ConditionFailed, VersionMismatch */
  async #isThere(id: number, condition: Condition<Row> | undefined): Promise<boolean> {
    const row = await this.get(id)
    if (row) requireCondition(this.table.name, row, condition)
    return row !== undefined
  }

  /** Changes a record in one statement; where that finds nothing, it is looked at why. */
  async #change(
    id: number,
    values: Values,
    valuesOf: (row: Row) => Values,
    condition: Condition<Row> | undefined,
  ): Promise<Row | undefined> {
    if (!Number.isSafeInteger(id)) return undefined
    const parameters = new Parameters()
    const set = changeOf(this.table, values, parameters)
    const where = this.#where(id, condition, parameters)
    if (where.isExact) {
      const row = await this.#written(this.#updating(set, where.sql, parameters))
      if (row) return row
      if (!(await this.#isThere(id, condition))) return undefined
    }
    return this.#changeLocked(id, valuesOf, condition)
  }

  /** Changes a record that nobody else changes meanwhile. */
  async #changeLocked(
    id: number,
    valuesOf: (row: Row) => Values,
    condition: Condition<Row> | undefined,
  ): Promise<Row | undefined> {
    return this.#withRow(id, condition, (row, transaction) =>
      this.#put(row, valuesOf(row), (statement) => transaction.end(statement)),
    )
  }

  /** @param ask has a statement done */
  async #put({ id }: Row, values: Values, ask: Connection['query']): Promise<Row | undefined> {
    const parameters = new Parameters()
    const set = changeOf(this.table, values, parameters)
    const where = this.#where(id, undefined, parameters)
    const { rows } = await ask(this.#updating(set, where.sql, parameters))
    return rows[0] && recordOf(rows[0])
  }

  async #deleteLocked(id: number, condition: Condition<Row> | undefined): Promise<Row | undefined> {
    const { consequences } = this.#surroundings
    const remove = this.table.statements.of(`delete from ${this.table.sql} where id = $1::bigint`, [
      id,
    ])
    return this.#withRow(
      id,
      condition,
      async (row, connection) => {
        const gone = [DEFERRED, remove].map((each) => connection.query(each))
        await Promise.all([...gone, consequences.ofDeletion(this.table, row, connection)])
        return row
      },
      { timeout: LONGEST_DELETION },
    )
  }

  /** Does something with a record that is as a condition has it, and that nobody else changes meanwhile. */
  async #withRow(
    id: number,
    condition: Condition<Row> | undefined,
    run: (row: Row, transaction: Transaction) => Promise<Row | undefined>,
    options?: TransactionOptions,
  ): Promise<Row | undefined> {
    if (!Number.isSafeInteger(id)) return undefined
    return this.#step(() =>
      this.table.database.transaction(async (transaction) => {
        const { rows } = await transaction.query({ ...this.#lock, values: [id] })
        const row = rows[0] && recordOf(rows[0])
        if (!row) return undefined
        requireCondition(this.table.name, row, condition)
        return run(row, transaction)
      }, options),
    )
  }

  async #written(statement: Statement): Promise<Row | undefined> {
    const { rows } = await this.#step(() => this.table.database.query(statement))
    return rows[0] && recordOf(rows[0])
  }

  #updating(set: string, where: string, { values }: Parameters): Statement {
    const { sql, all, statements } = this.table
    const text = `update ${sql} set ${set} where ${where} returning ${all}`
    return statements.of(text, values)
  }

  #where(id: number, condition: Condition<Row> | undefined, parameters: Parameters) {
    const { where = {}, test, versions } = condition ?? {}
    const and: Predicate[] = [equal({ id }), valuesAre(where), ...(test ? [test] : [])]
    const { sql, isExact } = conditionOf(this.table, { and }, parameters)
    if (!versions) return { sql, isExact }
    return { sql: `${sql} and version = any(${parameters.add(versions, 'bigint[]')})`, isExact }
  }

  /** Does a step, once all that watch here are known, and is done when they have heard of it. */
  async #step<T>(run: () => Promise<T>, changes = 1): Promise<T> {
    const { events, jobs, violations, counter } = this.#surroundings
    await events.ready()
    try {
      return await run()
    } catch (error) {
      throw violations.explain(error, this.table.name)
    } finally {
      counter.note(this.table, changes)
      await jobs.caughtUp(this.table.name)
      await events.caughtUp(this.#reach)
    }
  }
}

/** @throws ConditionFailed or VersionMismatch where a record is not as a condition has it */
function requireCondition(
  name: string,
  row: Row,
  { where = {}, test, versions }: Condition<Row> = {},
): void {
  const hasValues = Object.entries(where).every(([field, value]) => row[field] === value)
  if (!hasValues || (test && !testOf(test)(row))) throw new ConditionFailed(name)
  if (versions && !versions.includes(row.version)) throw new VersionMismatch(name)
}
