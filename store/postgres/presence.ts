import { randomUUID } from 'node:crypto'
import type { Database, Statement } from './database.js'

/** How long a process that says nothing is taken to be there, and how often it says that it is, in milliseconds. */
const LEASE = 30_000
const BEAT = 10_000

/** Which processes are there: a migration's part. What one has claimed goes with its row. */
export const PROCESS_TABLES = `
create table processes (
  id uuid primary key,
  ends timestamptz not null
);
`

/** Says to the others that this process is there, and does away with those that say nothing any more. By the database's clock. */
export class Presence {
  readonly id = randomUUID()
  readonly #database: Database
  readonly #beat: Statement
  readonly #onFault: (error: unknown) => void
  readonly #listeners: ((wasLost: boolean) => void)[] = []
  #timer: NodeJS.Timeout | undefined
  #isNew = true

  /** @param onFault hears why it can't be said */
  constructor(database: Database, onFault: (error: unknown) => void) {
    this.#database = database
    this.#onFault = onFault
    const processes = database.qualified('processes')
    this.#beat = database.prepared(
      `with dead as (delete from ${processes} where ends < clock_timestamp() and id <> $1)
      insert into ${processes} as process values ($1, clock_timestamp() + $2 * interval '1 millisecond')
      on conflict (id) do update set ends = excluded.ends returning xmax = 0 as is_new`,
    )
  }

  /**
   * Hears of each time that it was said.
   * @param listener is told whether the others had taken this process for dead: what it had claimed has gone then
   */
  onBeat(listener: (wasLost: boolean) => void): void {
    this.#listeners.push(listener)
  }

  /** Says it from now on. @throws Unavailable */
  async start(): Promise<void> {
    await this.beat()
    this.#timer = setInterval(() => this.beat().catch(this.#onFault), BEAT).unref()
  }

  /** Says it now. @throws Unavailable */
  async beat(): Promise<void> {
    const { rows } = await this.#database.query({ ...this.#beat, values: [this.id, LEASE] })
    const wasLost = !this.#isNew && rows[0]?.is_new === true
    this.#isNew = false
    for (const listener of this.#listeners) listener(wasLost)
  }

  /** Takes leave, with all that it has claimed. */
  async close(): Promise<void> {
    clearInterval(this.#timer)
    const text = `delete from ${this.#database.qualified('processes')} where id = $1`
    await this.#database.query({ text, values: [this.id] }).catch(this.#onFault)
  }
}
