import type { Queue } from '../../declaration.js'
import { type Database, literal, quoted } from '../database.js'
import { statementTriggers } from '../triggers.js'

/**
 * Which waiting records have been taken, one of each of those whom they are for, and until when; and whose was the last turn: a
 * migration's part. Whoever changes a row of `jobs` has locked its record's first.
 */
export function jobTables(database: Database): string {
  // Every write of what can wait calls the function: with a path of its own, that would be planned anew each time.
  return `
create table jobs (
  collection text collate "C" not null,
  whose bigint not null,
  record bigint not null,
  lease uuid not null unique,
  ends timestamptz not null,
  primary key (collection, whose)
);
create index jobs_by_record on jobs (collection, record);

create table turns (
  collection text collate "C" primary key,
  whose bigint not null
);

create function end_jobs(ended_in text, ended bigint[]) returns void language plpgsql as $$
begin
  delete from ${database.qualified('jobs')} where collection = ended_in and record = any(ended);
  if found then perform pg_notify(${literal(database.schema)}, 'jobs'); end if;
end $$;
`
}

/** What ends the jobs of a table's records that wait no more. */
export function jobTriggers(
  database: Database,
  table: string,
  collection: string,
  queue: Queue,
): string {
  const name = database.qualified(`${table}_jobs`)
  const endsOf = (rows: string) =>
    `perform ${database.qualified('end_jobs')}(${literal(collection)}, (select array_agg(id) from ${rows}));`
  return `
create or replace function ${name}() returns trigger language plpgsql as $$
begin
  if tg_op = 'DELETE' then ${endsOf('old_rows')}
  else ${endsOf(`new_rows where ${quoted(queue.field)} is distinct from ${literal(queue.waiting)}`)}
  end if;
  return null;
end $$;
${statementTriggers('jobs', table, `${name}()`, ['update', 'delete'])}
insert into turns values (${literal(collection)}, 0) on conflict do nothing;
`
}
