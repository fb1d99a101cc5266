import type { World } from '../workspaces/world.js'
import { Exchange } from './exchange.js'
import { type Answer, type Asked, Note } from './note.js'

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
  readonly #notes: Note[] = []
  #lastId = 0
  /** Those before it have gone, or have no bodies. */
  #firstId = 1
  #firstWithBodies = 1
  #lastHeaders: readonly string[] = []
  #isOver = false

  constructor(world: World, room: Room) {
    this.#world = world
    this.#room = room
    room.journals.add(this)
  }

  begin(asked: Asked): Note {
    const id = ++this.#lastId
    if (this.#isOver) return begun(new Note(), id, this.#world, asked, this.#lastHeaders)
    if (id - this.#firstId === MAX_ENTRIES) this.dropOldest()
    const place = id % MAX_ENTRIES
    const last = this.#notes[place]
    // One that is under way has somebody who writes in it.
    const note = begun(last?.isOver ? last : new Note(), id, this.#world, asked, this.#lastHeaders)
    this.#lastHeaders = note.rawHeaders
    this.#notes[place] = note
    this.#room.enter()
    return note
  }

  /** Ends a note, to which nothing more is added. */
  end(note: Note, answer?: Answer): void {
    note.end(answer)
    if (this.#at(note.id) === note) this.#room.weigh(note.weight)
  }

  get(id: number): Exchange | undefined {
    const note = this.#at(id)
    return note && new Exchange(note)
  }

  /** Those that there are now, the newest first. */
  *list(): Generator<Exchange, void> {
    for (let id = this.#lastId; id >= this.#firstId; id--) {
      const exchange = this.get(id)
      if (exchange) yield exchange
    }
  }

  get oldest(): Note | undefined {
    return this.#at(this.#firstId)
  }

  /** The oldest that has bodies. */
  get oldestWithBodies(): Note | undefined {
    this.#firstWithBodies = Math.max(this.#firstWithBodies, this.#firstId)
    let note = this.#at(this.#firstWithBodies)
    // What is under way can still get one.
    while (note && (!note.hasBodies || (note.isOver && note.weight === 0))) {
      note = this.#at(++this.#firstWithBodies)
    }
    return note
  }

  dropOldest(): void {
    const { oldest } = this
    if (!oldest) return
    this.#firstId++
    this.#room.leave(oldest)
    // What is under way goes on in it.
    if (oldest.isOver) oldest.dropBodies()
  }

  clear(): void {
    while (this.oldest) this.dropOldest()
    this.#notes.length = 0
  }

  /** Takes nothing more. */
  close(): void {
    this.#isOver = true
    this.clear()
    this.#room.journals.delete(this)
  }

  #at(id: number): Note | undefined {
    if (id < this.#firstId || id > this.#lastId) return undefined
    return this.#notes[id % MAX_ENTRIES]
  }
}

function begun(note: Note, ...how: Parameters<Note['begin']>): Note {
  note.begin(...how)
  return note
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

  leave({ weight }: Note): void {
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
  #oldest(pick: (journal: Journal) => Note | undefined): Journal | undefined {
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
