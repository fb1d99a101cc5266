import { someTextIn } from '../predicate.js'
import { type Chunk, lowerBound } from './sorted-list.js'

/** Between two texts. */
const SEPARATOR = '\n'

/** How long the text of a chunk is at most: it takes about a millisecond to make. */
const LONGEST_JOINED = 2 ** 19

/** How many characters all joined texts have at most: as many as a million records of 200 have, with room to spare. */
const MOST_CHARACTERS = 2 ** 28

/** What a joined text takes beside its characters, about. */
const ENTRY_SIZE = 1024

/** The texts of a chunk's entries in small letters, one after the other, and where those of each entry begin. */
interface Joined {
  readonly text: string
  readonly starts: Uint32Array
}

/**
 * Finds the entries that have a text with another in it, letter case aside. It looks through all texts, but through a whole
 * chunk's at a time, joined into one when the chunk is first searched: that is what makes it quick.
 */
export class TextSearch<T extends object> {
  readonly #valueOf: (entry: T) => unknown
  readonly #mostCharacters: number
  /** A chunk never changes, so its text doesn't either. None where it would be too long. */
  readonly #joined = new WeakMap<Chunk<T>, Joined | undefined>()
  /** Whose texts are kept, the oldest first, and how long each is. */
  readonly #kept = new Map<WeakRef<Chunk<T>>, number>()
  #characters = 0

  /** @param read gives what of an entry is searched: a text, or anything with texts in it */
  constructor(read: (entry: T) => unknown, mostCharacters = MOST_CHARACTERS) {
    this.#valueOf = read
    this.#mostCharacters = mostCharacters
  }

  /** How long all texts are that are kept, in characters. */
  get characters(): number {
    return this.#characters
  }

  /**
   * @param needle in small letters
   * @returns undefined where the texts are so long that they are better looked at one by one
   */
  search(chunk: Chunk<T>, needle: string): T[] | undefined {
    const joined = this.#joinedOf(chunk)
    if (!joined) return undefined
    const { text, starts } = joined
    // It can be found where no single text has it.
    const isDoubtful = needle === '' || needle.includes(SEPARATOR)
    const found: T[] = []
    // indexOf finds nothing at all behind the end, too.
    for (let from = 0; from <= text.length; ) {
      const at = text.indexOf(needle, from)
      if (at < 0) break
      // The last that begins there or before.
      const position = lowerBound(starts.length, (index) => (starts[index] ?? 0) - at - 1) - 1
      const entry = chunk[position]
      if (entry && (!isDoubtful || this.#has(entry, needle))) found.push(entry)
      from = starts[position + 1] ?? text.length + 1
    }
    return found
  }

  #has(entry: T, needle: string): boolean {
    return someTextIn(this.#valueOf(entry), (text) => text.toLowerCase().includes(needle))
  }

  #joinedOf(chunk: Chunk<T>): Joined | undefined {
    let joined = this.#joined.get(chunk)
    if (!joined && !this.#joined.has(chunk)) {
      joined = this.#join(chunk)
      this.#joined.set(chunk, joined)
      if (joined) this.#keep(chunk, joined.text.length + ENTRY_SIZE)
    }
    return joined
  }

  #join(chunk: Chunk<T>): Joined | undefined {
    const texts: string[] = []
    const starts = new Uint32Array(chunk.length)
    let start = 0
    for (const [position, entry] of chunk.entries()) {
      const text = this.#textOf(entry)
      texts.push(text)
      starts[position] = start
      start += text.length + SEPARATOR.length
      if (start > LONGEST_JOINED) return undefined
    }
    return { text: texts.join(SEPARATOR), starts }
  }

  /** All texts of an entry in small letters. */
  #textOf(entry: T): string {
    const value = this.#valueOf(entry)
    if (typeof value === 'string') return value.toLowerCase()
    const texts: string[] = []
    someTextIn(value, (text) => {
      texts.push(text)
      return false
    })
    return texts.join(SEPARATOR).toLowerCase()
  }

  /** Forgets the oldest texts where there are too many. A chunk that is gone counts until it is the oldest. */
  #keep(chunk: Chunk<T>, size: number): void {
    this.#kept.set(new WeakRef(chunk), size)
    this.#characters += size
    for (const [reference, size] of this.#kept) {
      if (this.#characters <= this.#mostCharacters) break
      const oldest = reference.deref()
      if (oldest) this.#joined.delete(oldest)
      this.#kept.delete(reference)
      this.#characters -= size
    }
  }
}
