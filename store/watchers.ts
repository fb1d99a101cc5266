import type { RecordEvent } from './engine.js'
import type { Row } from './predicate.js'

type Listener = (event: RecordEvent<Row>) => void

/** Who wants to hear of what happens in a view, and what there is to tell. */
export class Watchers {
  readonly #onFault: (error: unknown) => void
  /** By the collection. */
  readonly #listeners = new Map<string, Set<{ readonly tell: Listener }>>()
  /** What has happened in a step that isn't over. */
  #happened: [collection: string, event: RecordEvent<Row>][] = []
  /** What has happened in steps that are. */
  readonly #untold: [collection: string, event: RecordEvent<Row>][] = []
  #isClosed = false

  /** @param onFault hears of what a listener throws */
  constructor(onFault: (error: unknown) => void) {
    this.#onFault = onFault
  }

  /** The collections that anybody watches. */
  get watched(): readonly string[] {
    return [...this.#listeners].flatMap(([name, { size }]) => (size > 0 ? [name] : []))
  }

  /** @returns ends it */
  add(collection: string, tell: Listener): () => void {
    if (this.#isClosed) return () => {}
    const listeners = this.#listeners.get(collection) ?? new Set()
    this.#listeners.set(collection, listeners)
    const listener = { tell }
    listeners.add(listener)
    return () => {
      listeners.delete(listener)
    }
  }

  happened(collection: string, event: RecordEvent<Row>): void {
    if (this.#listeners.get(collection)?.size) this.#happened.push([collection, event])
  }

  /** The step is over: tells what has happened in it. A listener can take steps of its own; what follows from these comes after. */
  done(): void {
    if (this.#happened.length === 0) return
    const isTelling = this.#untold.length > 0
    for (const each of this.#happened) this.#untold.push(each)
    this.#happened = []
    if (isTelling) return
    try {
      for (const [collection, event] of this.#untold) this.#tell(collection, event)
    } finally {
      this.#untold.length = 0
    }
  }

  /** The step has failed: nothing has happened. */
  undone(): void {
    this.#happened = []
  }

  /** Tells nobody anything any more. */
  close(): void {
    this.#isClosed = true
    for (const listeners of this.#listeners.values()) listeners.clear()
  }

  #tell(collection: string, event: RecordEvent<Row>): void {
    const listeners = this.#listeners.get(collection) ?? new Set()
    for (const listener of [...listeners]) {
      // One can end another.
      if (!listeners.has(listener)) continue
      try {
        listener.tell(event)
      } catch (error) {
        this.#onFault(error)
      }
    }
  }
}
