import { literal } from '../database.js'
import type { Table } from '../table.js'
import { type CountedOrder, keysOf, lowestOf, nameIn, orderByOf, sharing } from './orders.js'

/** How many records a new block has: one of twice as many is divided. */
export const BLOCK = 2_048

/** Lets one at a time count a table's changes, or do away with all that is known of them. */
export function countingLock({ sql }: Table): string {
  return `hashtext('slipway counting'), hashtext(${literal(sql)})`
}

/**
 * A function that puts the list of changes into the counts, and says how many there were, divides blocks that have grown too long, and does away with those that
 * have nothing; unless another is just at it. It waits for nobody, and nobody for it.
 *
 * Each statement of it sees one moment, in which a block's count is that of its records, but for the changes in the list. That is what
 * it leaves them by, and only one at a time does.
 *
 * Called with an order's name and a record's id, it also begins to count, in that order, those that share the record's values.
 */
export function countFunction(table: Table, orders: readonly CountedOrder[]): string {
  const { database, name } = table
  const [count, changes, blocks] = [
    nameIn(table, 'count'),
    nameIn(table, 'changes'),
    nameIn(table, 'blocks'),
  ]
  const counts = database.qualified('counts')
  return `create or replace function ${count}(text, bigint) returns bigint language plpgsql as ${literal(`
    #variable_conflict use_column
    declare
      counted bigint;
      long record;
    begin
      if not pg_try_advisory_xact_lock(${countingLock(table)}) then return null; end if;
      with gone as (delete from ${changes} returning *)
      ${orders.map((order, at) => `, moved_${at} as (${moving(blocks, order)})`).join('')}
      , total as (
        insert into ${counts} as total select ${literal(name)}, coalesce(sum("change/"), 0) from gone
        on conflict (collection) do update set records = total.records + excluded.records
      )
      select count(*) into counted from gone;
      ${orders.map((order) => clearing(blocks, order)).join('')}
      ${orders.map((order) => beginning(table, order)).join('')}
      ${orders.map((order) => dividing(table, order)).join('')}
      return counted;
    end`)}`
}

/** Counts each change that has gone from the list in the block that it is in. */
function moving(blocks: string, order: CountedOrder): string {
  return `
    update ${blocks} block set "records/" = block."records/" + part.change from (
      select sum("change/") as change, (
        select "number/" from ${blocks}
        where ${isIn(order, 'gone.')} and (${keysOf(order)}) <= (${keysOf(order, 'gone.')})
        order by ${orderByOf(order, 'desc')} limit 1
      ) as number from gone group by number
    ) part where part.number = block."number/"`
}

/** Does away with blocks of nothing; with the first of them where it is the only one. */
function clearing(blocks: string, order: CountedOrder): string {
  return `
    delete from ${blocks} block where "order/" = ${literal(order.name)} and "records/" = 0 and (
      id > 0 or not exists (select from ${blocks} where ${isIn(order, 'block.')} and id > 0)
    );`
}

/** Makes one block of all records that share a record's values. */
function beginning(table: Table, order: CountedOrder): string {
  const [changes, blocks] = [nameIn(table, 'changes'), nameIn(table, 'blocks')]
  const fields = order.fields.map(({ sql }) => sql)
  const isSame = sharing(order, 'like_it.')
  const one =
    fields.length > 0 ? `select ${fields.join(', ')} from ${table.sql} where id = $2` : 'select'
  return `
    if $1 = ${literal(order.name)} then
      insert into ${blocks} (${['"order/"', ...fields, keysOf(order), '"records/"'].join(', ')})
      select ${[literal(order.name), ...fields, lowestOf(order)].join(', ')},
        (select count(*) from ${table.sql} where ${isSame})
          - (select coalesce(sum("change/"), 0) from ${changes} where ${isSame})
      from (${one}) like_it
      where ${['true', ...fields.map((field) => `${field} is not null`)].join(' and ')}
        and not exists (select from ${blocks} where ${isIn(order, 'like_it.')});
    end if;`
}

/** Divides blocks that are too long: what their records are then in is counted anew, but for the last part, which has the rest. */
function dividing(table: Table, order: CountedOrder): string {
  const [changes, blocks] = [nameIn(table, 'changes'), nameIn(table, 'blocks')]
  const fields = order.fields.map(({ sql }) => sql)
  const keys = keysOf(order)
  const isSame = sharing(order, 'long.')
  const begin = keysOf(order, 'long.')
  const upwards = orderByOf(order)
  return `
    for long in select * from ${blocks} where "order/" = ${literal(order.name)} and "records/" > ${2 * BLOCK} loop
      with next as materialized (
        select ${keys} from ${blocks} where ${isIn(order, 'long.')} and (${keys}) > (${begin})
        order by ${upwards} limit 1
      ), placed as (
        select ${keys}, row_number() over (order by ${upwards}) - 1 as place from (
          select ${keys} from ${table.sql} where ${isSame} and (${keys}) >= (${begin})
          order by ${upwards} limit long."records/"
        ) near
      ), parts as materialized (
        select ${keys}, place / ${BLOCK} as part from placed
        where place % ${BLOCK} = 0 and coalesce((${keys}) < (select ${keys} from next), true)
      ), moved as materialized (
        select sum("change/") as change, coalesce((
          select max(part) from parts where (${keysOf(order, 'parts.')}) <= (${keysOf(order, 'change.')})
        ), 0) as part
        from ${changes} change where ${isSame} and (${keys}) >= (${begin}) group by 2
      ), counted as materialized (
        select parts.*, ${BLOCK} - coalesce(change, 0) as records, part = max(part) over () as is_last
        from parts left join moved using (part)
      ), added as (
        insert into ${blocks} (${['"order/"', ...fields, keys, '"records/"'].join(', ')})
        select ${[literal(order.name), ...fields.map((field) => `long.${field}`), keys].join(', ')},
          case when is_last then long."records/" - (select sum(records) from counted where not is_last) else records end
        from counted where part > 0
      )
      update ${blocks} set "records/" = records from counted
        where "number/" = long."number/" and part = 0 and not is_last;
    end loop;`
}

/** That a block is of an order, and of the records that share the values of a row. */
function isIn(order: CountedOrder, of: string): string {
  return `"order/" = ${literal(order.name)} and ${sharing(order, of)}`
}
