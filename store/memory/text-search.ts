import { type Chunk, lowerBound } from './sorted-list.js'

/** Between the texts of a chunk. */
const SEPARATOR = '\n'

/** The texts of a chunk's entries in small letters, one after the other, and where each begins. */
interface Joined {
  readonly text: string
  readonly starts: Uint32Array
}

/**
 * Finds the entries whose text contains another, letter case aside. It looks through all texts, but through a whole chunk's
 * at a time, joined into one when the chunk is first searched: that is what makes it quick.
 */
export class TextSearch<T extends object> {
  readonly #textOf: (entry: T) => string
  /** A chunk never changes, so its text doesn't either. */
  readonly #joined = new WeakMap<Chunk<T>, Joined>()

  constructor(textOf: (entry: T) => string) {
    this.#textOf = textOf
  }

  /** @param needle in small letters */
  search(chunk: Chunk<T>, needle: string): T[] {
    const found: T[] = []
    const { text, starts } = this.#joinedOf(chunk)
    // indexOf finds nothing at all behind the end, too.
    for (let from = 0; from <= text.length; ) {
      const at = text.indexOf(needle, from)
      if (at < 0) break
      // The last that begins there or before.
      const position = lowerBound(starts.length, (index) => (starts[index] ?? 0) - at - 1) - 1
      const entry = chunk[position]
      const next = starts[position + 1] ?? text.length + 1
      // The needle can have a separator in it, and then be found across two texts.
      const isWithin = at + needle.length < next
      if (entry && isWithin) found.push(entry)
      from = isWithin ? next : at + 1
    }
    return found
  }

  #joinedOf(chunk: Chunk<T>): Joined {
    let joined = this.#joined.get(chunk)
    if (!joined) {
      const texts = chunk.map((entry) => this.#textOf(entry).toLowerCase())
      const starts = new Uint32Array(texts.length)
      let start = 0
      for (const [position, { length }] of texts.entries()) {
        starts[position] = start
        start += length + SEPARATOR.length
      }
      joined = { text: texts.join(SEPARATOR), starts }
      this.#joined.set(chunk, joined)
    }
    return joined
  }
}
