import { type Database, literal, quoted } from '../database.js'
import { statementTriggers } from '../triggers.js'

/** How many bytes a row of `chunks` has, but for a content's last. What is stored is counted by it, so it never changes. */
export const CHUNK = 256 * 1024

/** What a trigger refuses with: a record refers to a content that isn't there. The detail is its hash. */
export const MISSING_CONTENT = 'SW001'

/** What an upload is refused with when there are as many bytes as there may be. */
export const STORAGE_FULL = 'SW002'

/** What an upload is refused with whose process was taken for dead. */
export const HOLD_LOST = 'SW003'

/**
 * The tables of files, and the functions that keep them: a migration's part.
 *
 * A content has its hash for as long as it is whole and somebody has it: records, which are counted, or a process that holds it while
 * it arrives, is about to be referred to, or is read. Who takes the last of these away takes the hash and the size with it, in the same
 * step: from then on nobody can find the content, and it takes no room. Its rows go later, some at a time (`sweep_contents`), since
 * there can be many. Whoever decides about a content has locked its row first, and looks at the rest in a statement of its own, which
 * sees what was committed meanwhile.
 */
export function fileTables(database: Database): string {
  const [contents, holds] = ['contents', 'holds'].map((name) => database.qualified(name))
  return `
create table contents (
  id bigint generated always as identity primary key,
  sha256 text collate "C" unique,
  size bigint not null default 0,
  reference_count bigint not null default 0
);
create index contents_unused on contents (id) where reference_count = 0;

create table chunks (
  content bigint not null,
  number integer not null,
  bytes bytea not null,
  primary key (content, number)
);
-- What is uploaded is mostly compressed already, and a part of it is read without the rest.
alter table chunks alter bytes set storage external;

create table holds (
  id uuid primary key,
  content bigint not null references contents on delete cascade,
  process uuid not null references processes on delete cascade
);
create index holds_by_content on holds (content);
create index holds_by_process on holds (process);

-- How many bytes there are: the sum of its rows, so that who adds to it or takes away waits for nobody.
create table storage (bytes bigint not null);

create function weigh_content() returns trigger language plpgsql set search_path from current as $$
begin
  insert into storage values (case tg_op when 'INSERT' then new.size else new.size - old.size end);
  return null;
end $$;
create trigger content_arrived after insert on contents
  for each row when (new.size <> 0) execute function weigh_content();
create trigger content_weighed after update on contents
  for each row when (new.size <> old.size) execute function weigh_content();

-- Uploads are let in one after the other. To be called last, so that nobody waits for who waits here.
create function require_storage(most bigint) returns void language plpgsql set search_path from current as $$
declare total bigint; parts bigint;
begin
  perform pg_advisory_xact_lock(hashtextextended(current_schema() || '.storage', 0));
  select sum(bytes), count(*) into total, parts from storage;
  if total > most then
    raise exception 'there are as many bytes as may be' using errcode = '${STORAGE_FULL}';
  end if;
  if parts > 100 then
    with part as (delete from storage returning bytes) insert into storage select sum(bytes) from part;
  end if;
end $$;

create function store_chunks(content bigint, first integer, bytes bytea) returns void language sql set search_path from current as $$
  insert into chunks
  select content, first + at / ${CHUNK}, substr(bytes, at + 1, ${CHUNK})
  from generate_series(0, length(bytes) - 1, ${CHUNK}) at
$$;

-- Begins an upload. What is stored before a record refers to it may be lost with the database's machine: whoever then commits
-- that record has all of it written first.
create function begin_content(hold uuid, process uuid) returns bigint language plpgsql set search_path from current as $$
declare begun bigint;
begin
  perform set_config('synchronous_commit', 'off', true);
  insert into contents default values returning id into begun;
  insert into holds values (hold, begun, process);
  return begun;
end $$;

create function add_chunks(begun bigint, held uuid, first integer, bytes bytea, most bigint) returns void language plpgsql set search_path from current as $$
begin
  perform set_config('synchronous_commit', 'off', true);
  perform from contents where id = begun for update;
  if not exists (select from holds where id = held) then
    raise exception 'the hold on it has ended' using errcode = '${HOLD_LOST}';
  end if;
  perform store_chunks(begun, first, bytes);
  update contents set size = size + length(bytes) where id = begun;
  perform require_storage(most);
end $$;

-- Ends an upload: gives the content its hash, or the hold to the one that has it already.
create function finish_content(begun bigint, held uuid, hash text) returns void language plpgsql set search_path from current as $$
declare same bigint;
begin
  perform set_config('synchronous_commit', 'off', true);
  loop
    select id into same from contents where sha256 = hash for update;
    exit when found;
    begin
      update contents set sha256 = hash where id = begun and exists (select from holds where id = held);
      same := begun;
      exit;
    exception when unique_violation then
      -- Another of the same was faster.
    end;
  end loop;
  update holds set content = same where id = held;
  if not found then
    raise exception 'the hold on it has ended' using errcode = '${HOLD_LOST}';
  end if;
  if same <> begun then perform let_go(begun); end if;
end $$;

-- Takes in what has come in one piece.
create function receive_content(hold uuid, process uuid, hash text, bytes bytea, most bigint) returns void language plpgsql set search_path from current as $$
declare same bigint;
begin
  perform set_config('synchronous_commit', 'off', true);
  loop
    select id into same from contents where sha256 = hash for update;
    exit when found;
    insert into contents (sha256, size) values (hash, length(bytes)) on conflict (sha256) do nothing returning id into same;
    if found then
      perform store_chunks(same, 0, bytes);
      insert into holds values (hold, same, process);
      perform require_storage(most);
      return;
    end if;
  end loop;
  insert into holds values (hold, same, process);
end $$;

-- Holds a content while it is read. Answers whether it is still there.
create function hold_content(hold uuid, process uuid, wanted bigint) returns boolean language plpgsql set search_path from current as $$
begin
  perform set_config('synchronous_commit', 'off', true);
  perform from contents where id = wanted and sha256 is not null for share;
  if not found then return false; end if;
  insert into holds values (hold, wanted, process);
  return true;
end $$;

create function release_hold(held uuid) returns void language plpgsql set search_path from current as $$
declare released bigint;
begin
  delete from holds where id = held returning content into released;
  if found then perform let_go(released); end if;
end $$;

-- Takes the hash of a content that nobody has.
create function let_go(released bigint) returns void language plpgsql set search_path from current as $$
begin
  perform from contents where id = released for update;
  update contents set sha256 = null, size = 0
    where id = released and reference_count = 0 and not exists (select from holds where content = released);
  if found then perform pg_notify(current_schema(), 'files'); end if;
end $$;

-- The hashes in a field that holds a file, a list of them, or null.
create function hashes_in(files json) returns setof text language sql immutable as $$
  select files ->> 'sha256' where json_typeof(files) = 'object'
  union all
  select file ->> 'sha256' from json_array_elements(case json_typeof(files) when 'array' then files end) file
$$;

-- Records refer to some contents now, and to others no more. Every write of what has files calls it: with a path of its own, it would be
-- planned anew each time.
create function count_references(added text[], removed text[]) returns void language plpgsql as $$
declare hashes text[]; counts bigint[]; missing text;
begin
  select array_agg(hash order by hash collate "C"), array_agg(n order by hash collate "C") into hashes, counts
  from (
    select hash, sum(by) n from (select unnest(added), 1 union all select unnest(removed), -1) change(hash, by)
    where hash is not null group by hash having sum(by) <> 0
  ) changed;
  if hashes is null then return; end if;
  -- In one order, so that no two wait for each other.
  perform from ${contents} where sha256 = any(hashes) order by sha256 for update;
  select hash into missing from unnest(hashes, counts) changed(hash, n)
    where n > 0 and not exists (select from ${contents} where sha256 = hash);
  if found then
    raise exception 'no content % is kept', missing using errcode = '${MISSING_CONTENT}', detail = missing;
  end if;
  update ${contents} content set reference_count = reference_count + n
    from unnest(hashes, counts) changed(hash, n) where sha256 = hash;
  update ${contents} content set sha256 = null, size = 0
    where sha256 = any(hashes) and reference_count = 0 and not exists (select from ${holds} hold where hold.content = content.id);
  if found then perform pg_notify(${literal(database.schema)}, 'files'); end if;
end $$;

-- Deletes rows of what nobody has any more, some at a time. Several processes can do it at once: none waits for another.
-- Answers 'more' where there is more to do, 'busy' where another is doing the rest, 'done' where there is none.
create function sweep_contents() returns text language plpgsql set search_path from current as $$
declare unused bigint; deleted bigint; room bigint := 64;
begin
  perform set_config('synchronous_commit', 'off', true);
  -- What those had who have died.
  perform let_go(id) from contents
    where reference_count = 0 and (sha256 is not null or size > 0)
      and not exists (select from holds where content = contents.id);
  for unused in
    select id from contents where reference_count = 0 and sha256 is null
      and not exists (select from holds where content = contents.id)
    order by id limit 256 for update skip locked
  loop
    delete from chunks where content = unused
      and number in (select number from chunks where content = unused order by number limit room);
    get diagnostics deleted = row_count;
    room := room - deleted;
    exit when room = 0;
    delete from contents where id = unused;
  end loop;
  if unused is not null then return 'more'; end if;
  return case when exists (
    select from contents where reference_count = 0 and sha256 is null
      and not exists (select from holds where content = contents.id)
  ) then 'busy' else 'done' end;
end $$;
`
}

/**
 * What counts the records of a table that refer to contents.
 * @param fields its columns with files
 */
export function fileTriggers(database: Database, table: string, fields: readonly string[]): string {
  const [hashesIn, count] = ['hashes_in', 'count_references'].map((name) =>
    database.qualified(name),
  )
  const hashesOf = (rows: string) => {
    const parts = fields.map((field) => `select ${hashesIn}(${quoted(field)}) hash from ${rows}`)
    return `(select array_agg(hash) from (${parts.join(' union all ')}) part)`
  }
  const name = database.qualified(`${table}_files`)
  return `
create or replace function ${name}() returns trigger language plpgsql as $$
begin
  if tg_op = 'INSERT' then perform ${count}(${hashesOf('new_rows')}, null);
  elsif tg_op = 'DELETE' then perform ${count}(null, ${hashesOf('old_rows')});
  else perform ${count}(${hashesOf('new_rows')}, ${hashesOf('old_rows')});
  end if;
  return null;
end $$;
${statementTriggers('files', table, `${name}()`)}
`
}
