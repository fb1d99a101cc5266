import type { Database } from './database.js'

/** An id that no record can have: what is foreseen to be refused is given it, so that it uses none up. */
export const NO_ID = 0

/**
 * What SQL has no words for: how values are compared and written, as `order.ts` and `query.ts` have it. Names are whole: a function with
 * a path of its own would be planned anew by each write that calls it.
 */
export function functions(database: Database): readonly string[] {
  const textOf = database.qualified('text_of')
  const given = database.qualified('given_numbers')
  const totals = database.qualified('totals')
  return [
    `create function ${database.qualified('string_of')}(value json) returns text
      language sql immutable parallel safe as $$
        select case json_typeof(value) when 'string' then value #>> '{}' end
      $$`,
    `create function ${database.qualified('number_of')}(value json) returns double precision
      language sql immutable parallel safe as $$
        select case json_typeof(value) when 'number' then (value #>> '{}')::double precision end
      $$`,
    `create function ${database.qualified('rank_of')}(value json, nulls_last boolean) returns integer
      language sql immutable parallel safe as $$
        select case coalesce(json_typeof(value), 'absent')
          when 'absent' then case when nulls_last then 8 else 0 end
          when 'null' then case when nulls_last then 7 else 1 end
          when 'boolean' then case when value::text = 'true' then 3 else 2 end
          when 'number' then 4
          when 'string' then 5
          else 6
        end
      $$`,
    `create function ${textOf}(value json) returns text
      language plpgsql immutable parallel safe as $$
        begin
          return case json_typeof(value)
            when 'null' then null
            when 'object' then '[object Object]'
            when 'array' then (
              select coalesce(string_agg(coalesce(${textOf}(element), ''), ',' order by place), '')
              from json_array_elements(value) with ordinality elements(element, place)
            )
            else value #>> '{}'
          end;
        end
      $$`,
    `create function ${database.qualified('fingerprint')}(path text, value text) returns integer
      language sql immutable parallel safe as $$
        select ('x' || encode(substr(sha256(convert_to(path || value, 'UTF8')), 1, 4), 'hex'))::bit(32)::integer
      $$`,
    // Of a text that is too long for an ordered index.
    `create function ${database.qualified('digest_of')}(value text) returns bytea
      language sql immutable strict parallel safe as $$ select sha256(convert_to(value, 'UTF8')) $$`,
    // A record that was foreseen to be refused, and then wasn't.
    `create function ${database.qualified('try_again')}() returns trigger language plpgsql as $$
        begin
          raise exception 'another record has changed meanwhile' using errcode = '40001';
        end
      $$`,
    `create function ${database.qualified('note_numbers')}() returns trigger language plpgsql as $$
        declare number double precision;
        begin
          execute format(
            'select max(%1$I) from new_rows where %1$I <= ${Number.MAX_SAFE_INTEGER}', tg_argv[1]
          ) into number;
          -- Most have been given out: who brings one of these waits for nobody.
          if number is null or exists (
            select from ${given} where collection = tg_argv[0] and highest >= number
          ) then return null; end if;
          insert into ${given} as given values (tg_argv[0], number)
            on conflict (collection) do update set highest = greatest(given.highest, number);
          return null;
        end
      $$`,
    `create function ${database.qualified('count_records')}() returns trigger language plpgsql as $$
        declare change bigint;
        begin
          if tg_op = 'INSERT' then select count(*) into change from new_rows;
          else select -count(*) into change from old_rows;
          end if;
          if change = 0 then return null; end if;
          insert into ${totals} values (tg_argv[0], change);
          -- Now and then many become one, but for those that others are busy with.
          if random() < 0.02 then
            with part as (
              delete from ${totals} part where ctid = any(array(
                select ctid from ${totals} where collection = tg_argv[0] for update skip locked
              )) returning part.change
            ) insert into ${totals} select tg_argv[0], sum(part.change) from part having count(*) > 0;
          end if;
          return null;
        end
      $$`,
  ]
}
