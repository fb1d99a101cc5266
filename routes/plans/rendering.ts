import { Readable } from 'node:stream'
import type { FastifyInstance } from 'fastify'
import {
  type PlanDocument,
  QueueFull,
  type RenderedPlan,
  type Renderer,
  RenderingFailed,
} from '../../documents/renderer.js'
import { errors } from '../../plugins/http/errors.js'
import type { StoredFile, Task } from '../../store/collections.js'
import type { NewRecord, Store } from '../../store/engine.js'
import type { FileStore } from '../../store/files.js'

/** How many of one user's plans may wait or be rendered, so that there is room for others. */
const MAX_PER_USER = 25

/** A task that has not ended. */
interface UnderWay {
  readonly userId: number
  readonly unwanted: AbortController
  ended: Promise<void>
}

/** Has plans rendered in the background, and ends their tasks. */
export class Rendering {
  readonly #app: Pick<FastifyInstance, 'files' | 'log' | 'store'>
  readonly #renderer: Renderer
  /** By the task's public id. */
  readonly #underWay = new Map<string, UnderWay>()

  constructor(app: Pick<FastifyInstance, 'files' | 'log' | 'store'>, renderer: Renderer) {
    this.#app = app
    this.#renderer = renderer
    // A task goes with its user.
    app.store.tasks.onDelete(({ publicId }) => this.#underWay.get(publicId)?.unwanted.abort())
  }

  /**
   * Records a task, and ends it when its documents are there or can't be.
   * @throws 503 when too many are waiting; ReferenceViolation when its user has gone
   */
  async start(store: Store, values: NewRecord<Task>, document: PlanDocument): Promise<void> {
    const { publicId, userId } = values
    const own = [...this.#underWay.values()].filter((each) => each.userId === userId)
    if (own.length >= MAX_PER_USER) throw errors.overloaded()
    const work = { userId, unwanted: new AbortController(), ended: Promise.resolve() }
    this.#underWay.set(publicId, work)
    let task: Task | undefined
    try {
      task = await store.tasks.insert(values)
      const rendered = this.#renderer.render(document, work.unwanted.signal)
      work.ended = this.#end(store, task, rendered)
    } catch (error) {
      this.#underWay.delete(publicId)
      // What has no place in the queue is no task.
      if (task) await store.tasks.delete(task.id)
      throw error instanceof QueueFull ? errors.overloaded() : error
    }
  }

  /** Resolves when every task that was started has ended. */
  async settled(): Promise<void> {
    await Promise.all([...this.#underWay.values()].map(({ ended }) => ended))
  }

  /** Ends what is under way: those tasks end in `error`. */
  async close(): Promise<void> {
    await this.#renderer.close()
    await this.settled()
  }

  async #end(store: Store, { id, publicId }: Task, rendered: Promise<RenderedPlan>): Promise<void> {
    try {
      await this.#keep(store, id, rendered)
    } catch (error) {
      this.#app.log.error(error)
    } finally {
      this.#underWay.delete(publicId)
    }
  }

  async #keep(store: Store, id: number, rendered: Promise<RenderedPlan>): Promise<void> {
    const { files } = this.#app
    const kept: StoredFile[] = []
    try {
      const plan = await rendered
      const docx = await keep(files, plan.docx)
      kept.push(docx)
      const pdf = await keep(files, plan.pdf)
      kept.push(pdf)
      if (await store.tasks.update(id, { status: 'finished', docx, pdf })) return
    } catch (error) {
      await store.tasks.update(id, { status: 'error', reason: this.#reasonOf(error) })
    }
    // The task has no documents, or has gone with its user.
    for (const { sha256 } of kept) await files.release(sha256)
  }

  /** What the user is told. What lies behind it is for the log. */
  #reasonOf(error: unknown): string {
    const { log } = this.#app
    if (!(error instanceof RenderingFailed)) {
      log.error(error)
      return 'The documents could not be stored.'
    }
    if (error.cause) log.error(error)
    return `The plan could not be rendered: ${error.message}.`
  }
}

async function keep(files: FileStore, content: Uint8Array): Promise<StoredFile> {
  const file = await files.receive(Readable.from([content]))
  await file.keep()
  return { sha256: file.sha256, size: file.size }
}
