import { lowerBound } from './lower-bound.js'

/** A full chunk is halved. Large enough for few chunks at a million entries, small enough that moving half of one is cheap. */
const CHUNK_SIZE = 2048

/**
 * A list that keeps itself sorted and gives any page of itself without walking to it: chunks in order, and the position
 * at which each begins. Adding and removing cost a binary search and a move within one chunk.
 *
 * `compare` must never give 0 for two different entries.
 */
export class SortedList<T extends object> {
  readonly #compare: (a: T, b: T) => number
  readonly #chunks: T[][] = []
  /** Where each chunk begins, worked out at the first look after a change. */
  #starts: number[] = []
  #length = 0

  constructor(compare: (a: T, b: T) => number) {
    this.#compare = compare
  }

  get length(): number {
    return this.#length
  }

  get first(): T | undefined {
    return this.#chunks[0]?.[0]
  }

  add(entry: T): void {
    const at = Math.min(this.#chunkOf(entry), this.#chunks.length - 1)
    const chunk = this.#chunks[at]
    this.#changed(1)
    if (chunk === undefined) {
      this.#chunks.push([entry])
      return
    }
    const position = this.#positionIn(chunk, entry)
    if (chunk.length < CHUNK_SIZE) {
      chunk.splice(position, 0, entry)
    } else if (position === 0 || position === chunk.length) {
      // Entries mostly come in order, up or down: begin anew beside a full chunk, so that chunks stay full.
      this.#chunks.splice(position === 0 ? at : at + 1, 0, [entry])
    } else {
      const upper = chunk.splice(CHUNK_SIZE / 2)
      this.#chunks.splice(at + 1, 0, upper)
      if (position <= chunk.length) chunk.splice(position, 0, entry)
      else upper.splice(position - chunk.length, 0, entry)
    }
  }

  remove(entry: T): void {
    const { chunk, at, position } = this.#locate(entry)
    chunk.splice(position, 1)
    if (chunk.length === 0) this.#chunks.splice(at, 1)
    this.#changed(-1)
  }

  /** Puts an entry in another's place; they may sort differently. */
  replace(old: T, entry: T): void {
    if (this.#compare(old, entry) === 0) {
      const { chunk, position } = this.#locate(old)
      chunk[position] = entry
    } else {
      this.remove(old)
      this.add(entry)
    }
  }

  slice(offset: number, limit: number): T[] {
    if (offset >= this.#length) return []
    const starts = this.#currentStarts()
    let at = lowerBound(starts.length, (index) => (starts[index] ?? 0) - offset - 1) - 1
    const from = offset - (starts[at] ?? 0)
    let page = this.#chunks[at]?.slice(from, from + limit) ?? []
    for (let chunk = this.#chunks[++at]; chunk && page.length < limit; chunk = this.#chunks[++at]) {
      page = page.concat(chunk.slice(0, limit - page.length))
    }
    return page
  }

  toArray(): T[] {
    return this.#chunks.flat()
  }

  #changed(by: 1 | -1): void {
    this.#length += by
    this.#starts = []
  }

  #currentStarts(): readonly number[] {
    if (this.#starts.length === 0) {
      let start = 0
      for (const chunk of this.#chunks) {
        this.#starts.push(start)
        start += chunk.length
      }
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

  #positionIn(chunk: readonly T[], entry: T): number {
    return lowerBound(chunk.length, (index) => {
      const other = chunk[index]
      return other === undefined ? 0 : this.#compare(other, entry)
    })
  }

  #locate(entry: T): { chunk: T[]; at: number; position: number } {
    const at = this.#chunkOf(entry)
    const chunk = this.#chunks[at]
    const position = chunk ? this.#positionIn(chunk, entry) : -1
    if (chunk?.[position] === undefined || this.#compare(chunk[position], entry) !== 0) {
      throw new Error('The entry is not in the list')
    }
    return { chunk, at, position }
  }
}
