import { keyOfPath, namesOf, readerOf } from './paths.js'
import type { Row } from './predicate.js'
import type { Sort } from './query.js'

/** An order of records, with its first key apart: it can be read once for each record. */
export interface Order {
  readonly keyOf: (row: Row) => unknown
  readonly compareKeys: (a: unknown, b: unknown) => number
  /** Whether the first keys descend. */
  readonly isDescending: boolean
  /** Decides between records whose first keys are equal. Never 0. */
  readonly compareRest: (a: Row, b: Row) => number
}

/** Compares values; where null and what is absent come among them is the comparison's to say. */
type Compare = (a: unknown, b: unknown) => number

/** An order without what makes no difference, down to nothing where it is the one by id. */
export function simplified(sort: readonly Sort[]): readonly Sort[] {
  const seen = new Set<string>()
  const keys: Sort[] = []
  for (const key of sort) {
    const path = keyOfPath(key.path)
    if (!seen.has(path)) keys.push(key)
    seen.add(path)
    // No two have the same.
    if (isId(key)) break
  }
  const last = keys.at(-1)
  const isImplied = last && isId(last) && isDescending(last) === isDescending(keys.at(-2))
  return isImplied ? keys.slice(0, -1) : keys
}

/** Takes an order apart. */
export function orderOf(sort: readonly Sort[]): Order {
  const [first = { path: 'id' }, ...rest] = simplified(sort)
  const compareRest = comparisonOfAll(rest, isDescending(rest.at(-1) ?? first))
  return {
    keyOf: readerOf(first.path),
    compareKeys: comparisonFor(first),
    isDescending: isDescending(first),
    compareRest,
  }
}

/** Compares records by an order; the id decides between equals, in the direction of the last key. */
export function comparisonOf(sort: readonly Sort[]): (a: Row, b: Row) => number {
  const keys = simplified(sort)
  return comparisonOfAll(keys, isDescending(keys.at(-1)))
}

/** Absent, null, false, true, numbers by size, texts by code unit (right for ISO 8601 dates), and the rest. */
export function compareValues(a: unknown, b: unknown): number {
  if (a === b) return 0
  if (typeof a === 'number' && typeof b === 'number') return a - b
  if (typeof a === 'string' && typeof b === 'string') return a < b ? -1 : 1
  return rankOf(a) - rankOf(b)
}

function comparisonOfAll(sort: readonly Sort[], isIdDescending: boolean) {
  const keys = sort.map((key) => ({ read: readerOf(key.path), compare: comparisonFor(key) }))
  return (a: Row, b: Row): number => {
    for (const { read, compare } of keys) {
      const difference = compare(read(a), read(b))
      if (difference !== 0) return difference
    }
    return isIdDescending ? b.id - a.id : a.id - b.id
  }
}

function comparisonFor({ descending, nulls }: Sort): Compare {
  const compare = nulls === 'last' ? compareNullsLast : compareValues
  return descending ? (a, b) => compare(b, a) : compare
}

/** The same, with null and then what is absent above everything. */
function compareNullsLast(a: unknown, b: unknown): number {
  const isNull = (a ?? null) === null
  if (isNull !== ((b ?? null) === null)) return isNull ? 1 : -1
  return isNull ? compareValues(b, a) : compareValues(a, b)
}

function rankOf(value: unknown): number {
  if (value === undefined) return 0
  if (value === null) return 1
  if (typeof value === 'boolean') return value ? 3 : 2
  return { number: 4, string: 5 }[String(typeof value)] ?? 6
}

function isId({ path }: Sort): boolean {
  const [name, ...others] = namesOf(path)
  return name === 'id' && others.length === 0
}

function isDescending(key: Sort | undefined): boolean {
  return key?.descending ?? false
}
