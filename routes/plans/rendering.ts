import { Readable } from 'node:stream'
import type { FastifyInstance } from 'fastify'
import {
  type PlanDocument,
  QueueFull,
  type RenderedPlan,
  type Renderer,
  RenderingFailed,
} from '../../documents/renderer.js'
import { errors } from '../../errors.js'
import type { StoredFile, Task } from '../../store/collections.js'
import type { FileStore } from '../../store/files.js'
import type { NewRecord, Store } from '../../store/store.js'

/** Has plans rendered in the background, and ends their tasks. */
export class Rendering {
  readonly #app: Pick<FastifyInstance, 'files' | 'log'>
  readonly #renderer: Renderer
  readonly #underWay = new Set<Promise<void>>()

  constructor(app: Pick<FastifyInstance, 'files' | 'log'>, renderer: Renderer) {
    this.#app = app
    this.#renderer = renderer
  }

  /**
   * Records a task, and ends it when its documents are there or can't be.
   * @throws 503 when too many are waiting; ReferenceViolation when its user has gone
   */
  async start(store: Store, values: NewRecord<Task>, document: PlanDocument): Promise<void> {
    const rendered = this.#render(document)
    // Nobody else hears of its failure where there is no task.
    rendered.catch(() => {})
    const { id } = await store.tasks.insert(values)
    const end = this.#end(store, id, rendered).catch((error) => this.#app.log.error(error))
    this.#underWay.add(end)
    end.finally(() => this.#underWay.delete(end))
  }

  /** Resolves when every task that was started has ended. */
  async settled(): Promise<void> {
    await Promise.all(this.#underWay)
  }

  /** Ends what is under way: those tasks end in `error`. */
  async close(): Promise<void> {
    await this.#renderer.close()
    await this.settled()
  }

  #render(document: PlanDocument): Promise<RenderedPlan> {
    try {
      return this.#renderer.render(document)
    } catch (error) {
      throw error instanceof QueueFull ? errors.overloaded() : error
    }
  }

  async #end(store: Store, id: number, rendered: Promise<RenderedPlan>): Promise<void> {
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
