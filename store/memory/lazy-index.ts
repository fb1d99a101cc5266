import { readerOf } from '../paths.js'
import type { Row } from '../predicate.js'
import { type Path, textOf } from '../query.js'
import { Turns } from '../turns.js'
import type { Chunk, SortedList } from './sorted-list.js'
import { TextLists } from './text-lists.js'

/** Records with a longer text are not in an index: nobody asks for one, and it is looked for record by record. */
export const LONGEST_TEXT = 256

/** How many records an index can differ in from what it begins as: they are found in one turn. */
const MOST_CHANGES = 10_000

/** How many records are put into an index between two looks at the clock. */
const AT_ONCE = 32

/**
 * The records of a collection by the text at one path: made when somebody first asks for it, piece by piece, from what the
 * collection was then. What is changed meanwhile waits, and is done to the index in the end.
 */
export class LazyIndex {
  readonly #textIn: (row: Row) => string | undefined
  #lists: TextLists
  /** What waits until the index is made: records as they were, and as they are. */
  #waiting: [old: Row | undefined, row: Row | undefined][] | undefined

  constructor(path: Path, lists = new TextLists()) {
    const read = readerOf(path)
    this.#textIn = (row) => {
      const text = textOf(read(row))
      return text !== undefined && text.length <= LONGEST_TEXT ? text : undefined
    }
    this.#lists = lists
  }

  get isReady(): boolean {
    return this.#waiting === undefined
  }

  copy(path: Path): LazyIndex {
    return new LazyIndex(path, this.#lists.copy())
  }

  get(text: string): SortedList<Row> | undefined {
    return this.#lists.get(text)
  }

  /** @param all that the collection holds now */
  async fill(all: SortedList<Row>): Promise<void> {
    this.#waiting = []
    await this.#addAll(all.chunks)
    await this.#catchUp()
  }

  /**
   * Begins as the index of what the collection was once, unless it differs too much from that.
   * @param before all that it held
   * @param all that it holds now
   * @param other gives undefined where there is none: then it begins with what there was
   */
  async derive(
    before: SortedList<Row>,
    all: SortedList<Row>,
    other: () => Promise<LazyIndex | undefined>,
  ): Promise<void> {
    const difference = all.differenceTo(before, MOST_CHANGES)
    if (!difference) return this.fill(all)
    const { gone, come } = difference
    this.#waiting = []
    for (const row of gone) this.#waiting.push([row, undefined])
    for (const row of come) this.#waiting.push([undefined, row])
    const made = await other()
    if (made) this.#lists = made.#lists.copy()
    else await this.#addAll(before.chunks)
    await this.#catchUp()
  }

  /** A record was added, changed or removed. */
  change(old: Row | undefined, row: Row | undefined): void {
    if (this.#waiting) this.#waiting.push([old, row])
    else this.#do(old, row)
  }

  async #addAll(chunks: readonly Chunk<Row>[]): Promise<void> {
    const turns = new Turns()
    for (const chunk of chunks) {
      for (let from = 0; from < chunk.length; from += AT_ONCE) {
        for (const row of chunk.slice(from, from + AT_ONCE)) this.#do(undefined, row)
        if (turns.isOver) await turns.next()
      }
    }
  }

  /** Does what waits. More can come meanwhile. */
  async #catchUp(): Promise<void> {
    const turns = new Turns()
    for (const [at, [old, row]] of (this.#waiting ?? []).entries()) {
      this.#do(old, row)
      if (at % AT_ONCE === 0 && turns.isOver) await turns.next()
    }
    this.#waiting = undefined
  }

  #do(old: Row | undefined, row: Row | undefined): void {
    const before = old && this.#textIn(old)
    const after = row && this.#textIn(row)
    const either = old ?? row
    if (either) this.#lists.change(before, old ?? either, after, row ?? either)
  }
}
