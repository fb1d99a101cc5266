import { type Fields, indexesOf } from '../../access.js'
import type { Index } from '../../declaration.js'
import { simplified } from '../../order.js'
import { namesOf } from '../../paths.js'
import { conjunctsOf } from '../../predicate.js'
import type { Predicate, Selection, Sort } from '../../query.js'
import { literal } from '../database.js'
import type { Column, Kind, Table } from '../table.js'

/** What is below every value of a column, and what JavaScript calls the type of these. JSON has no order that an index has. */
const KINDS: Readonly<Partial<Record<Kind, { readonly lowest: string; readonly type: string }>>> = {
  bigint: { lowest: `${-(2n ** 63n)}`, type: 'number' },
  boolean: { lowest: 'false', type: 'boolean' },
  'double precision': { lowest: '-Infinity', type: 'number' },
  text: { lowest: '', type: 'string' },
}

/** An order that an index has of the records that share the values of some fields, upwards: in it they can be counted by blocks. */
export interface CountedOrder {
  /** Tells it from the table's others. */
  readonly name: string
  /** What the records share the values of. */
  readonly fields: readonly Column[]
  /** What they are ordered by, before the id. */
  readonly keys: readonly Column[]
  /** The names of these. */
  readonly by: string
}

export type Direction = 'asc' | 'desc'

/** Some records that share values. */
export interface Group {
  readonly order: CountedOrder
  /** By the names of the order's fields. */
  readonly values: Fields
  /** Which way they are asked for in this order; undefined where it is in another. */
  readonly direction: Direction | undefined
}

/** The orders in which a table's records can be counted, each once. */
export function ordersOf(table: Table): readonly CountedOrder[] {
  const all = indexesOf(table.declaration).flatMap((index) => orderOf(table, index) ?? [])
  return [...new Map(all.map((order) => [order.name, order])).values()]
}

/** The columns that some orders are of, each once, but for the id. */
export function columnsOf(orders: readonly CountedOrder[]): readonly Column[] {
  return [...new Set(orders.flatMap(({ fields, keys }) => [...fields, ...keys]))]
}

/** What comes first in an order, in SQL: its keys, and the id. */
export function keysOf({ keys }: CountedOrder, of = ''): string {
  return [...keys.map(({ sql }) => of + sql), `${of}id`].join(', ')
}

/** An order, or its reverse, as an index has it. */
export function orderByOf({ keys }: CountedOrder, direction: Direction = 'asc'): string {
  const nulls = direction === 'asc' ? 'nulls first' : 'nulls last'
  const parts = keys.map(({ sql }) => `${sql} ${direction} ${nulls}`)
  return [...parts, `id ${direction}`].join(', ')
}

/** What is below every record, in SQL: as keys and id, of which no record has 0. */
export function lowestOf({ keys }: CountedOrder): string {
  const lowest = keys.map(({ kind }) => `${literal(KINDS[kind]?.lowest ?? '')}::${kind}`)
  return [...lowest, '0'].join(', ')
}

/**
 * The records that a query is about, where they can be counted by blocks.
 * @returns undefined where it asks for anything else than that some fields have values
 */
export function groupOf(
  orders: readonly CountedOrder[],
  { where, sort = [] }: Selection,
): Group | undefined {
  const values = valuesOf(where)
  if (!values) return undefined
  const size = Object.keys(values).length
  const shared = orders.filter(
    ({ fields }) =>
      fields.length === size && fields.every(({ field, kind }) => isOf(kind, values[field])),
  )
  const [first] = shared
  const wanted = keysIn(sort)
  const by = wanted?.names.join()
  const order = shared.find((each) => each.by === by)
  if (order && wanted) return { order, values, direction: wanted.direction }
  // In whichever order, there are as many.
  return first && { order: first, values, direction: undefined }
}

function orderOf(table: Table, { fields, sort = [] }: Index): CountedOrder | undefined {
  const names = keysIn(sort)?.names
  if (!names) return undefined
  const shared = columnsIn(table, fields)
  const keys = columnsIn(table, names).filter(({ field }) => isThere(table, field))
  if (shared.length < fields.length || keys.length < names.length) return undefined
  const by = names.join()
  return { name: `${fields.join()}/${by}`, fields: shared, keys, by }
}

/** The columns of some fields, but for those whose values have no order that an index has. */
function columnsIn(table: Table, fields: readonly string[]): readonly Column[] {
  return fields.flatMap((field) => {
    const column = table.columnOf(field)
    return column && KINDS[column.kind] ? [column] : []
  })
}

/** What an order is by, before the id; undefined where it goes up by one and down by another, or into objects. */
function keysIn(sort: readonly Sort[]) {
  const keys = simplified(sort)
  const [{ descending: isDescending = false } = {}] = keys
  const isOneWay = keys.every(({ descending = false }) => descending === isDescending)
  const paths = keys.map(({ path }) => namesOf(path))
  if (!isOneWay || paths.some(({ length }) => length > 1)) return undefined
  const direction: Direction = isDescending ? 'desc' : 'asc'
  return { names: paths.flat().filter((name) => name !== 'id'), direction }
}

/** Whether a field is never null. */
function isThere({ declaration }: Table, field: string): boolean {
  const type: unknown = declaration.properties[field]?.type
  return typeof type === 'string' && type !== 'null'
}

/** The values that a predicate asks fields for; undefined where it asks for anything else. */
function valuesOf(where: Predicate | undefined): Fields | undefined {
  const values: Record<string, unknown> = {}
  for (const each of conjunctsOf(where)) {
    const isValue = 'op' in each && each.op === 'eq' && typeof each.path === 'string'
    if (!isValue || typeof each.path !== 'string' || Object.hasOwn(values, each.path)) {
      return undefined
    }
    values[each.path] = each.value
  }
  return values
}

/** Whether a value can be a column's. */
function isOf(kind: Kind, value: unknown): boolean {
  return typeof value === KINDS[kind]?.type && (kind !== 'bigint' || Number.isSafeInteger(value))
}

/** That records share the values of a row, or what else stands before the names of columns, in SQL. */
export function sharing({ fields }: CountedOrder, of: string): string {
  return ['true', ...fields.map(({ sql }) => `${sql} = ${of}${sql}`)].join(' and ')
}

/** The name of something that belongs to a table, in SQL. */
export function nameIn(table: Table, part: string): string {
  return table.database.qualified(table.nameOf(part))
}
