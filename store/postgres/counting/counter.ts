import type { Database, Statement } from '../database.js'
import type { Presence } from '../presence.js'
import type { Table } from '../table.js'
import { BLOCK } from './function.js'
import { nameIn } from './orders.js'

/** How many records that share values are worth counting. */
export const MANY = 2 * BLOCK

/** How many changes of this process are counted together, at most. */
const MOST_CHANGES = 250

/** How many changes that have been counted take so much room that it is to be used again. */
const MOST_COUNTED = 2_000

/** How long it may take to count for the first time, in milliseconds. */
const LONGEST_COUNT = 60_000

/** How long one that was asked for isn't asked for again, in milliseconds; and how many are known for that. */
const PATIENCE = 60_000
const MOST_ASKED = 1_000

/** What is to be begun: an order, and a record that shares the values of others; and what tells it from others. */
interface Wanted {
  readonly key: string
  readonly order: string
  readonly member: number
}

/** Counts what has changed, now and then, for nobody who waits: in a transaction of its own, a table at a time. */
export class Counter {
  readonly #database: Database
  readonly #tables: readonly Table[]
  readonly #onFault: (error: unknown) => void
  /** What the tables are to be counted for. */
  readonly #open = new Map<Table, Wanted[]>()
  /** How many changes are known of that aren't counted, and how many have been since there was room. */
  readonly #changes = new Map<Table, number>()
  readonly #counted = new Map<Table, number>()
  /** When it was asked for, by what. */
  readonly #asked = new Map<string, number>()
  readonly #pending: Statement
  #running: Promise<void> | undefined
  #isClosed = false

  constructor(
    database: Database,
    tables: readonly Table[],
    presence: Presence,
    onFault: (error: unknown) => void,
  ) {
    this.#database = database
    this.#tables = tables
    this.#onFault = onFault
    const looks = tables.map(
      (table, at) => `select ${at} as at where exists (select from ${nameIn(table, 'changes')})`,
    )
    this.#pending = { text: looks.join(' union all ') }
    // Whoever has changed something can be there no more.
    presence.onBeat(() => this.#countAll().catch(onFault))
  }

  /** Takes note of changes of this process. */
  note(table: Table, changes: number): void {
    const known = (this.#changes.get(table) ?? 0) + changes
    this.#changes.set(table, known)
    if (known >= MOST_CHANGES) this.#count(table)
  }

  /**
   * Has records counted that share values, in an order, unless they are.
   * @param key tells them from others
   * @param member one of them
   */
  want(table: Table, order: string, key: string, member: number): void {
    const now = Date.now()
    const asked = this.#asked.get(key)
    if (asked !== undefined && now < asked + PATIENCE) return
    if (this.#asked.size >= MOST_ASKED) this.#asked.clear()
    this.#asked.set(key, now)
    this.#count(table, { key, order, member })
  }

  /** Leaves the rest to others, or to the next who begins. */
  async close(): Promise<void> {
    this.#isClosed = true
    await this.#running
  }

  /** Counts whatever has changed. */
  async #countAll(): Promise<void> {
    if (this.#tables.length === 0) return
    const { rows } = await this.#database.query(this.#pending)
    for (const { at } of rows) {
      const table = this.#tables[Number(at)]
      if (table) this.#count(table)
    }
  }

  #count(table: Table, wanted?: Wanted): void {
    this.#changes.delete(table)
    const open = this.#open.get(table) ?? []
    this.#open.set(table, wanted ? [...open, wanted] : open)
    this.#running ??= this.#run()
  }

  async #run(): Promise<void> {
    // What is added meanwhile comes too.
    for (const [table, all] of this.#open) {
      if (this.#isClosed) break
      this.#open.delete(table)
      await this.#tend(table, all).catch(this.#onFault)
    }
    this.#running = undefined
  }

  async #tend(table: Table, all: readonly Wanted[]): Promise<void> {
    if (all.length === 0) await this.#countIn(table)
    for (const wanted of all) {
      this.#asked.delete(wanted.key)
      if (await this.#countIn(table, wanted)) this.#asked.set(wanted.key, Date.now())
    }
    if ((this.#counted.get(table) ?? 0) < MOST_COUNTED) return
    this.#counted.delete(table)
    // Whoever adds up the list goes through what was in it until then, and the database has its own time for that.
    await this.#database.query({ text: `vacuum (skip_locked) ${nameIn(table, 'changes')}` })
  }

  /** @returns whether it was done; otherwise another is at it */
  async #countIn(table: Table, { order, member }: Partial<Wanted> = {}): Promise<boolean> {
    const text = `select ${nameIn(table, 'count')}($1::text, $2::bigint) as counted`
    const { rows } = await this.#database.transaction(
      (connection) => connection.query({ text, values: [order ?? null, member ?? null] }),
      { timeout: LONGEST_COUNT },
    )
    const counted = rows[0]?.counted ?? null
    this.#counted.set(table, (this.#counted.get(table) ?? 0) + Number(counted))
    return counted !== null
  }
}
