/** Where a value is in a record: a field, or the names on the way into one that holds objects and lists. */
export type Path<F extends string = string> = F | readonly [F, ...string[]]

type Scalar = string | number | boolean | null

/**
 * What is asked of one value. Numbers compare by size and texts by code unit; a value of another type than the one asked
 * for is neither less nor greater. `contains`, `startsWith` and `endsWith` are about texts, letter case aside; in an object or a
 * list `contains` looks at every value there is, however deep, and at no name. `is`, `isNot` and `matches` are about a value
 * written as text (`textOf`), and hold for none that is absent or null: `is` for one of these texts, `isNot` for any other,
 * `matches` for one with a part that a regular expression fits, letter case aside (RE2's syntax).
 */
export type Comparison<F extends string = string> = { readonly path: Path<F> } & (
  | { readonly op: 'eq' | 'ne'; readonly value: Scalar }
  | { readonly op: 'lt' | 'lte' | 'gt' | 'gte'; readonly value: string | number }
  | { readonly op: 'in'; readonly value: readonly Scalar[] }
  | { readonly op: 'contains' | 'startsWith' | 'endsWith' | 'matches'; readonly value: string }
  | { readonly op: 'is' | 'isNot'; readonly value: readonly string[] }
)

/** What records a query is about. */
export type Predicate<F extends string = string> =
  | { readonly and: readonly Predicate<F>[] }
  | { readonly or: readonly Predicate<F>[] }
  | Comparison<F>

/** One key of an order. Null is below everything, and what is absent below null. */
export interface Sort<F extends string = string> {
  readonly path: Path<F>
  readonly descending?: boolean
  /** Where null and what is absent come, before this key is turned round: above everything, null first. */
  readonly nulls?: 'last'
}

/** What a query and a stream have in common. */
export interface Selection<F extends string = string> {
  /** All records without it. Equality on an indexed field, `is` for a unique text or a pointer, or a search of a searchable field needs no scan. */
  readonly where?: Predicate<F> | undefined
  /** The most significant key first; the id decides between equals, in the last key's direction unless it is a key itself. By id without it. */
  readonly sort?: readonly Sort<F>[] | undefined
}

export interface Query<F extends string = string> extends Selection<F> {
  /** How many records to pass over; 0 without it. */
  readonly offset?: number | undefined
  /** How many records to return at most. 0 only counts. */
  readonly limit: number
}

/** The predicate that some fields have these values; what is undefined is not asked for. */
export function equal<F extends string>(
  values: Readonly<Partial<Record<F, Scalar | undefined>>>,
): Predicate<F> {
  const and: Comparison<F>[] = []
  for (const field in values) {
    const value = values[field]
    if (value !== undefined) and.push({ path: field, op: 'eq', value })
  }
  return { and }
}

/** Of what a selection is about, the records in which some fields have these values. */
export function narrowed<S extends Selection>(
  selection: S,
  values: Readonly<Record<string, Scalar>>,
): S {
  const have = equal(values)
  const { where } = selection
  return { ...selection, where: where ? { and: [have, where] } : have }
}

/** The predicate that a text is in a field, letter case aside. */
export function contains<F extends string>(path: F, value: string): Comparison<F> {
  return { path, op: 'contains', value }
}

/**
 * A value written as text, as JavaScript has it: a list as its elements with commas between them, nothing for null; an object,
 * whatever is in it, as `[object Object]`.
 * @returns undefined where there is nothing, or null
 */
export function textOf(value: unknown): string | undefined {
  if (value === undefined || value === null) return undefined
  // An object can have fields with the names of the methods by which JavaScript makes a text of it.
  if (typeof value !== 'object') return String(value)
  if (!Array.isArray(value)) return '[object Object]'
  return value.map((each) => textOf(each) ?? '').join(',')
}
