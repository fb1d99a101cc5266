import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import pLimit from 'p-limit'
import { type Capacity, capacityOf } from './machine.js'
import type { PlanDocument } from './outline.js'
import { Pace } from './pace.js'

export type { PlanDocument } from './outline.js'

/** A plan's document in both formats. */
export interface RenderedPlan {
  readonly docx: Uint8Array
  readonly pdf: Uint8Array
}

/** What a document's process answers: its files, or why there are none, in words for the user or for the log. */
export type Answer = RenderedPlan | { readonly reason: string } | { readonly fault: string }

/** What isn't given of the capacity is the machine's. */
export interface RendererOptions extends Partial<Capacity> {
  /** How long one may take, without the time that it waits. In milliseconds. */
  readonly timeLimit?: number
  /** The file of the thread that renders in the process. */
  readonly worker?: string
}

/** What the largest plan takes on a machine with nothing else to do, in milliseconds. */
const LARGEST = 12_000

const TIME_LIMIT = 10 * LARGEST

/** A document can't be rendered. The message is for the user. */
export class RenderingFailed extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options)
    this.name = new.target.name
  }
}

/**
 * Renders documents, each in a process of its own: native code can't be stopped in a thread, and what it takes with it is
 * nobody else's. It reads nothing of what it needs before there is a document to render.
 */
export class Renderer {
  /** How many it renders at once. Beyond them documents wait for each other. */
  readonly atOnce: number
  readonly #timeLimit: number
  readonly #memoryLimit: number
  readonly #worker: string | undefined
  readonly #limit
  readonly #pace = new Pace(LARGEST)
  readonly #closing = new AbortController()
  readonly #working = new Set<Promise<RenderedPlan>>()

  constructor(options: RendererOptions = {}) {
    const capacity = capacityOf()
    this.atOnce = options.atOnce ?? capacity.atOnce
    this.#timeLimit = options.timeLimit ?? TIME_LIMIT
    this.#memoryLimit = options.memoryLimit ?? capacity.memoryLimit
    this.#worker = options.worker
    this.#limit = pLimit(this.atOnce)
  }

  /** How long a document takes, as far as the last ones and those under way can tell, in milliseconds. */
  get pace(): number {
    return this.#pace.slowest
  }

  /**
   * Renders a document.
   * @param unwanted ends it when nobody wants it any more
   * @throws RenderingFailed when it can't be rendered, or when the renderer is closed before it is
   */
  async render(document: PlanDocument, unwanted?: AbortSignal): Promise<RenderedPlan> {
    const work = this.#limit(() => this.#render(document, unwanted))
    this.#working.add(work)
    try {
      return await work
    } finally {
      this.#working.delete(work)
    }
  }

  /** Ends what is under way, and rejects it and all that is waiting. Calling it again waits for the same. */
  async close(): Promise<void> {
    this.#closing.abort()
    await Promise.allSettled(this.#working)
  }

  async #render(document: PlanDocument, unwanted?: AbortSignal): Promise<RenderedPlan> {
    const ending = new AbortController()
    const end = () => ending.abort(new RenderingFailed('the server was stopped before it was done'))
    const withdraw = () => ending.abort(new RenderingFailed('nobody wants it any more'))
    const timer = setTimeout(() => {
      ending.abort(new RenderingFailed(`it took more than ${this.#timeLimit / 1000} seconds`))
    }, this.#timeLimit)
    this.#closing.signal.addEventListener('abort', end)
    unwanted?.addEventListener('abort', withdraw)
    try {
      if (this.#closing.signal.aborted) end()
      if (unwanted?.aborted) withdraw()
      ending.signal.throwIfAborted()
      return await this.#pace.measure(() => this.#inProcess(document, ending.signal))
    } catch (error) {
      throw ending.signal.aborted ? ending.signal.reason : failureOf(error)
    } finally {
      clearTimeout(timer)
      this.#closing.signal.removeEventListener('abort', end)
      unwanted?.removeEventListener('abort', withdraw)
    }
  }

  async #inProcess(document: PlanDocument, signal: AbortSignal): Promise<RenderedPlan> {
    const thread = this.#worker === undefined ? [] : [this.#worker]
    const child = fork(findChild(), [String(this.#memoryLimit), ...thread], {
      serialization: 'advanced',
      stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
      // Neither the loader that this process may run with nor its secrets are of use to a document; and it takes one core.
      execArgv: [],
      env: { RAYON_NUM_THREADS: '1' },
      signal,
      killSignal: 'SIGKILL',
    })
    const gone = new AbortController()
    const exit = new Promise((resolve) => child.once('exit', resolve))
    child.once('disconnect', () => gone.abort())
    // Others may follow the one that is told below.
    child.on('error', () => {})
    try {
      const [[answer]]: [Answer[], boolean] = await Promise.all([
        once(child, 'message', { signal: gone.signal }),
        sendTo(child, document),
      ])
      return filesOf(answer)
    } catch (error) {
      child.kill('SIGKILL')
      throw error
    } finally {
      // The next one begins when this one's memory is free. What could not begin does not end.
      if (child.pid !== undefined) await exit
    }
  }
}

async function sendTo(child: ChildProcess, document: PlanDocument): Promise<boolean> {
  return child.send(document)
}

/** @throws RenderingFailed when there are none */
function filesOf(answer: Answer | undefined): RenderedPlan {
  if (answer && 'pdf' in answer) return answer
  if (answer && 'reason' in answer) throw new RenderingFailed(answer.reason)
  throw new Error(answer?.fault)
}

/** What the user is told of a fault. */
function failureOf(error: unknown): RenderingFailed {
  if (error instanceof RenderingFailed) return error
  return new RenderingFailed('there was a fault in rendering it', { cause: error })
}

/**
 * The built process, whether this is the built package, or its TypeScript run by tsx or by the tests: a process doesn't get
 * the loader of the one that began it. So `npm run dev` and the tests need a build, which `npm ci` makes.
 */
function findChild(): string {
  const root = dirname(createRequire(import.meta.url).resolve('slipway/package.json'))
  return join(root, 'dist', 'documents', 'child.js')
}
