import { accessTo, type Fields, type IndexPlan, indexesOf, nameOf } from '../access.js'
import type { Page } from '../engine.js'
import { namesOf } from '../paths.js'
import { conjunctsOf, type Row, testOf } from '../predicate.js'
import { equal, type Predicate, type Query, type Selection } from '../query.js'
import { Turns } from '../turns.js'
import { type Condition, conditionOf, isNaming, Parameters, valuesAre } from './condition.js'
import { type Counter, MANY } from './counting/counter.js'
import { type CountedOrder, type Group, groupOf, ordersOf } from './counting/orders.js'
import { countedIn, farPage, totalOf } from './counting/reading.js'
import {
  BEGIN_READING,
  type Connection,
  type DatabaseRow,
  quoted,
  type Statement,
} from './database.js'
import { orderBy } from './ordering.js'
import { Spool } from './spool.js'
import type { Table } from './table.js'

/** How many records are read at a time. */
const BATCH = 256

/** How many records can be passed over where they are. */
const FAR = 1_000

/** How many statements of a collection are kept prepared: whoever asks in ever other ways fills no memory. */
const MOST_PREPARED = 64

/** What is read of each record. */
export interface Projection<A> {
  /** In SQL, the columns of the record among it. */
  readonly columns: string
  /** Makes it of a row of these. */
  readonly read: (row: Row) => A
}

/** Which records are read: those whose reference leads to the one with a unique key. */
export interface Within {
  readonly reference: string
  readonly target: Table
  readonly key: Fields
}

/** Answers queries of a collection. */
export class Reading<A> {
  readonly #table: Table
  readonly #counter: Counter
  readonly #projection: Projection<A>
  readonly #within: Within | undefined
  readonly #plans: readonly IndexPlan[]
  readonly #orders: readonly CountedOrder[]
  readonly #prepared = new Map<string, Statement>()

  /**
   * @param projection what is given of each record
   * @param within which records there are to be read; all without it
   */
  constructor(table: Table, counter: Counter, projection: Projection<A>, within?: Within) {
    this.#table = table
    this.#counter = counter
    this.#projection = projection
    this.#within = within
    // Those that refer to one are few.
    this.#orders = within ? [] : ordersOf(table)
    this.#plans = indexesOf(table.declaration).map(({ fields, sort = [] }) => ({
      fields,
      order: nameOf(sort),
    }))
  }

  /** A page of what matches. */
  async find({ offset = 0, limit, ...selection }: Query): Promise<Page<A>> {
    this.#require(selection)
    const { sql } = this.#table
    const { columns } = this.#projection
    const parameters = new Parameters()
    const { sql: where, isExact } = this.conditionOf(selection.where, parameters)
    if (!isExact) return this.#findAmong(selection, offset, limit)
    const group = groupOf(this.#orders, selection)
    const count = this.#countOf(where, group)
    if (limit === 0) return { items: [], total: await this.#count(count, parameters) }
    const counted = parameters.values.length
    const order = orderBy(this.#table, selection.sort ?? [], parameters)
    const [size, start] = [parameters.add(limit, 'bigint'), parameters.add(offset, 'bigint')]
    if (group?.direction && offset >= FAR) {
      const part = { columns, limit: size, offset: start }
      const text = farPage(this.#table, group.order, group.direction, where, part)
      const page = await this.#pageOf(text, parameters)
      if (page) return this.#shown(page)
      // Behind the end, or in what nobody counts.
      const total = await this.#count(count, { values: parameters.values.slice(0, counted) })
      if (total <= offset) return { items: [], total }
    }
    const part = `where ${where} order by ${order} limit ${size} offset ${start}`
    // Far behind, what is passed over is read in the index alone.
    const from =
      offset < FAR
        ? `${sql} ${part}`
        : `(select id from ${sql} ${part}) page join ${sql} using (id) order by ${order}`
    const page = await this.#pageOf(
      `select ${columns}, (${count}) as "total/" from ${from}`,
      parameters,
    )
    if (page) {
      this.#haveCounted(group, offset, page)
      return this.#shown(page)
    }
    if (offset === 0) return { items: [], total: 0 }
    // Behind the end there is nobody to tell how many there are.
    const values = parameters.values.slice(0, counted)
    return { items: [], total: await this.#count(count, { values }) }
  }

  /** A predicate in SQL, and that a record is one of those that are read. */
  conditionOf(where: Predicate | undefined, parameters: Parameters): Condition {
    const condition = conditionOf(this.#table, where, parameters)
    if (!this.#within) return condition
    const { reference, target, key } = this.#within
    const { sql } = conditionOf(target, valuesAre(key), parameters)
    const refers = `${quoted(reference)} = (select id from ${target.sql} where ${sql})`
    return { ...condition, sql: `${refers} and (${condition.sql})` }
  }

  /** Everything that matches, some at a time, of one moment. */
  async *stream(selection: Selection = {}): AsyncIterable<readonly A[]> {
    this.#require(selection)
    const { cursor, isWanted } = this.#cursor(selection)
    const { text, values } = cursor
    // What is small takes one look.
    const first = await this.#table.database.query(
      this.#statement(`${text} limit ${BATCH}`, values ?? []),
    )
    if (first.count < BATCH) {
      const rows = await filtered(first.rows.map(recordOf), isWanted)
      if (rows.length > 0) yield rows.map(this.#projection.read)
      return
    }
    // It is read at once, so that whoever takes it slowly holds no connection.
    const spool = new Spool()
    try {
      await this.#scan(selection, (rows) => spool.add(rows))
      for await (const rows of spool.batches()) yield rows.map(this.#projection.read)
    } finally {
      await spool.remove()
    }
  }

  /** A page of what only JavaScript can tell from the rest: all of that is looked at. */
  async #findAmong(selection: Selection, offset: number, limit: number): Promise<Page<A>> {
    let items: Row[] = []
    let total = 0
    await this.#scan(
      selection,
      (rows) => {
        const from = Math.max(0, offset - total)
        items.push(...rows.slice(from, from + limit - items.length))
        total += rows.length
      },
      () => {
        items = []
        total = 0
      },
    )
    return this.#shown({ items, total })
  }

  /**
   * Looks at all that matches, of one moment.
   * @param begin called before the first, and again where all begins anew
   */
  async #scan(
    selection: Selection,
    take: (rows: readonly Row[]) => unknown,
    begin: () => void = () => {},
  ): Promise<void> {
    const { cursor, isWanted } = this.#cursor(selection)
    await this.#table.database.transaction(
      async (connection) => {
        begin()
        for await (const rows of fetched(connection, cursor)) {
          const wanted = await filtered(rows, isWanted)
          if (wanted.length > 0) await take(wanted)
        }
      },
      { begin: BEGIN_READING },
    )
  }

  /** What selects all that could match, and says what does; undefined where that is all. */
  #cursor({ where, sort = [] }: Selection) {
    const parameters = new Parameters()
    const { sql, isExact } = this.conditionOf(where, parameters)
    const order = orderBy(this.#table, sort, parameters)
    const text = `select ${this.#projection.columns} from ${this.#table.sql} where ${sql} order by ${order}`
    const cursor: Statement = { text, values: parameters.values }
    return { cursor, isWanted: isExact || !where ? undefined : testOf(where) }
  }

  /** What counts the records that a condition holds of: how many there are in all is known, and of many that share values. */
  #countOf(where: string, group: Group | undefined): string {
    if (where === 'true') return `select ${totalOf(this.#table)} as count`
    const count = `select count(*) from ${this.#table.sql} where ${where}`
    if (!group) return count
    return `select coalesce(${countedIn(this.#table, group.order, where)}, (${count})) as count`
  }

  /** Has many records counted that took long, unless they are. */
  #haveCounted(group: Group | undefined, offset: number, { items, total }: Page<Row>): void {
    const [member] = items
    const isLong = group && (group.order.fields.length > 0 || offset >= FAR)
    if (!isLong || !member || total < MANY) return
    const { order, values } = group
    const key = JSON.stringify([this.#table.name, order.name, values])
    this.#counter.want(this.#table, order.name, key, member.id)
  }

  /** A page, with the total in each of its rows; undefined where it has none. */
  async #pageOf(text: string, { values }: Parameters): Promise<Page<Row> | undefined> {
    const { rows } = await this.#table.database.query(this.#statement(text, values))
    const [first] = rows
    return first && { items: rows.map(withoutTotal), total: Number(first['total/']) }
  }

  #shown({ items, total }: Page<Row>): Page<A> {
    return { items: items.map(this.#projection.read), total }
  }

  async #count(text: string, { values }: { readonly values: readonly unknown[] }) {
    const { rows } = await this.#table.database.query(this.#statement(text, values))
    return Number(rows[0]?.count)
  }

  #statement(text: string, values: readonly unknown[]): Statement {
    let statement = this.#prepared.get(text)
    if (!statement && this.#prepared.size < MOST_PREPARED) {
      statement = this.#table.database.prepared(text)
      this.#prepared.set(text, statement)
    }
    return { ...(statement ?? { text }), values }
  }

  /** @throws Error where everything would have to be looked at, and that isn't a search, nor foreseen */
  #require(selection: Selection): void {
    const { declaration } = this.#table
    if (declaration.scans) return
    const access = accessTo(
      this.#plans,
      this.#within ? narrowed(selection, this.#within) : selection,
    )
    const isNamed =
      !access.isNarrow && conjunctsOf(selection.where).some((each) => isNaming(this.#table, each))
    const isUnsorted = isNamed ? nameOf(selection.sort ?? []) !== '' : access.isUnsorted
    const isSearch = access.rest.some((each) => {
      const names = 'op' in each && each.op === 'contains' ? namesOf(each.path) : []
      return names.length === 1 && declaration.searchable.includes(names[0] ?? '')
    })
    const isScan = access.rest.length > 0 && !access.isNarrow && !isNamed && !isSearch
    if (isUnsorted || isScan) {
      throw this.#table.unanswerable(`index for ${JSON.stringify(selection)}`)
    }
  }
}

/** A selection of the records that refer to one: whichever that is, an index has them. */
function narrowed({ where, ...rest }: Selection, { reference }: Within): Selection {
  const refers = equal({ [reference]: 0 })
  return { ...rest, where: where ? { and: [refers, where] } : refers }
}

/** A row of a record's columns, as they are named and read: it is the record. */
export function recordOf(row: DatabaseRow): Row {
  if (!isRecord(row)) throw new Error('A row of no record was read as one')
  return row
}

/** Whether a row has a record's columns, and there is one. */
export function isRecord(row: DatabaseRow): row is Row {
  return typeof row.id === 'number' && typeof row.version === 'number'
}

function withoutTotal({ 'total/': _total, ...row }: DatabaseRow): Row {
  return recordOf(row)
}

/** What a cursor gives, some at a time. */
async function* fetched(
  connection: Connection,
  { text, values = [] }: Statement,
): AsyncIterable<readonly Row[]> {
  // A stall of ours, when there is much else to do, is no reason to give up.
  const declare = { text: `declare records no scroll cursor for ${text}`, values }
  const fetch = { text: `fetch ${BATCH} from records` }
  // One is on its way while another is looked at.
  const declared = connection.query(declare)
  let next = connection.query(fetch)
  await Promise.all([declared, next])
  for (;;) {
    const { rows, count } = await next
    if (count < BATCH) {
      yield rows.map(recordOf)
      return
    }
    next = connection.query(fetch)
    yield rows.map(recordOf)
  }
}

/** Those that are wanted; now and then other work has a turn. */
async function filtered(
  rows: readonly Row[],
  isWanted: ((row: Row) => boolean) | undefined,
): Promise<readonly Row[]> {
  if (!isWanted) return rows
  const wanted: Row[] = []
  const turns = new Turns()
  for (const row of rows) {
    if (isWanted(row)) wanted.push(row)
    if (turns.isOver) await turns.next()
  }
  return wanted
}
