/** A full chunk is halved. Small, since each change copies one; large enough for few chunks at a million entries. */
const CHUNK_SIZE = 256

/** A part of a list. Once somebody has seen it, it never changes: a change of the list puts another in its place. */
export type Chunk<T> = readonly T[]

/**
 * A list that keeps itself sorted and gives any page of itself without walking to it: chunks in order, and the position
 * at which each begins. Adding and removing cost a binary search and the copy of one chunk; a copy of the whole list shares
 * them all.
 *
 * `compare` must never give 0 for two different entries.
 */
export class SortedList<T extends object> {
  readonly #compare: (a: T, b: T) => number
  readonly #chunks: Chunk<T>[]
  /** Where each chunk begins, worked out at the first look after a change. */
  #starts: readonly number[] = []
  #length: number
  /** The last chunk, as long as nobody else has seen it: what comes behind all others need not copy it. */
  #tail: T[] | undefined

  constructor(compare: (a: T, b: T) => number, chunks: readonly Chunk<T>[] = [], length = 0) {
    this.#compare = compare
    this.#chunks = [...chunks]
    this.#length = length
  }

  get length(): number {
    return this.#length
  }

  get first(): T | undefined {
    return this.#chunks[0]?.[0]
  }

  /** The entries in order, as they are now: what comes later doesn't change them. */
  get chunks(): readonly Chunk<T>[] {
    this.#tail = undefined
    return [...this.#chunks]
  }

  copy(): SortedList<T> {
    return new SortedList(this.#compare, this.chunks, this.#length)
  }

  add(entry: T): void {
    const at = this.#chunkOf(entry)
    const chunk = this.#chunks[at]
    this.#changed(1)
    if (chunk) this.#insert(entry, chunk, at)
    else this.#append(entry)
  }

  remove(entry: T): void {
    const { chunk, at, position } = this.#locate(entry)
    if (chunk.length === 1) this.#chunks.splice(at, 1)
    else this.#chunks[at] = chunk.toSpliced(position, 1)
    this.#changed(-1)
  }

  /** Puts an entry in another's place; they may sort differently. */
  replace(old: T, entry: T): void {
    if (this.#compare(old, entry) === 0) {
      const { chunk, at, position } = this.#locate(old)
      this.#chunks[at] = chunk.with(position, entry)
    } else {
      this.remove(old)
      this.add(entry)
    }
  }

  slice(offset: number, limit: number): T[] {
    const end = Math.min(offset + limit, this.#length)
    if (offset >= end) return []
    const starts = this.#currentStarts()
    let at = lowerBound(starts.length, (index) => (starts[index] ?? 0) - offset - 1) - 1
    let from = offset - (starts[at] ?? 0)
    const first = this.#chunks[at]
    if (first && first.length >= from + end - offset) return first.slice(from, from + end - offset)
    const page: T[] = []
    for (let chunk = first; chunk && page.length < end - offset; chunk = this.#chunks[++at]) {
      const to = Math.min(chunk.length, from + end - offset - page.length)
      for (; from < to; from++) {
        const entry = chunk[from]
        if (entry) page.push(entry)
      }
      from = 0
    }
    return page
  }

  /** Puts an entry behind all others. */
  #append(entry: T): void {
    const last = this.#chunks.at(-1)
    if (!last || last.length >= CHUNK_SIZE) {
      this.#tail = [entry]
      this.#chunks.push(this.#tail)
    } else if (last === this.#tail) {
      this.#tail.push(entry)
    } else {
      this.#tail = [...last, entry]
      this.#chunks[this.#chunks.length - 1] = this.#tail
    }
  }

  /** Puts an entry into a chunk, before its last one. */
  #insert(entry: T, chunk: Chunk<T>, at: number): void {
    const position = this.#positionIn(chunk, entry)
    if (chunk.length < CHUNK_SIZE) {
      this.#chunks[at] = chunk.toSpliced(position, 0, entry)
    } else if (position === 0) {
      // Entries mostly come in order, up or down: begin anew beside a full chunk, so that chunks stay full.
      this.#chunks.splice(at, 0, [entry])
    } else {
      const whole = chunk.toSpliced(position, 0, entry)
      const middle = whole.length >>> 1
      this.#chunks.splice(at, 1, whole.slice(0, middle), whole.slice(middle))
    }
  }

  #changed(by: 1 | -1): void {
    this.#length += by
    this.#starts = []
  }

  #currentStarts(): readonly number[] {
    if (this.#starts.length === 0) {
      let start = 0
      this.#starts = this.#chunks.map((chunk) => {
        const own = start
        start += chunk.length
        return own
      })
    }
    return this.#starts
  }

  /** The first chunk whose last entry isn't below the entry. */
  #chunkOf(entry: T): number {
    return lowerBound(this.#chunks.length, (index) => {
      const last = this.#chunks[index]?.at(-1)
      return last === undefined ? 0 : this.#compare(last, entry)
    })
  }

  #positionIn(chunk: Chunk<T>, entry: T): number {
    return lowerBound(chunk.length, (index) => {
      const other = chunk[index]
      return other === undefined ? 0 : this.#compare(other, entry)
    })
  }

  #locate(entry: T): { chunk: Chunk<T>; at: number; position: number } {
    const at = this.#chunkOf(entry)
    const chunk = this.#chunks[at]
    const position = chunk ? this.#positionIn(chunk, entry) : -1
    if (chunk?.[position] === undefined || this.#compare(chunk[position], entry) !== 0) {
      throw new Error('The entry is not in the list')
    }
    return { chunk, at, position }
  }
}

/** The lowest index from 0 to `length` at which `compareAt` isn't negative. */
export function lowerBound(length: number, compareAt: (index: number) => number): number {
  let low = 0
  let high = length
  while (low < high) {
    const middle = (low + high) >>> 1
    if (compareAt(middle) < 0) low = middle + 1
    else high = middle
  }
  return low
}
