import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import pLimit from 'p-limit'
import type { Piscina as Pool } from 'piscina'
import type { PlanDocument } from './outline.js'

export type { PlanDocument } from './outline.js'

/** A plan's document in both formats. */
export interface RenderedPlan {
  readonly docx: Uint8Array
  readonly pdf: Uint8Array
}

export interface RendererOptions {
  /** Documents at once. */
  readonly atOnce?: number
  /** How long one may take, without the time that it waits. In milliseconds. */
  readonly timeLimit?: number
  /** How much memory one may take, in MiB. */
  readonly memoryLimit?: number
  /** The thread's file. */
  readonly worker?: string
}

/** Each takes one core: a second one goes on where a large plan takes its time. */
const AT_ONCE = 2

/** Ten times what the largest plan takes on a machine with nothing else to do. */
const TIME_LIMIT = 120_000

const MEMORY_LIMIT = 1024

/** How long a thread is kept for the next document: to begin one takes longer than most documents. */
const IDLE_TIME = 30_000

/** A document can't be rendered. The message is for the user. */
export class RenderingFailed extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options)
    this.name = new.target.name
  }
}

/**
 * Renders documents in threads of their own, so that the server goes on answering. It reads nothing of what it needs,
 * and has no thread, before there is a document to render.
 */
export class Renderer {
  /** How many it renders at once. Beyond them documents wait for each other. */
  readonly atOnce: number
  readonly #timeLimit: number
  readonly #memoryLimit: number
  readonly #worker: string | undefined
  readonly #limit
  readonly #closing = new AbortController()
  #pool: Promise<Pool<PlanDocument, RenderedPlan>> | undefined
  #closed: Promise<void> | undefined

  constructor(options: RendererOptions = {}) {
    this.atOnce = options.atOnce ?? AT_ONCE
    this.#timeLimit = options.timeLimit ?? TIME_LIMIT
    this.#memoryLimit = options.memoryLimit ?? MEMORY_LIMIT
    this.#worker = options.worker
    this.#limit = pLimit(this.atOnce)
  }

  /**
   * Renders a document.
   * @param unwanted ends it when nobody wants it any more
   * @throws RenderingFailed when it can't be rendered, or when the renderer is closed before it is
   */
  render(document: PlanDocument, unwanted?: AbortSignal): Promise<RenderedPlan> {
    return this.#limit(() => this.#render(document, unwanted))
  }

  /** Ends what is under way, and rejects it and all that is waiting. Calling it again waits for the same. */
  close(): Promise<void> {
    this.#closed ??= this.#close()
    return this.#closed
  }

  async #render(document: PlanDocument, unwanted?: AbortSignal): Promise<RenderedPlan> {
    const ending = new AbortController()
    const end = () => ending.abort(new RenderingFailed('the server was stopped before it was done'))
    const withdraw = () => ending.abort(new RenderingFailed('nobody wants it any more'))
    const timer = setTimeout(() => {
      ending.abort(new RenderingFailed(`it took more than ${this.#timeLimit / 1000} seconds`))
    }, this.#timeLimit)
    // A thread that can't even begin tells the pool, and nobody else.
    const fail = (error: unknown) => ending.abort(failureOf(error))
    let pool: Pool<PlanDocument, RenderedPlan> | undefined
    this.#closing.signal.addEventListener('abort', end)
    unwanted?.addEventListener('abort', withdraw)
    try {
      if (this.#closing.signal.aborted) end()
      if (unwanted?.aborted) withdraw()
      ending.signal.throwIfAborted()
      this.#pool ??= this.#openPool()
      pool = await this.#pool
      pool.on('error', fail)
      return await pool.run(document, { signal: ending.signal })
    } catch (error) {
      throw ending.signal.aborted ? ending.signal.reason : failureOf(error)
    } finally {
      clearTimeout(timer)
      this.#closing.signal.removeEventListener('abort', end)
      unwanted?.removeEventListener('abort', withdraw)
      pool?.off('error', fail)
    }
  }

  async #openPool(): Promise<Pool<PlanDocument, RenderedPlan>> {
    const { Piscina } = await import('piscina')
    const pool = new Piscina<PlanDocument, RenderedPlan>({
      filename: this.#worker ?? findWorker(),
      minThreads: 0,
      maxThreads: this.atOnce,
      maxQueue: this.atOnce,
      idleTimeout: IDLE_TIME,
      resourceLimits: { maxOldGenerationSizeMb: this.#memoryLimit },
      // Neither the loader that this process may run with nor its secrets are of use to a document.
      execArgv: [],
      env: {},
    })
    // A thread that fails between two documents is replaced, and nobody waits for it.
    pool.on('error', () => {})
    return pool
  }

  async #close(): Promise<void> {
    this.#closing.abort()
    // One that couldn't be opened has no threads.
    const pool = await this.#pool?.catch(() => undefined)
    await pool?.destroy()
  }
}

/** What the user is told of a fault. */
function failureOf(error: unknown): RenderingFailed {
  if (error instanceof Error && 'code' in error && error.code === 'ERR_WORKER_OUT_OF_MEMORY') {
    return new RenderingFailed('it took more memory than a document may', { cause: error })
  }
  return new RenderingFailed('there was a fault in rendering it', { cause: error })
}

/**
 * The built thread, whether this is the built package, or its TypeScript run by tsx or by the tests: a thread doesn't
 * get the loader of the process that began it. So `npm run dev` and the tests need a build, which `npm ci` makes.
 */
function findWorker(): string {
  const root = dirname(createRequire(import.meta.url).resolve('slipway/package.json'))
  return join(root, 'dist', 'documents', 'worker.js')
}
