import type { Fields } from '../access.js'
import { keyOfPath } from '../paths.js'
import type { Row } from '../predicate.js'
import type { Path } from '../query.js'
import { HashTrie } from './hash-trie.js'
import { keyOf, SortedLists } from './indexes.js'
import { type LazyIndex, LONGEST_TEXT } from './lazy-index.js'
import { LazyIndexes, type Origin } from './lazy-indexes.js'
import { Pointers } from './pointers.js'
import type { Schema } from './schema.js'
import { SortedList } from './sorted-list.js'

type ListOf = (text: string) => SortedList<Row> | undefined

/**
 * What a collection holds, found in each way that is declared: a map by id, a map for each unique key, and sorted lists for
 * each index. It knows no rules: whoever changes it has looked at them.
 */
export class State implements Origin {
  readonly schema: Schema
  readonly #rows: HashTrie<number, Row>
  readonly #unique: readonly HashTrie<unknown, Row>[]
  readonly #indexes: readonly SortedLists[]
  readonly #pointers: Pointers
  readonly #lazy: LazyIndexes
  /** What it was copied from, as long as others have it too. */
  readonly #origin: WeakRef<State> | undefined
  /** The highest id that was ever given. */
  highestId: number
  /** The highest value that the sequence ever had. */
  highestNumber: number | undefined

  /** @param from what it begins as; nothing without it */
  constructor(schema: Schema, from?: State) {
    this.schema = schema
    this.#rows = from ? from.#rows.copy() : new HashTrie()
    this.#unique = from
      ? from.#unique.map((each) => each.copy())
      : schema.declaration.unique.map(() => new HashTrie())
    this.#indexes = from
      ? from.#indexes.map((each) => each.copy())
      : schema.plans.map((plan) => new SortedLists(plan))
    this.#pointers = from ? from.#pointers.copy() : new Pointers(schema.pointers)
    this.#lazy = from ? from.#lazy.copy() : new LazyIndexes()
    this.#origin = from && new WeakRef(from)
    this.highestId = from?.highestId ?? 0
    this.highestNumber = from?.highestNumber
  }

  /** Another that begins as this one is, which is not to change any more. It shares all that it doesn't change itself. */
  copy(): State {
    return new State(this.schema, this)
  }

  get(id: number): Row | undefined {
    return this.#rows.get(id)
  }

  /**
   * The record with the values of a unique key.
   * @param at the key's place among those declared
   */
  getBy(at: number, values: Fields): Row | undefined {
    const fields = this.schema.declaration.unique[at]
    return fields && this.#unique[at]?.get(keyOf(values, fields))
  }

  /**
   * The records of an index that share a key.
   * @param at the index's place among the schema's plans
   */
  list(at: number, key: unknown): SortedList<Row> | undefined {
    return this.#indexes[at]?.get(key)
  }

  /**
   * The records that name something by a pointer.
   * @param at the pointer's place among those declared
   */
  pointing(at: number, text: string): SortedList<Row> | undefined {
    return this.#pointers.get(at, text)
  }

  /**
   * The records that have one of some texts at a path, a list for each text.
   * @returns undefined where that takes a look at each record
   */
  listsOf(path: Path, texts: readonly string[]): SortedList<Row>[] | undefined {
    const listOf = this.#listsAt(path, texts)
    return listOf && [...new Set(texts)].flatMap((text) => listOf(text) ?? [])
  }

  /**
   * Has an index made for what `listsOf` had no answer to, if there is one to be had.
   * @returns done when it is made
   */
  makeIndex(path: Path, texts: readonly string[]): Promise<void> | undefined {
    return areShort(texts) ? this.#make(path) : undefined
  }

  /** All records, by id. */
  get all(): SortedList<Row> {
    return this.list(this.schema.planOfAll, '') ?? new SortedList((a, b) => a.id - b.id)
  }

  async indexOf(path: Path): Promise<LazyIndex | undefined> {
    await this.#make(path)
    return this.#lazy.get(path)
  }

  #make(path: Path): Promise<void> | undefined {
    return this.#lazy.make(path, this.all, this.#origin?.deref())
  }

  #listsAt(path: Path, texts: readonly string[]): ListOf | undefined {
    const key = keyOfPath(path)
    const unique = this.schema.uniqueTexts.get(key)
    if (unique !== undefined) {
      return (text) => {
        const row = this.#unique[unique]?.get(text)
        return row && SortedList.of((a, b) => a.id - b.id, row)
      }
    }
    const pointer = this.#pointers.find(key)
    if (pointer !== undefined) return (text) => this.pointing(pointer, text)
    const index = areShort(texts) ? this.#lazy.get(path) : undefined
    return index && ((text) => index.get(text))
  }

  /** Adds a record, or puts it in an old one's place. */
  put(row: Row, old?: Row): void {
    const { unique, sequence } = this.schema.declaration
    this.#rows.set(row.id, row)
    for (const [at, fields] of unique.entries()) {
      if (old && isWhole(old, fields)) this.#unique[at]?.delete(keyOf(old, fields))
      if (isWhole(row, fields)) this.#unique[at]?.set(keyOf(row, fields), row)
    }
    for (const index of this.#indexes) {
      if (old) index.replace(old, row)
      else index.add(row)
    }
    this.#pointers.put(row, old)
    if (this.#lazy.size > 0) this.#lazy.change(old, row, this.all.length)
    const number = sequence === undefined ? null : row[sequence]
    // From the others JavaScript can't count on: they don't end the sequence.
    if (typeof number === 'number' && number <= Number.MAX_SAFE_INTEGER) {
      this.highestNumber = Math.max(number, this.highestNumber ?? number)
    }
  }

  remove(row: Row): void {
    this.#rows.delete(row.id)
    for (const [at, fields] of this.schema.declaration.unique.entries()) {
      if (isWhole(row, fields)) this.#unique[at]?.delete(keyOf(row, fields))
    }
    for (const index of this.#indexes) index.remove(row)
    this.#pointers.remove(row)
    if (this.#lazy.size > 0) this.#lazy.change(row, undefined, this.all.length)
  }
}

function areShort(texts: readonly string[]): boolean {
  return texts.every(({ length }) => length <= LONGEST_TEXT)
}

/** Whether a record has all of a key: one with a null in it is no key. */
function isWhole(row: Row, fields: readonly string[]): boolean {
  return fields.every((field) => row[field] !== null)
}
