import type { Fields } from '../access.js'
import type { Bound } from '../engine.js'
import { BoundReached } from '../errors.js'
import type { Row } from '../predicate.js'
import { Turns } from '../turns.js'
import { type Connection, type DatabaseRow, literal, quoted, type Statement } from './database.js'
import { NO_ID } from './functions.js'
import { columnValue, type Table } from './table.js'

/** How many records are added with one statement. */
const BATCH = 500

/** A record that is to be added. */
interface Composed {
  readonly row: Row
  /** Whether its id was given. */
  readonly isGiven: boolean
}

/** Adds records to a collection. */
export class Inserting {
  readonly #table: Table
  readonly #one: Statement
  readonly #many: Statement

  constructor(table: Table) {
    this.#table = table
    const { database } = table
    this.#one = database.prepared(this.#textOf(''))
    this.#many = database.prepared(this.#textOfMany())
  }

  async insert({ id, ...values }: Fields, bounds: readonly Bound<Row>[]): Promise<Row> {
    const row = this.#compose(id, values)
    const isGiven = id !== undefined
    if (bounds.length > 0) return this.#insertWithin(row, isGiven, bounds)
    const insert = { ...this.#one, values: this.#valuesOf(row, isGiven) }
    const { database } = this.#table
    const results = isGiven
      ? await database.batch([...this.#raising(row.id), insert])
      : [await database.query(insert)]
    return { ...row, id: Number(results.at(-1)?.rows[0]?.id) }
  }

  async insertMany(many: readonly Fields[]): Promise<readonly Row[]> {
    if (many.length === 0) return []
    const rows: Composed[] = []
    const turns = new Turns()
    for (const { id, ...values } of many) {
      rows.push({ row: this.#compose(id, values), isGiven: id !== undefined })
      if (turns.isOver) await turns.next()
    }
    const { database } = this.#table
    const ids =
      rows.length <= BATCH && rows.every(({ isGiven }) => !isGiven)
        ? await this.#insertAll(rows, database)
        : await database.transaction((connection) => this.#insertParts(rows, connection))
    return rows.map(({ row }, at) => ({ ...row, id: Number(ids[at]?.id) }))
  }

  /** Adds records that are somewhere else as they are, and sees to it that other ids come after theirs. */
  async copy(rows: readonly Row[], connection: Connection): Promise<void> {
    const given = rows.map((row) => ({ row, isGiven: true }))
    await this.#insertParts(given, connection)
  }

  async #insertParts(rows: readonly Composed[], connection: Connection) {
    const given = rows.filter(({ isGiven }) => isGiven)
    if (given.length > 0) {
      const highest = given.reduce((most, { row }) => Math.max(most, row.id), 0)
      for (const statement of this.#raising(highest)) await connection.query(statement)
    }
    const ids: DatabaseRow[] = []
    for (let at = 0; at < rows.length; at += BATCH) {
      ids.push(...(await this.#insertAll(rows.slice(at, at + BATCH), connection)))
    }
    return ids
  }

  /** Adds a record where bounds allow it: nobody else adds any within bounds to the collection meanwhile. */
  async #insertWithin(row: Row, isGiven: boolean, bounds: readonly Bound<Row>[]): Promise<Row> {
    const { name, database, sql, statements } = this.#table
    const values = this.#valuesOf(row, isGiven)
    const held = `where ${bounds.map((bound) => this.#holds(bound, values)).join(' and ')}`
    const lock = `select pg_advisory_xact_lock(hashtext(${literal(sql)}))`
    const results = await database.batch([
      ...(isGiven ? this.#raising(row.id) : []),
      { text: lock },
      statements.of(this.#textOf(held), values),
    ])
    const inserted = results.at(-1)?.rows[0]
    if (inserted) return { ...row, id: Number(inserted.id) }
    const reached = await this.#reachedOf(bounds)
    if (reached) throw new BoundReached(name, Object.keys(reached.where))
    // One has just gone.
    return this.#insertWithin(row, isGiven, bounds)
  }

  /** The first of some bounds that doesn't hold. */
  async #reachedOf(bounds: readonly Bound<Row>[]): Promise<Bound<Row> | undefined> {
    const values: unknown[] = []
    const held = bounds.map((bound, at) => `${this.#holds(bound, values)} as "${at}"`)
    const text = `select ${held.join(', ')}`
    const { rows } = await this.#table.database.query({ text, values })
    return bounds.find((_, at) => rows[0]?.[at] === false)
  }

  /** That there is room for one more, in SQL. @param values gets what that names */
  #holds({ where, atMost, unless }: Bound<Row>, values: unknown[]): string {
    const fields = Object.entries(where).map(([field, value]) => {
      values.push(value)
      const { kind = 'json' } = this.#table.columnOf(field) ?? {}
      return `${quoted(field)} = $${values.length}::${kind}`
    })
    values.push(atMost)
    const some = `select from ${this.#table.sql} where ${fields.join(' and ')} limit $${values.length}::bigint`
    const holds = `(select count(*) from (${some}) held) < $${values.length}::bigint`
    return unless ? `(${holds} or ${this.#holds(unless, values)})` : `(${holds})`
  }

  #compose(id: unknown, values: Fields): Row {
    // Any will do, until it has its own.
    return this.#table.compose(typeof id === 'number' ? id : 1, 1, values)
  }

  #valuesOf(row: Row, isGiven: boolean): unknown[] {
    const { columns, derived } = this.#table
    const [, ...others] = columns
    return [
      isGiven ? row.id : null,
      ...others.map((column) => columnValue(column, row)),
      ...derived.map(({ field, derive }) => derive(row[field])),
    ]
  }

  /** @returns their ids, in their order */
  async #insertAll(rows: readonly Composed[], connection: Connection) {
    const { columns, derived } = this.#table
    const all = rows.map(({ row, isGiven }) => this.#valuesOf(row, isGiven))
    const values = [...columns, ...derived].map(({ kind }, at) =>
      all.map((values) => (kind === 'integer[]' ? arrayText(values[at]) : values[at])),
    )
    return (await connection.query({ ...this.#many, values })).rows
  }

  /** Makes ids be given out above one from now on. One at a time, so that they never go back. */
  #raising(id: number): readonly Statement[] {
    const { sequence } = this.#table
    return [
      { text: `select pg_advisory_xact_lock(hashtext(${literal(sequence)}))` },
      {
        text: `select setval(${literal(sequence)}, $1::bigint) from ${sequence}
          where last_value < $1::bigint or (last_value = $1::bigint and not is_called)`,
        values: [id],
      },
    ]
  }

  #textOf(where: string): string {
    const { columns, derived, sql, sequence } = this.#table
    const all = [...columns, ...derived]
    const [, ...others] = all.map(({ kind }, at) => `$${at + 1}::${kind}`)
    const given = `coalesce($1::bigint, case when ${this.#refusal()} then ${NO_ID} else nextval(${literal(sequence)}) end)`
    return `insert into ${sql} (${all.map((each) => each.sql).join(', ')})
      select ${[given, ...others].join(', ')} ${where} returning id`
  }

  #textOfMany(): string {
    const { columns, derived, sql, sequence } = this.#table
    const all = [...columns, ...derived]
    const names = all.map((_, at) => `c${at}`)
    const lists = all.map(({ kind }, at) => `$${at + 1}::${listed(kind)}[]`)
    const [, ...others] = all.map(({ kind }, at) =>
      listed(kind) === kind ? names[at] : `${names[at]}::${kind}`,
    )
    return `insert into ${sql} (${all.map((each) => each.sql).join(', ')})
      select coalesce(c0, nextval(${literal(sequence)})), ${others.join(', ')}
      from (select * from unnest(${lists.join(', ')}) with ordinality given(${names.join(', ')}, place) order by place) given
      returning id`
  }

  /** What can be known beforehand to be refused, in SQL. */
  #refusal(): string {
    const { columns, declaration, sql } = this.#table
    const parameter = (field: string) => {
      const at = columns.findIndex((column) => column.field === field)
      return `$${at + 1}::${columns[at]?.kind}`
    }
    const keys = declaration.unique.map((fields) => {
      const same = fields.map((field) => `${quoted(field)} = ${parameter(field)}`)
      return `exists (select from ${sql} where ${same.join(' and ')})`
    })
    return [...keys, ...this.#missing(parameter)].join(' or ') || 'false'
  }

  #missing(parameter: (field: string) => string): readonly string[] {
    return this.#table.targets.map(({ field, sql }) => {
      const value = parameter(field)
      return `(${value} is not null and not exists (select from ${sql} where id = ${value}))`
    })
  }
}

/** The type of a list's elements: a list of lists would have to be as long in each. */
function listed(kind: string): string {
  return kind === 'json' || kind === 'integer[]' ? 'text' : kind
}

function arrayText(value: unknown): string {
  return `{${Array.isArray(value) ? value.join(',') : ''}}`
}
