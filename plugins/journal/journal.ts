import type { World } from '../workspaces/world.js'
import { type Asked, Exchange } from './exchange.js'

/** How many requests a journal has; the oldest goes. */
export const MAX_ENTRIES = 1_000

/** How many all journals have together, and how large all bodies are together, in bytes. */
const MAX_ENTRIES_IN_ALL = 50_000
const MAX_SIZE_IN_ALL = 64 * 1024 * 1024

/** How many make room at once, so that the oldest need not be looked for each time. */
const BATCH = 10

/** The requests to one world. */
export class Journal {
  readonly #world: World
  readonly #room: Room
  /** Each at its id, round and round. */
  readonly #entries: (Exchange | undefined)[] = []
  #lastId = 0
  /** Those before it have gone, or have no bodies. */
  #firstId = 1
  #firstWithBodies = 1
  #isOver = false

  constructor(world: World, room: Room) {
    this.#world = world
    this.#room = room
    room.journals.add(this)
  }

  begin(asked: Asked): Exchange {
    const exchange = new Exchange(++this.#lastId, this.#world, asked)
    if (this.#isOver) return exchange
    if (this.#lastId - this.#firstId === MAX_ENTRIES) this.dropOldest()
    this.#entries[exchange.id % MAX_ENTRIES] = exchange
    this.#room.enter()
    return exchange
  }

  /** Once nothing more is added to it. */
  weigh(exchange: Exchange): void {
    if (this.get(exchange.id) === exchange) this.#room.weigh(exchange.weigh())
  }

  get(id: number): Exchange | undefined {
    return id < this.#firstId || id > this.#lastId ? undefined : this.#entries[id % MAX_ENTRIES]
  }

  /** Those that there are now, the newest first. */
  *list(): Generator<Exchange, void> {
    for (let id = this.#lastId; id >= this.#firstId; id--) {
      const exchange = this.get(id)
      if (exchange) yield exchange
    }
  }

  get oldest(): Exchange | undefined {
    return this.get(this.#firstId)
  }

  /** The oldest that has bodies. */
  get oldestWithBodies(): Exchange | undefined {
    this.#firstWithBodies = Math.max(this.#firstWithBodies, this.#firstId)
    while (this.get(this.#firstWithBodies)?.weight === 0) this.#firstWithBodies++
    return this.get(this.#firstWithBodies)
  }

  dropOldest(): void {
    const { oldest } = this
    if (!oldest) return
    this.#entries[this.#firstId++ % MAX_ENTRIES] = undefined
    this.#room.leave(oldest)
  }

  clear(): void {
    while (this.oldest) this.dropOldest()
  }

  /** Takes nothing more. */
  close(): void {
    this.#isOver = true
    this.clear()
    this.#room.journals.delete(this)
  }
}

/** What all journals have together: where it is too much, the oldest make room, with their bodies first. */
export class Room {
  readonly journals = new Set<Journal>()
  #count = 0
  #size = 0
  readonly #maxSize: number
  readonly #maxEntries: number

  constructor(maxSize = MAX_SIZE_IN_ALL, maxEntries = MAX_ENTRIES_IN_ALL) {
    this.#maxSize = maxSize
    this.#maxEntries = maxEntries
  }

  /** How large all bodies are that are kept, in bytes. */
  get size(): number {
    return this.#size
  }

  /** How many requests there are. */
  get count(): number {
    return this.#count
  }

  enter(): void {
    this.#count++
    if (this.#count <= this.#maxEntries) return
    const journal = this.#oldest(({ oldest }) => oldest)
    for (let left = BATCH; left > 0; left--) journal?.dropOldest()
  }

  leave({ weight }: Exchange): void {
    this.#count--
    this.#size -= weight
  }

  /** Takes note of how large the bodies of a request are. */
  weigh(weight: number): void {
    this.#size += weight
    while (this.#size > this.#maxSize) {
      const journal = this.#oldest(({ oldestWithBodies }) => oldestWithBodies)
      if (!journal) return
      for (let left = BATCH; left > 0; left--) {
        const { oldestWithBodies: oldest } = journal
        if (!oldest) break
        this.#size -= oldest.weight
        oldest.dropBodies()
      }
    }
  }

  /** The journal that has the oldest of some requests. */
  #oldest(pick: (journal: Journal) => Exchange | undefined): Journal | undefined {
    let found: Journal | undefined
    let earliest = Number.POSITIVE_INFINITY
    for (const journal of this.journals) {
      const time = pick(journal)?.beganAt ?? Number.POSITIVE_INFINITY
      if (time >= earliest) continue
      found = journal
      earliest = time
    }
    return found
  }
}
