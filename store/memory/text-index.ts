import { setImmediate } from 'node:timers/promises'
import { lowerBound } from './lower-bound.js'

/** How many ids a block spans. */
const BLOCK_SIZE = 2048

/** How many blocks are searched before other work has a turn: well under a millisecond's worth. */
const BLOCKS_AT_ONCE = 4

/** Between the texts of a block. */
const SEPARATOR = '\n'

interface Entry {
  readonly id: number
}

/** Some entries, by id. */
interface Block<T> {
  readonly entries: T[]
  /** A search under way may go on with it as it is: a change makes another block in its place. */
  isShared?: boolean
  /** The entries' texts in small letters, one after the other; made when first searched. */
  text?: string
  /** Where in `text` each entry's begins. */
  starts?: Uint32Array
}

/**
 * Finds the entries whose text contains another, letter case aside. It looks through all texts, but through two thousand
 * at a time, joined into one: that is what makes it quick.
 */
export class TextIndex<T extends Entry> {
  readonly #textOf: (entry: T) => string
  readonly #blocks = new Map<number, Block<T>>()
  /** The keys of the blocks in their order; made anew after one came or went. */
  #order: number[] | undefined

  constructor(textOf: (entry: T) => string) {
    this.#textOf = textOf
  }

  add(entry: T): void {
    const key = keyOf(entry.id)
    if (!this.#blocks.has(key)) {
      this.#order = undefined
      // Ids mostly come in order: the one before is full now, and the first search need not begin with joining all.
      const full = this.#blocks.get(key - 1)
      if (full && full.text === undefined) this.#join(full)
    }
    const { entries } = this.#blockToChange(key)
    entries.splice(positionOf(entries, entry.id), 0, entry)
  }

  remove({ id }: T): void {
    const key = keyOf(id)
    const { entries } = this.#blockToChange(key)
    const position = positionOf(entries, id)
    if (entries[position]?.id !== id) throw new Error('The entry is not in the index')
    entries.splice(position, 1)
    if (entries.length === 0) {
      this.#blocks.delete(key)
      this.#order = undefined
    }
  }

  /** @returns the entries by id */
  async search(text: string): Promise<T[]> {
    const needle = text.toLowerCase()
    const found: T[] = []
    this.#order ??= [...this.#blocks.keys()].sort((a, b) => a - b)
    const blocks = this.#order.map((key) => this.#blocks.get(key))
    for (const block of blocks) if (block) block.isShared = true
    for (const [count, block] of blocks.entries()) {
      if (count > 0 && count % BLOCKS_AT_ONCE === 0) await setImmediate()
      if (block) this.#searchBlock(block, needle, found)
    }
    return found
  }

  #blockToChange(key: number): Block<T> {
    const old = this.#blocks.get(key)
    if (old && !old.isShared) {
      delete old.text
      return old
    }
    const block = { entries: old?.entries.slice() ?? [] }
    this.#blocks.set(key, block)
    return block
  }

  #searchBlock(block: Block<T>, needle: string, found: T[]): void {
    if (block.text === undefined || !block.starts) this.#join(block)
    const { entries, text = '', starts = new Uint32Array() } = block
    // indexOf finds nothing at all behind the end, too.
    for (let from = 0; from <= text.length; ) {
      const at = text.indexOf(needle, from)
      if (at < 0) break
      // The last that begins there or before.
      const position = lowerBound(starts.length, (index) => (starts[index] ?? 0) - at - 1) - 1
      const entry = entries[position]
      const next = starts[position + 1] ?? text.length + 1
      // The needle can have a separator in it, and then be found across two texts.
      const isWithin = at + needle.length < next
      if (entry && isWithin) found.push(entry)
      from = isWithin ? next : at + 1
    }
  }

  #join(block: Block<T>): void {
    const texts = block.entries.map((entry) => this.#textOf(entry).toLowerCase())
    const starts = new Uint32Array(texts.length)
    let start = 0
    for (const [position, { length }] of texts.entries()) {
      starts[position] = start
      start += length + SEPARATOR.length
    }
    block.text = texts.join(SEPARATOR)
    block.starts = starts
  }
}

function keyOf(id: number): number {
  return Math.floor(id / BLOCK_SIZE)
}

/** Where an id is among entries that are sorted by it, or where it would be. */
function positionOf(entries: readonly Entry[], id: number): number {
  const last = entries.at(-1)
  if (!last || last.id < id) return entries.length
  return lowerBound(entries.length, (index) => (entries[index]?.id ?? 0) - id)
}
