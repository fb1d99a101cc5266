import { Readable } from 'node:stream'
import type { FastifyBaseLogger } from 'fastify'
import { type Renderer, RenderingFailed } from '../../documents/renderer.js'
import { errors } from '../../plugins/http/errors.js'
import type { Store, Task } from '../../store/collections.js'
import type { Job, NewRecord, ReceivedFile } from '../../store/engine.js'
import { BoundReached, Unavailable } from '../../store/errors.js'
import { countOf } from '../../store/lookups.js'
import { equal } from '../../store/query.js'

/** How many of one user's plans may wait or be rendered, so that there is room for others. */
const MAX_PENDING_PER_USER = 25

/** How many may wait or be rendered in all, but for the first one of each user. */
const MAX_PENDING = 100

/** How long a task is nobody else's to render, in milliseconds. It is renewed long before. */
const LEASE = 30_000

/** How often to look for what nobody says, in milliseconds: another process can have left a task, or can have been given one. */
const LOOK = 5_000

export interface RenderingOptions {
  /** How many tasks may be pending in all, but for the first one of each user. */
  readonly maxPending?: number
  /** How many tasks a user may have, pending or not. */
  readonly maxPerUser?: number
  /** How often to look, in milliseconds. */
  readonly look?: number
}

/** Has plans rendered in the background, and ends their tasks. */
export class Rendering {
  readonly #renderer: Renderer
  readonly #log: FastifyBaseLogger
  readonly #maxPending: number
  readonly #maxPerUser: number
  readonly #every: number
  readonly #looks: NodeJS.Timeout[] = []
  #isClosed = false
  /** Those in which tasks may be waiting. */
  readonly #stores = new Set<Store>()
  readonly #working = new Set<Promise<void>>()

  constructor(
    renderer: Renderer,
    log: FastifyBaseLogger,
    {
      maxPending = MAX_PENDING,
      maxPerUser = Number.POSITIVE_INFINITY,
      look = LOOK,
    }: RenderingOptions = {},
  ) {
    this.#renderer = renderer
    this.#log = log
    this.#maxPending = maxPending
    this.#maxPerUser = maxPerUser
    this.#every = look
  }

  /**
   * Records a task, to be ended when its documents are there or can't be. There is always a place for a user's first one that
   * waits: however many others there are, nobody is kept out.
   * @throws 503 when too many are waiting; 507 when the user has too many that wait or don't; ReferenceViolation when its user has gone
   */
  async start(store: Store, values: NewRecord<Task>): Promise<void> {
    const { userId, status } = values
    try {
      await store.tasks.insert(values, [
        { where: { userId }, atMost: this.#maxPerUser },
        { where: { userId, status }, atMost: MAX_PENDING_PER_USER },
        {
          where: { status },
          atMost: this.#maxPending,
          unless: { where: { userId, status }, atMost: 1 },
        },
      ])
    } catch (error) {
      if (!(error instanceof BoundReached)) throw error
      if (!error.fields.includes('status')) throw errors.noRoom('tasks')
      throw errors.tooManyWait(await this.#secondsUntilPlace(store, values))
    }
    this.look(store)
  }

  /** Begins to render what waits in a store. */
  look(store: Store): void {
    this.#stores.add(store)
    this.#begin()
  }

  /** Does so now, and again and again, for a store that others can have too. */
  watch(store: Store): void {
    this.look(store)
    this.#looks.push(setInterval(() => this.look(store), this.#every).unref())
  }

  /** Resolves when nothing is being rendered, and nothing waits to be. */
  async settled(): Promise<void> {
    while (this.#working.size > 0) await Promise.all(this.#working)
  }

  /** Ends what is under way: its tasks wait again, for another process or the next one. */
  async close(): Promise<void> {
    this.#isClosed = true
    for (const look of this.#looks) clearInterval(look)
    await this.#renderer.close()
    await this.settled()
  }

  /** How long it takes until one of a user's plans is done, which leaves its place: before it is a turn of everybody else who waits. */
  async #secondsUntilPlace({ tasks }: Store, { userId, status }: NewRecord<Task>): Promise<number> {
    const [all, own] = await Promise.all([
      countOf(tasks, { where: equal({ status }) }),
      countOf(tasks, { where: equal({ userId, status }) }),
    ])
    // Who the others are isn't counted: there can't be more of them than of their plans. And the stores take turns too.
    const turns = (Math.max(0, all - own) + 1) * Math.max(1, this.#stores.size)
    const rounds = Math.ceil(turns / this.#renderer.atOnce)
    return Math.ceil((rounds * this.#renderer.pace) / 1000)
  }

  #begin(): void {
    for (const store of this.#stores) {
      if (this.#isClosed || this.#working.size >= this.#renderer.atOnce) return
      this.#stores.delete(store)
      const work = this.#next(store)
        .catch((error) => {
          if (!this.#isClosed) this.#log.error(error)
        })
        .finally(() => {
          this.#working.delete(work)
          this.#begin()
        })
      this.#working.add(work)
    }
  }

  async #next(store: Store): Promise<void> {
    const job = await store.jobs.take('tasks', LEASE)
    if (!job) return
    // Where one waited there may be more. Its turn comes after the others'.
    this.look(store)
    const renew = () => job.renew().catch((error) => this.#log.error(error))
    const renewal = setInterval(renew, LEASE / 3).unref()
    try {
      await this.#render(store, job)
    } finally {
      clearInterval(renewal)
      // Whose it was may have another, which was not to be taken meanwhile.
      this.#stores.add(store)
    }
  }

  async #render({ files }: Store, { record, lost, finish }: Job<Task>): Promise<void> {
    const received: ReceivedFile[] = []
    const receive = async (content: Uint8Array) => {
      const file = await files.receive(Readable.from([content]))
      received.push(file)
      return { sha256: file.sha256, size: file.size }
    }
    try {
      if (record.order === null) throw new Error('A task that waits has nothing to be rendered')
      const plan = await this.#renderer.render(record.order, lost)
      const docx = await receive(plan.docx)
      const pdf = await receive(plan.pdf)
      await finish({ status: 'done', order: null, docx, pdf })
    } catch (error) {
      // It is nobody's fault: the task is taken anew, by whoever can.
      if (this.#isClosed || error instanceof Unavailable) throw error
      const reason = this.#reasonOf(error)
      await finish({ status: 'error', order: null, reason })
    } finally {
      for (const file of received) await file.release()
    }
  }

  /** What the user is told. What lies behind it is for the log. */
  #reasonOf(error: unknown): string {
    if (!(error instanceof RenderingFailed)) {
      this.#log.error(error)
      return 'The documents could not be stored.'
    }
    if (error.cause) this.#log.error(error)
    return `The plan could not be rendered: ${error.message}.`
  }
}
