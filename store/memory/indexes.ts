import { type Fields, type IndexPlan, indexesOf, nameOf } from '../access.js'
import type { Declaration } from '../declaration.js'
import { comparisonOf } from '../order.js'
import type { Row } from '../predicate.js'
import { HashTrie } from './hash-trie.js'
import { SEARCHED_CHUNK_SIZE, SortedList } from './sorted-list.js'

/** A declared index, as all views of a collection share it. */
export interface MemoryPlan extends IndexPlan {
  readonly compare: (a: Row, b: Row) => number
  /** How its lists are divided; as others are without it. */
  readonly chunkSize: number | undefined
}

/** The indexes of a collection, as it keeps them. */
export function plansOf(declaration: Declaration): MemoryPlan[] {
  return indexesOf(declaration).map(({ fields, sort = [] }) => ({
    fields,
    order: nameOf(sort),
    compare: comparisonOf(sort),
    chunkSize: declaration.searchable.length > 0 ? SEARCHED_CHUNK_SIZE : undefined,
  }))
}

/** The values of some fields as one map key: the value itself where there is one field, since that needs no work. */
export function keyOf(values: Fields, fields: readonly string[]): unknown {
  const [first, second] = fields
  if (first === undefined) return ''
  return second === undefined ? values[first] : JSON.stringify(fields.map((field) => values[field]))
}

/** The sorted lists of one index, by the values that their records share. */
export class SortedLists {
  readonly #plan: MemoryPlan
  readonly #lists: HashTrie<unknown, SortedList<Row>>
  #owner = {}

  constructor(plan: MemoryPlan, lists = new HashTrie<unknown, SortedList<Row>>()) {
    this.#plan = plan
    this.#lists = lists
  }

  /** Others that begin as these are. What either changes from now on it takes a copy of. */
  copy(): SortedLists {
    this.#owner = {}
    return new SortedLists(this.#plan, this.#lists.copy())
  }

  get(key: unknown): SortedList<Row> | undefined {
    return this.#lists.get(key)
  }

  add(row: Row): void {
    this.#listToChange(keyOf(row, this.#plan.fields)).add(row)
  }

  remove(row: Row): void {
    const key = keyOf(row, this.#plan.fields)
    const list = this.#listToChange(key)
    list.remove(row)
    if (list.length === 0) this.#lists.delete(key)
  }

  replace(old: Row, row: Row): void {
    const key = keyOf(row, this.#plan.fields)
    if (key === keyOf(old, this.#plan.fields)) {
      this.#listToChange(key).replace(old, row)
      return
    }
    this.remove(old)
    this.add(row)
  }

  #listToChange(key: unknown): SortedList<Row> {
    const list = this.#lists.get(key)
    if (list && list.owner === this.#owner) return list
    const { compare, chunkSize } = this.#plan
    const own = list?.copy(this.#owner) ?? new SortedList(compare, chunkSize, [], this.#owner)
    this.#lists.set(key, own)
    return own
  }
}
