import { simplified } from '../order.js'
import { namesOf } from '../paths.js'
import type { Sort } from '../query.js'
import type { Parameters } from './condition.js'
import { valueAt } from './paths.js'
import type { Table } from './table.js'

/** An order of records by their columns, as an index can have it; the id decides between equals. */
export function nativeOrder(table: Table, sort: readonly Sort[]): string {
  return orderBy(table, sort, undefined)
}

/**
 * An order of records, as SQL has it.
 * @param parameters for paths into JSON, which no index has
 */
export function orderBy(
  table: Table,
  sort: readonly Sort[],
  parameters: Parameters | undefined,
): string {
  const keys = simplified(sort)
  const parts = keys.flatMap((key) => {
    const [field = '', ...names] = namesOf(key.path)
    const column = table.columnOf(field)
    if (!column) return []
    const direction = key.descending ? 'desc' : 'asc'
    // Null is below everything, unless it is to be above.
    const isNullLast = (key.nulls === 'last') !== (key.descending ?? false)
    const nulls = isNullLast ? 'nulls last' : 'nulls first'
    if (column.kind !== 'json') {
      return names.length > 0 ? [] : [`${column.sql} ${direction} ${nulls}`]
    }
    if (!parameters) throw table.unanswerable(`index for ${JSON.stringify(sort)}`)
    const value = valueAt(column, names, parameters)
    const rank = `${table.database.qualified('rank_of')}(${value}, ${key.nulls === 'last'})`
    const number = `${table.database.qualified('number_of')}(${value})`
    const text = `${table.database.qualified('string_of')}(${value}) collate "C"`
    return [rank, number, text].map((part) => `${part} ${direction}`)
  })
  const last = keys.at(-1)
  return [...parts, `id ${last?.descending ? 'desc' : 'asc'}`].join(', ')
}
