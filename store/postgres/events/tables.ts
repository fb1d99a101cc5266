import { type Database, literal } from '../database.js'
import { statementTriggers } from '../triggers.js'

/**
 * What has happened to records, for whoever watches: a migration's part.
 *
 * A collection's events are written while a process watches it, in the step that makes them. A step gets its place when all that it
 * does is done, and no other gets one before it is committed: so places are seen in their order, and whoever has seen one has seen all
 * before it. It waits for no row then, so two of them can't wait for each other.
 */
export function eventTables(database: Database): string {
  const [watching, steps, events] = ['watching', 'steps', 'events'].map((name) =>
    database.qualified(name),
  )
  // Every write calls the function, and mostly for nothing: with a path of its own, that would take it as long as the write.
  return `
create table watching (
  collection text collate "C" not null,
  process uuid not null references processes on delete cascade,
  primary key (collection, process)
);
create index watching_by_process on watching (process);

create sequence places;

create table steps (
  transaction xid8 primary key,
  place bigint unique,
  placed_at timestamptz
);

-- The last place of what was swept, in one row: whoever is behind it has missed something.
create table swept (
  id boolean primary key default true check (id),
  place bigint not null
);

create table events (
  id bigint generated always as identity primary key,
  transaction xid8 not null,
  collection text collate "C" not null,
  kind text not null,
  record json not null,
  before json
);
create index events_by_transaction on events (transaction, id);

create function write_events() returns trigger language plpgsql as $$
declare step xid8;
begin
  if not exists (select from ${watching} where collection = tg_argv[0]) then return null; end if;
  step := pg_current_xact_id();
  insert into ${steps} values (step) on conflict do nothing;
  if tg_op = 'INSERT' then
    insert into ${events} (transaction, collection, kind, record)
      select step, tg_argv[0], 'created', row_to_json(new_row) from new_rows new_row order by new_row.id;
  elsif tg_op = 'DELETE' then
    insert into ${events} (transaction, collection, kind, record)
      select step, tg_argv[0], 'deleted', row_to_json(old_row) from old_rows old_row order by old_row.id;
  else
    insert into ${events} (transaction, collection, kind, record, before)
      select step, tg_argv[0], 'updated', row_to_json(new_row), row_to_json(old_row)
      from new_rows new_row join old_rows old_row using (id) order by id;
  end if;
  return null;
end $$;

create function place_step() returns trigger language plpgsql set search_path from current as $$
begin
  perform pg_advisory_xact_lock(hashtextextended(current_schema() || '.steps', 0));
  update steps set place = nextval('places'), placed_at = clock_timestamp() where transaction = new.transaction;
  perform pg_notify(current_schema(), 'events');
  return null;
end $$;

create constraint trigger step_begun after insert on steps
  deferrable initially deferred for each row execute function place_step();
`
}

/** What writes a table's events. */
export function eventTriggers(table: string, collection: string): string {
  return statementTriggers('events', table, `write_events(${literal(collection)})`)
}
