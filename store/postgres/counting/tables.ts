import { literal, quoted } from '../database.js'
import { declared, type Table } from '../table.js'
import { statementTriggers } from '../triggers.js'
import { countFunction } from './function.js'
import { columnsOf, keysOf, nameIn, ordersOf } from './orders.js'

/** How many records each collection has, but for its changes since: a migration's part. */
export const COUNTS_TABLE = `
create table counts (
  collection text primary key,
  records bigint not null
);
`

/**
 * What counts a table's records, so that no total and no page takes longer the more there are.
 *
 * Whoever adds, changes or removes a record adds what that changes to a list, and so waits for nobody. Now and then (`counter.ts`) the
 * list goes into the counts, in one step: that of all records, and those of blocks, which are parts of an order of the records that
 * share some values (`function.ts`). What was counted and the list since together are the records of any moment, to whoever looks at
 * all of them with one statement (`reading.ts`). There are blocks only where somebody has asked for what takes long without.
 */
export function countingOf(table: Table): readonly string[] {
  const { database, name, sql, tableName } = table
  const [changes, blocks, note] = [
    nameIn(table, 'changes'),
    nameIn(table, 'blocks'),
    nameIn(table, 'note'),
  ]
  const orders = ordersOf(table)
  const columns = columnsOf(orders)
  const added = columns.map((column) => `add column if not exists ${declared(column)}`)
  const counts = database.qualified('counts')
  return [
    `create table if not exists ${changes} ("change/" integer not null, id bigint not null)`,
    // A block has what is from its keys and id on, up to where the next one begins.
    `create table if not exists ${blocks} (
      "number/" bigint generated always as identity primary key,
      "order/" text not null, "records/" bigint not null, id bigint not null
    )`,
    ...(added.length > 0
      ? [changes, blocks].map((each) => `alter table ${each} ${added.join(', ')}`)
      : []),
    ...orders.map((order) => {
      const parts = [...order.fields.map((column) => column.sql), keysOf(order)]
      const index = quoted(table.nameOf('blocks', order.name))
      return `create index if not exists ${index} on ${blocks} (${parts.join(', ')}) where "order/" = ${literal(order.name)}`
    }),
    noteFunction(table, note),
    countFunction(table, orders),
    statementTriggers('changes', tableName, `${note}()`, ['insert', 'delete']),
    ...updateTrigger(
      tableName,
      note,
      columns.map((column) => column.sql),
    ),
    // It begins with what is there: nobody can add any before it is made.
    `delete from ${changes}`,
    `delete from ${blocks}`,
    `insert into ${counts} select ${literal(name)}, count(*) from ${sql}
      on conflict (collection) do update set records = excluded.records`,
  ]
}

/** Adds to the list of changes. */
function noteFunction(table: Table, note: string): string {
  const columns = columnsOf(ordersOf(table)).map(({ sql }) => sql)
  const names = ['"change/"', 'id', ...columns].join(', ')
  const insert = `insert into ${nameIn(table, 'changes')} (${names})`
  const of = (row: string) => ['id', ...columns].map((column) => `${row}.${column}`).join(', ')
  return `create or replace function ${note}() returns trigger language plpgsql as ${literal(`
    begin
      if tg_op = 'INSERT' then ${insert} select 1, ${of('new_row')} from new_rows new_row;
      elsif tg_op = 'DELETE' then ${insert} select -1, ${of('old_row')} from old_rows old_row;
      else ${insert} values (-1, ${of('old')}), (1, ${of('new')});
      end if;
      return null;
    end`)}`
}

/** An update changes no count unless it moves the record in an order: the others aren't to pay for those. */
function updateTrigger(
  tableName: string,
  note: string,
  columns: readonly string[],
): readonly string[] {
  const name = quoted('changes_update')
  const table = quoted(tableName)
  if (columns.length === 0) return [`drop trigger if exists ${name} on ${table}`]
  const isMoved = columns.map((column) => `old.${column} is distinct from new.${column}`)
  return [
    `create or replace trigger ${name} after update of ${columns.join(', ')} on ${table} for each row
      when (${isMoved.join(' or ')}) execute function ${note}()`,
  ]
}
