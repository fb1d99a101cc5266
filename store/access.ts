import type { Declaration, Index } from './declaration.js'
import { simplified } from './order.js'
import { conjunctsOf } from './predicate.js'
import type { Comparison, Predicate, Selection, Sort } from './query.js'

/** Values by the names of their fields. */
export interface Fields {
  readonly [field: string]: unknown
}

/** What an index offers: the records that share values of some fields, in an order. */
export interface IndexPlan {
  readonly fields: readonly string[]
  /** The order as text, to be compared. */
  readonly order: string
}

/** How a query is answered from an index. */
export interface Access {
  /** The index's place among a collection's. */
  readonly at: number
  /** What the records that it gives share. */
  readonly values: Fields
  /** What the index leaves to be looked at record by record. */
  readonly rest: readonly Predicate[]
  /** Whether the index narrows the records down. */
  readonly isNarrow: boolean
  /** Whether what is found has to be sorted. */
  readonly isUnsorted: boolean
}

/** The indexes of a collection: those that it declares, by id, and by each reference. */
export function indexesOf({ indexes, references }: Declaration): readonly Index[] {
  const implied: Index[] = [
    { fields: [] },
    ...Object.keys(references).map((field) => ({ fields: [field] })),
  ]
  // The first that fits a query is then the one that narrows it down most.
  return [...implied, ...indexes].sort((a, b) => b.fields.length - a.fields.length)
}

/** The place of the unique key that has these fields; -1 where there is none. */
export function placeOfKey({ unique }: Declaration, key: Fields): number {
  const fields = Object.keys(key)
  return unique.findIndex(
    (each) => each.length === fields.length && each.every((field) => field in key),
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
  return { at, values, rest, isNarrow: fields.length > 0, isUnsorted }
}

/** An order as text: equal orders have equal texts, and that by id has none. */
export function nameOf(sort: readonly Sort[]): string {
  const keys = simplified(sort)
  return keys.length === 0
    ? ''
    : JSON.stringify(keys.map(({ path, descending = false, nulls }) => [path, descending, nulls]))
}
