import type { Declaration, Index } from '../declaration.js'
import { comparisonOf, simplified } from '../order.js'
import { conjunctsOf, type Row } from '../predicate.js'
import type { Comparison, Predicate, Selection, Sort } from '../query.js'
import { HashTrie } from './hash-trie.js'
import { SEARCHED_CHUNK_SIZE, SortedList } from './sorted-list.js'

/** Values by the names of their fields. */
export interface Fields {
  readonly [field: string]: unknown
}

/** A declared index, as all views of a collection share it. */
export interface IndexPlan {
  readonly fields: readonly string[]
  /** The order as text, to be compared. */
  readonly order: string
  readonly compare: (a: Row, b: Row) => number
  /** How its lists are divided; as others are without it. */
  readonly chunkSize: number | undefined
}

/** How a query is answered from an index. */
export interface Access {
  /** The index's place among a collection's. */
  readonly at: number
  readonly key: unknown
  /** What the index leaves to be looked at record by record. */
  readonly rest: readonly Predicate[]
  /** Whether the index narrows the records down. */
  readonly isNarrow: boolean
  /** Whether what is found has to be sorted. */
  readonly isUnsorted: boolean
}

/** The indexes of a collection: those that it declares, by id, and by each reference. */
export function plansOf({ indexes, references, searchable }: Declaration): IndexPlan[] {
  const implied: Index[] = [
    { fields: [] },
    ...Object.keys(references).map((field) => ({ fields: [field] })),
  ]
  return (
    [...implied, ...indexes]
      // The first that fits a query is then the one that narrows it down most.
      .sort((a, b) => b.fields.length - a.fields.length)
      .map(({ fields, sort = [] }) => ({
        fields,
        order: nameOf(sort),
        compare: comparisonOf(sort),
        chunkSize: searchable.length > 0 ? SEARCHED_CHUNK_SIZE : undefined,
      }))
  )
}

/** Finds the index that fits a query best: the one of all records where no other does. */
export function accessTo(plans: readonly IndexPlan[], { where, sort = [] }: Selection): Access {
  const conjuncts = conjunctsOf(where)
  const equalities = new Map<string, Comparison>()
  for (const each of conjuncts) {
    if ('op' in each && each.op === 'eq' && typeof each.path === 'string')
      equalities.set(each.path, each)
  }
  const order = nameOf(sort)
  const fits = ({ fields }: IndexPlan) => fields.every((field) => equalities.has(field))
  let at = plans.findIndex((plan) => plan.order === order && fits(plan))
  const isUnsorted = at < 0
  if (isUnsorted) at = plans.findIndex(fits)
  const { fields = [] } = plans[at] ?? {}
  const used = new Set<Predicate>()
  const values: Record<string, unknown> = {}
  for (const field of fields) {
    const equality = equalities.get(field)
    if (!equality) continue
    used.add(equality)
    values[field] = equality.value
  }
  const rest = conjuncts.filter((each) => !used.has(each))
  return { at, key: keyOf(values, fields), rest, isNarrow: fields.length > 0, isUnsorted }
}

/** An order as text: equal orders have equal texts, and that by id has none. */
export function nameOf(sort: readonly Sort[]): string {
  const keys = simplified(sort)
  return keys.length === 0
    ? ''
    : JSON.stringify(keys.map(({ path, descending = false, nulls }) => [path, descending, nulls]))
}

/** The values of some fields as one map key: the value itself where there is one field, since that needs no work. */
export function keyOf(values: Fields, fields: readonly string[]): unknown {
  const [first, second] = fields
  if (first === undefined) return ''
  return second === undefined ? values[first] : JSON.stringify(fields.map((field) => values[field]))
}

/** The sorted lists of one index, by the values that their records share. */
export class SortedLists {
  readonly #plan: IndexPlan
  readonly #lists: HashTrie<unknown, SortedList<Row>>
  #owner = {}

  constructor(plan: IndexPlan, lists = new HashTrie<unknown, SortedList<Row>>()) {
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
