import type { RecordEvent } from './engine.js'
import type { Row } from './predicate.js'
import { Turns } from './turns.js'

type Listener = (event: RecordEvent<Row>) => void

/** Who hears of what happens, and of what can't be told. */
interface Watcher {
  readonly tell: Listener
  readonly tellGap: () => void
}

type Happening = readonly [collection: string, event: RecordEvent<Row>]

/** How many things are told between two looks at the clock. */
const AT_ONCE = 16

/** Who wants to hear of what happens in a view, and what there is to tell. */
export class Watchers {
  readonly #onFault: (error: unknown) => void
  /** By the collection. */
  readonly #listeners = new Map<string, Set<Watcher>>()
  /** What has happened in a step that isn't over. */
  #happened: Happening[] = []
  /** What has happened in steps that are. */
  #untold: Happening[] = []
  /** What is being told, of which some can have been. */
  #telling: Happening[] | undefined
  #isClosed = false

  /** @param onFault hears of what a listener throws */
  constructor(onFault: (error: unknown) => void) {
    this.#onFault = onFault
  }

  /** The collections that anybody watches. */
  get watched(): readonly string[] {
    return [...this.#listeners].flatMap(([name, { size }]) => (size > 0 ? [name] : []))
  }

  /**
   * @param tellGap is called where it is not known what has happened
   * @returns ends it
   */
  add(collection: string, tell: Listener, tellGap: () => void = () => {}): () => void {
    if (this.#isClosed) return () => {}
    const listeners = this.#listeners.get(collection) ?? new Set()
    this.#listeners.set(collection, listeners)
    const listener = { tell, tellGap }
    listeners.add(listener)
    return () => {
      listeners.delete(listener)
    }
  }

  isWatched(collection: string): boolean {
    return (this.#listeners.get(collection)?.size ?? 0) > 0
  }

  happened(collection: string, event: RecordEvent<Row>): void {
    if (this.isWatched(collection)) this.#happened.push([collection, event])
  }

  /**
   * The step is over: tells what has happened in it, much of it in several turns. A listener can take steps of its own; what
   * follows from these comes after.
   */
  done(): void {
    if (this.#happened.length === 0) return
    for (const each of this.#happened) this.#untold.push(each)
    this.#happened = []
    if (!this.#telling) this.#tellAll()
  }

  /** Something has happened, and it is not known what. */
  gap(): void {
    const all = [...this.#listeners.values()].flatMap((listeners) => [...listeners])
    for (const { tellGap } of all) {
      try {
        tellGap()
      } catch (error) {
        this.#onFault(error)
      }
    }
  }

  /** The step has failed: nothing has happened. */
  undone(): void {
    this.#happened = []
  }

  /** Everything is something else now: nobody is told any more what has happened before. */
  forget(): void {
    this.#happened = []
    this.#untold = []
    if (this.#telling) this.#telling.length = 0
  }

  /** Tells nobody anything any more. */
  close(): void {
    this.#isClosed = true
    for (const listeners of this.#listeners.values()) listeners.clear()
  }

  async #tellAll(): Promise<void> {
    const turns = new Turns()
    while (this.#untold.length > 0) {
      this.#telling = this.#untold
      this.#untold = []
      for (const [at, [collection, event]] of this.#telling.entries()) {
        this.#tell(collection, event)
        if (at % AT_ONCE === AT_ONCE - 1 && turns.isOver) await turns.next()
      }
    }
    this.#telling = undefined
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
