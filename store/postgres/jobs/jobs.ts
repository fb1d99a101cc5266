import type { Change, Job } from '../../engine.js'
import type { Row } from '../../predicate.js'
import type { Database, Statement } from '../database.js'
import type { Events } from '../events/events.js'
import type { Listener } from '../listener.js'
import { Repeated } from '../repeated.js'
import { Lease } from './lease.js'
import type { Queue } from './queue.js'

/** Which of the waiting records this process has taken. Others take them from one that has died, once their leases have ended. */
export class PostgresJobs {
  readonly #database: Database
  readonly #events: Events
  readonly #onFault: (error: unknown) => void
  readonly #taken = new Map<Lease, Queue>()
  readonly #checking = new Repeated(() => this.#check())
  /** How often it was asked for. */
  #checks = 0
  readonly #renewing: Statement
  readonly #known: Statement
  readonly #giving: Statement
  #isClosed = false

  /** @param onFault hears of what fails when nobody waits for it */
  constructor(
    database: Database,
    events: Events,
    listener: Listener,
    onFault: (error: unknown) => void,
  ) {
    this.#database = database
    this.#events = events
    this.#onFault = onFault
    const jobs = database.qualified('jobs')
    this.#renewing = database.prepared(
      `update ${jobs} set ends = clock_timestamp() + $2 * interval '1 millisecond'
      where lease = $1 and ends > clock_timestamp()`,
    )
    this.#giving = database.prepared(`delete from ${jobs} where lease = any($1::uuid[])`)
    this.#known = database.prepared(`select lease from ${jobs} where lease = any($1::uuid[])`)
    listener.on('jobs', () => this.#ask())
  }

  /** @param time how long nobody else may have it, in milliseconds */
  async take(queue: Queue, time: number): Promise<Job<Row> | undefined> {
    if (this.#isClosed) return undefined
    const lease = new Lease()
    const checks = this.#checks
    const record = await queue.take(lease, time)
    if (!record) return undefined
    this.#taken.set(lease, queue)
    lease.lost.addEventListener('abort', () => this.#taken.delete(lease))
    if (lease.lost.aborted) this.#taken.delete(lease)
    if (this.#isClosed) lease.end()
    // Its record may have changed since.
    if (checks !== this.#checks) await this.#ask()
    return {
      record,
      lost: lease.lost,
      renew: () => this.#renew(lease, time),
      finish: (change) => this.#finish(lease, record.id, change),
    }
  }

  /** Done when each job is lost that was ended by what was written before the call. @param collection where that was */
  async caughtUp(collection: string): Promise<void> {
    for (const { endedBy } of this.#taken.values()) {
      if (endedBy.has(collection)) return this.#ask()
    }
  }

  /** Loses all, and takes no more: others can have them at once. */
  async close(): Promise<void> {
    this.#isClosed = true
    const leases = [...this.#taken.keys()]
    for (const lease of leases) lease.end()
    await this.#checking.settled()
    if (leases.length === 0) return
    const values = [leases.map(({ id }) => id)]
    await this.#database.query({ ...this.#giving, values }).catch(this.#onFault)
  }

  async #renew(lease: Lease, time: number): Promise<void> {
    if (lease.lost.aborted) return
    const since = performance.now()
    const { count } = await this.#database.query({ ...this.#renewing, values: [lease.id, time] })
    if (count === 0) lease.end()
    else lease.renew(time, since)
  }

  async #finish(lease: Lease, id: number, change: Change<Row>): Promise<Row | undefined> {
    const queue = this.#taken.get(lease)
    if (!queue) return undefined
    await this.#events.ready()
    const record = await queue.finish(lease, id, change)
    lease.end()
    await this.#events.caughtUp()
    return record
  }

  async #ask(): Promise<void> {
    this.#checks++
    if (this.#taken.size > 0) await this.#checking.ask().catch(this.#onFault)
  }

  async #check(): Promise<void> {
    const leases = [...this.#taken.keys()]
    const { rows } = await this.#database.query({
      ...this.#known,
      values: [leases.map(({ id }) => id)],
    })
    const known = new Set(rows.map(({ lease }) => lease))
    for (const lease of leases) if (!known.has(lease.id)) lease.end()
  }
}
