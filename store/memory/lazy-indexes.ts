import { keyOfPath } from '../paths.js'
import type { Row } from '../predicate.js'
import type { Path } from '../query.js'
import { LazyIndex } from './lazy-index.js'
import type { SortedList } from './sorted-list.js'

/** Where there are fewer records, a look at each is as quick. */
const FEWEST_RECORDS = 512

/** How many indexes one collection has at most. */
const MOST_INDEXES = 8

/** How many records are in all of them at most: each takes up to some hundred bytes. */
const MOST_ENTRIES = 4_000_000

/** How long an index stays that nobody asks for, in milliseconds. */
const IDLE = 60_000

interface Entry {
  readonly path: Path
  readonly index: LazyIndex
  usedAt: number
  /** Done once the index is made. */
  readonly filled: Promise<void>
}

/** What a collection was once. It never changes. */
export interface Origin {
  /** All that it held. */
  readonly all: SortedList<Row>
  /** Its index of a path, which is made if need be; undefined where there is none to be had. */
  indexOf(path: Path): Promise<LazyIndex | undefined>
}

/**
 * The indexes of one collection that nobody declared: made when they are first of use, and given up when they are no more, or
 * are too many.
 */
export class LazyIndexes {
  readonly #now: () => number
  /** By the key of their path; the one that was used last is the last. */
  readonly #entries: Map<string, Entry>

  /** @param now milliseconds since any moment */
  constructor(
    now: () => number = () => performance.now(),
    entries: Iterable<[string, Entry]> = [],
  ) {
    this.#now = now
    this.#entries = new Map(entries)
  }

  get size(): number {
    return this.#entries.size
  }

  /** Others that begin with what is ready of these. */
  copy(): LazyIndexes {
    const ready = [...this.#entries].filter(([, { index }]) => index.isReady)
    const copies = ready.map(([key, { index, path, usedAt }]): [string, Entry] => [
      key,
      { path, usedAt, index: index.copy(path), filled: Promise.resolve() },
    ])
    return new LazyIndexes(this.#now, copies)
  }

  /** The index of a path, if it is there and ready. */
  get(path: Path): LazyIndex | undefined {
    if (this.#entries.size === 0) return undefined
    const key = keyOfPath(path)
    const entry = this.#entries.get(key)
    if (!entry?.index.isReady) return undefined
    this.#use(key, entry)
    return entry.index
  }

  /**
   * Makes an index of a path, or waits for it to be made.
   * @param all the collection's records
   * @param origin what others have begun as too: they then have most of an index in common
   * @returns undefined where there is none to be had
   */
  make(path: Path, all: SortedList<Row>, origin?: Origin): Promise<void> | undefined {
    const key = keyOfPath(path)
    const entry = this.#entries.get(key) ?? this.#add(key, path, all, origin)
    if (entry) this.#use(key, entry)
    return entry?.filled
  }

  /** A record was added, changed or removed. */
  change(old: Row | undefined, row: Row | undefined, length: number): void {
    const now = this.#now()
    for (const [key, { index, usedAt }] of this.#entries) {
      if (index.isReady && now - usedAt > IDLE) this.#entries.delete(key)
      else index.change(old, row)
    }
    this.#makeRoom(mostOf(length))
  }

  #add(
    key: string,
    path: Path,
    all: SortedList<Row>,
    origin: Origin | undefined,
  ): Entry | undefined {
    const most = mostOf(all.length)
    if (all.length < FEWEST_RECORDS || !this.#makeRoom(most - 1)) return undefined
    const index = new LazyIndex(path)
    const filled = origin
      ? index.derive(origin.all, all, () => origin.indexOf(path))
      : index.fill(all)
    const entry = { path, index, usedAt: this.#now(), filled }
    this.#entries.set(key, entry)
    return entry
  }

  /** Gives up what was used longest ago, until there are as few as asked for. Those that are being made stay. */
  #makeRoom(most: number): boolean {
    for (const [key, { index }] of this.#entries) {
      if (this.#entries.size <= most) break
      if (index.isReady) this.#entries.delete(key)
    }
    return this.#entries.size <= most
  }

  #use(key: string, entry: Entry): void {
    entry.usedAt = this.#now()
    this.#entries.delete(key)
    this.#entries.set(key, entry)
  }
}

/** How many indexes a collection of a length can have. */
function mostOf(length: number): number {
  return Math.min(MOST_INDEXES, Math.floor(MOST_ENTRIES / Math.max(1, length)))
}
