import { type Order, orderOf } from '../order.js'
import type { Row } from '../predicate.js'
import type { Sort } from '../query.js'
import { Turns } from '../turns.js'

/** How many records are sorted at once, by one key. More keys take longer. */
const PIECE = 8192

/** How many records are merged between two looks at the clock, and given out at a time. Fewer by more keys. */
const BATCH = 256

/** What collects records, to give them out in an order. */
export interface Collector {
  /** How many there were. */
  readonly length: number
  add(rows: readonly Row[]): void
  /** Those of a page. Nothing can be added any more. */
  page(offset: number, limit: number): Promise<readonly Row[]>
}

/** Some records in order, and the first key of each. */
interface Piece {
  readonly rows: readonly Row[]
  readonly keys: readonly unknown[]
  /** How many of them have been given out. */
  position: number
}

interface Keyed<K = unknown> {
  readonly row: Row
  readonly key: K
}

/** Keeps records as they come. */
export class InOrder implements Collector {
  readonly #end: number
  readonly #rows: Row[] = []
  length = 0

  /** @param end how many are of use */
  constructor(end: number) {
    this.#end = end
  }

  add(rows: readonly Row[]): void {
    this.length += rows.length
    if (this.#rows.length < this.#end) for (const row of rows) this.#rows.push(row)
  }

  async page(offset: number, limit: number): Promise<readonly Row[]> {
    return this.#rows.slice(offset, offset + limit)
  }
}

/** Keeps the first of many records, few of them: what is behind these is forgotten as it comes. */
export class First implements Collector {
  readonly #order: Order
  readonly #count: number
  #kept: Keyed[] = []
  /** The last of those that have been kept at the last sorting. */
  #last: Keyed | undefined
  length = 0

  constructor(sort: readonly Sort[], count: number) {
    this.#order = orderOf(sort)
    this.#count = count
  }

  add(rows: readonly Row[]): void {
    this.length += rows.length
    if (this.#count === 0) return
    const { keyOf, compareKeys, compareRest } = this.#order
    const last = this.#last
    for (const row of rows) {
      const key = keyOf(row)
      const difference = last ? compareKeys(key, last.key) || compareRest(row, last.row) : -1
      if (difference < 0) this.#kept.push({ row, key })
    }
    if (this.#kept.length >= 2 * this.#count + BATCH) this.#sort()
  }

  async page(offset: number, limit: number): Promise<readonly Row[]> {
    this.#sort()
    return this.#kept.slice(offset, offset + limit).map(({ row }) => row)
  }

  #sort(): void {
    sortKeyed(this.#order, this.#kept)
    this.#kept.length = Math.min(this.#kept.length, this.#count)
    this.#last = this.#kept.length === this.#count ? this.#kept.at(-1) : undefined
  }
}

/** Sorts any number of records in pieces, and merges these as they are given out: neither takes long at a time. */
export class Sorting implements Collector {
  readonly #order: Order
  readonly #pieceLength: number
  readonly #batchLength: number
  readonly #pieces: Piece[] = []
  #unsorted: Row[] = []
  length = 0

  constructor(sort: readonly Sort[]) {
    this.#order = orderOf(sort)
    const keys = Math.max(1, sort.length)
    this.#pieceLength = Math.max(BATCH, Math.floor(PIECE / keys))
    this.#batchLength = Math.max(16, Math.floor(BATCH / keys))
  }

  add(rows: readonly Row[]): void {
    this.length += rows.length
    for (const row of rows) this.#unsorted.push(row)
    if (this.#unsorted.length >= this.#pieceLength) this.#sortPiece()
  }

  async page(offset: number, limit: number): Promise<readonly Row[]> {
    const page: Row[] = []
    let passed = 0
    for await (const batch of this.batches()) {
      const from = Math.max(0, offset - passed)
      for (const row of batch.slice(from, from + limit - page.length)) page.push(row)
      passed += batch.length
      if (page.length >= limit) break
    }
    return page
  }

  /** All in order, some at a time; now and then other work has a turn. */
  async *batches(): AsyncIterable<readonly Row[]> {
    this.#sortPiece()
    const heap = this.#pieces
    const comesBefore = (a: Piece, b: Piece) => comparePieces(this.#order, a, b) < 0
    for (let at = heap.length >>> 1; at >= 0; at--) sink(heap, at, comesBefore)
    const turns = new Turns()
    for (let batch = this.#merge(comesBefore); batch.length > 0; batch = this.#merge(comesBefore)) {
      yield batch
      if (turns.isOver) await turns.next()
    }
  }

  /** The next ones of all pieces, of which the first in the heap has the next one. */
  #merge(comesBefore: (a: Piece, b: Piece) => boolean): readonly Row[] {
    const heap = this.#pieces
    const batch: Row[] = []
    for (let piece = heap[0]; piece && batch.length < this.#batchLength; piece = heap[0]) {
      const row = piece.rows[piece.position++]
      if (row) batch.push(row)
      if (piece.position >= piece.rows.length) {
        const last = heap.pop()
        if (last && last !== piece) heap[0] = last
      }
      sink(heap, 0, comesBefore)
    }
    return batch
  }

  #sortPiece(): void {
    if (this.#unsorted.length === 0) return
    const keyed = this.#unsorted.map((row) => ({ row, key: this.#order.keyOf(row) }))
    sortKeyed(this.#order, keyed)
    const rows = keyed.map(({ row }) => row)
    this.#pieces.push({ rows, keys: keyed.map(({ key }) => key), position: 0 })
    this.#unsorted = []
  }
}

/** Sorts in place. Numbers only are compared without a look at what they are. */
function sortKeyed({ compareKeys, compareRest, isDescending }: Order, keyed: Keyed[]): void {
  if (!areNumbers(keyed)) {
    keyed.sort((a, b) => compareKeys(a.key, b.key) || compareRest(a.row, b.row))
  } else if (isDescending) {
    keyed.sort((a, b) => b.key - a.key || compareRest(a.row, b.row))
  } else {
    keyed.sort((a, b) => a.key - b.key || compareRest(a.row, b.row))
  }
}

function areNumbers(keyed: readonly Keyed[]): keyed is Keyed<number>[] {
  return keyed.every(({ key }) => typeof key === 'number')
}

/** Compares pieces by what is next in each. */
function comparePieces({ compareKeys, compareRest }: Order, a: Piece, b: Piece): number {
  const difference = compareKeys(a.keys[a.position], b.keys[b.position])
  if (difference !== 0) return difference
  const [rowA, rowB] = [a.rows[a.position], b.rows[b.position]]
  return rowA && rowB ? compareRest(rowA, rowB) : 0
}

/** Moves an entry of a heap down, until it comes before those below it. */
function sink<T>(heap: T[], from: number, comesBefore: (a: T, b: T) => boolean): void {
  for (let at = from; ; ) {
    const entry = heap[at]
    const [left, right] = [heap[2 * at + 1], heap[2 * at + 2]]
    if (entry === undefined || left === undefined) return
    const isLeft = right === undefined || comesBefore(left, right)
    const below = isLeft ? left : right
    if (comesBefore(entry, below)) return
    heap[at] = below
    at = isLeft ? 2 * at + 1 : 2 * at + 2
    heap[at] = entry
  }
}
