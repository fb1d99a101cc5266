import type { Page } from '../engine.js'
import type { Query, Selection } from '../query.js'
import { Parameters } from './condition.js'
import { type Counter, MANY } from './counting/counter.js'
import { type CountedOrder, type Group, groupOf, ordersOf } from './counting/orders.js'
import { countedIn, farPage, totalOf } from './counting/reading.js'
import type { DatabaseRow } from './database.js'
import { orderBy } from './ordering.js'
import { recordOf } from './projection.js'
import type { Source } from './source.js'
import { scan, streamed } from './streaming.js'

/** How many records can be passed over where they are. */
const FAR = 1_000

/** Answers queries of a collection. */
export class Reading<A> {
  readonly #source: Source<A>
  readonly #counter: Counter
  readonly #orders: readonly CountedOrder[]
  readonly #countOfAll: string

  constructor(source: Source<A>, counter: Counter) {
    this.#source = source
    this.#counter = counter
    this.#countOfAll = `select ${totalOf(source.table)} as count`
    // Those that refer to one are few.
    this.#orders = source.within ? [] : ordersOf(source.table)
  }

  /** A page of what matches. */
  async find({ offset = 0, limit, ...selection }: Query): Promise<Page<A>> {
    this.#source.require(selection)
    const { table, projection } = this.#source
    const parameters = new Parameters()
    const { sql: where, isExact } = this.#source.conditionOf(selection.where, parameters)
    if (!isExact) return this.#findAmong(selection, offset, limit)
    const group = groupOf(this.#orders, selection)
    const count = this.#countOf(where, group)
    if (limit === 0) return { items: [], total: await this.#count(count, parameters.values) }
    const counted = parameters.values.length
    const order = orderBy(table, selection.sort ?? [], parameters)
    const [size, start] = [parameters.add(limit, 'bigint'), parameters.add(offset, 'bigint')]
    if (group?.direction && offset >= FAR) {
      const part = { ...projection, limit: size, offset: start }
      const text = farPage(table, group.order, group.direction, where, part)
      const page = await this.#pageOf(text, parameters.values)
      if (page) return this.#shown(page)
      // Behind the end, or in what nobody counts.
      const total = await this.#count(count, parameters.values.slice(0, counted))
      if (total <= offset) return { items: [], total }
    }
    // What is beside a record is looked for when the page is known: that is planned once for all pages. Far behind, what is passed over
    // is read in the index alone.
    const part = `from ${table.sql} where ${where} order by ${order} limit ${size} offset ${start}`
    const records =
      offset < FAR
        ? `(select ${table.all} ${part}) page`
        : `(select id ${part}) page join ${table.sql} using (id)`
    const page = await this.#pageOf(
      `select ${projection.columns}, (${count}) as total from ${records} ${projection.join} order by ${order}`,
      parameters.values,
    )
    if (page) {
      this.#haveCounted(group, offset, page)
      return this.#shown(page)
    }
    if (offset === 0) return { items: [], total: 0 }
    // Behind the end there is nobody to tell how many there are.
    const total = await this.#count(count, parameters.values.slice(0, counted))
    return { items: [], total }
  }

  /** Everything that matches, some at a time, of one moment. */
  async *stream(selection: Selection = {}): AsyncIterable<readonly A[]> {
    this.#source.require(selection)
    yield* streamed(this.#source, selection)
  }

  /** A page of what only JavaScript can tell from the rest: all of that is looked at. */
  async #findAmong(selection: Selection, offset: number, limit: number): Promise<Page<A>> {
    let items: DatabaseRow[] = []
    let total = 0
    await scan(
      this.#source,
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

  /** What counts the records that a condition holds of: how many there are in all is known, and of many that share values. */
  #countOf(where: string, group: Group | undefined): string {
    const { table } = this.#source
    if (where === 'true') return this.#countOfAll
    const count = `select count(*) from ${table.sql} where ${where}`
    if (!group) return count
    return `select coalesce(${countedIn(table, group.order, where)}, (${count})) as count`
  }

  /** Has many records counted that took long, unless they are. */
  #haveCounted(
    group: Group | undefined,
    offset: number,
    { items, total }: Page<DatabaseRow>,
  ): void {
    const [member] = items
    const isLong = group && (group.order.fields.length > 0 || offset >= FAR)
    if (!isLong || !member || total < MANY) return
    const { table } = this.#source
    const { order, values } = group
    const key = JSON.stringify([table.name, order.name, values])
    this.#counter.want(table, order.name, key, recordOf(member.record).id)
  }

  /** A page, with the total in each of its rows; undefined where it has none. */
  async #pageOf(text: string, values: readonly unknown[]): Promise<Page<DatabaseRow> | undefined> {
    const { database, statements } = this.#source.table
    const { rows } = await database.query(statements.of(text, values))
    const [first] = rows
    return first && { items: rows, total: Number(first.total) }
  }

  #shown({ items, total }: Page<DatabaseRow>): Page<A> {
    return { items: items.map(this.#source.projection.read), total }
  }

  async #count(text: string, values: readonly unknown[]): Promise<number> {
    const { database, statements } = this.#source.table
    const { rows } = await database.query(statements.of(text, values))
    return Number(rows[0]?.count)
  }
}
