import { literal } from '../database.js'
import type { Projection } from '../projection.js'
import type { Table } from '../table.js'
import { type CountedOrder, type Direction, keysOf, nameIn, orderByOf } from './orders.js'

/** How many records a collection has, in SQL. */
export function totalOf(table: Table): string {
  const { database, name } = table
  const counted = `select records from ${database.qualified('counts')} where collection = ${literal(name)}`
  const since = `select sum("change/") from ${nameIn(table, 'changes')}`
  return `coalesce((${counted}), 0) + coalesce((${since}), 0)`
}

/**
 * How many records share some values, in SQL: null where nobody counts them.
 * @param where that they do
 */
export function countedIn(table: Table, order: CountedOrder, where: string): string {
  const [changes, blocks] = [nameIn(table, 'changes'), nameIn(table, 'blocks')]
  return `(select sum("records/") from ${blocks} where "order/" = ${literal(order.name)} and ${where})::bigint
    + (select coalesce(sum("change/"), 0) from ${changes} where ${where})`
}

/** What is read of how many records, and how many are before them; in SQL. */
interface Part extends Pick<Projection<unknown>, 'columns' | 'join'> {
  readonly limit: string
  readonly offset: string
}

/**
 * A page far from either end of the records that share some values, with `total` in each of its rows: no more than two blocks' length
 * is passed over. It finds nothing where nobody counts them.
 * @param where that they do
 */
export function farPage(
  table: Table,
  order: CountedOrder,
  direction: Direction,
  where: string,
  { columns, join, limit, offset }: Part,
): string {
  const [changes, blocks] = [nameIn(table, 'changes'), nameIn(table, 'blocks')]
  const keys = keysOf(order)
  const upwards = orderByOf(order)
  // Blocks begin at their lower ends. Whoever goes down passes over what is below the page.
  const [before, size] =
    direction === 'asc'
      ? [offset, limit]
      : [
          `greatest("total/" - ${offset} - ${limit}, 0)`,
          `greatest(least(${limit}, "total/" - ${offset}), 0)`,
        ]
  const from = [...order.keys.map(({ sql }) => sql), 'id'].map(
    (key) => `(select ${key} from start)`,
  )
  return `
    with points as materialized (
      select ${keys}, "records/" as "change/", true as "begins/" from ${blocks}
      where "order/" = ${literal(order.name)} and ${where}
      union all select ${keys}, "change/", false from ${changes} where ${where}
    ), counted as materialized (
      select sum("change/")::bigint as "total/" from points having bool_or("begins/")
    ), start as materialized (
      select ${keys}, "total/", ${before} - "before/" as skipped, ${size} as size from (
        select *, coalesce(sum("change/") over (
          order by ${upwards}, "begins/" desc rows between unbounded preceding and 1 preceding
        ), 0)::bigint as "before/" from points
      ) point, counted
      where "begins/" and "before/" <= ${before} order by ${orderByOf(order, 'desc')} limit 1
    )
    select ${columns}, (select "total/" from start) as total from ${table.sql} ${join} where id = any(array(
      select id from ${table.sql} where ${where} and (${keys}) >= (${from.join(', ')})
      order by ${upwards} limit (select size from start) offset (select skipped from start)
    )) order by ${orderByOf(order, direction)}`
}
