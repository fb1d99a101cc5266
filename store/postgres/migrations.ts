import { randomBytes } from 'node:crypto'
import { ATTEMPT_TABLES } from './attempts.js'
import { COUNTS_TABLE } from './counting/tables.js'
import { type Connection, type Database, literal, quoted, type Statement } from './database.js'
import { definitionOf } from './definition.js'
import { eventTables } from './events/tables.js'
import { fileTables } from './files/tables.js'
import { FILLED } from './filling.js'
import { functions } from './functions.js'
import { jobTables } from './jobs/tables.js'
import { PROCESS_TABLES } from './presence.js'
import { tokenTables } from './sessions.js'
import type { Table } from './table.js'

/** The schema is of a later version than this program. */
export class NewerSchema extends Error {
  constructor(schema: string, known: number, found: number) {
    super(
      `The schema ${schema} was made by a newer version (its migration ${found}; this version knows ${known}): start that one`,
    )
    this.name = new.target.name
  }
}

/** The schema is used for something else. */
export class OtherUse extends Error {
  constructor(
    readonly setting: string,
    readonly found: string,
  ) {
    super(`The schema is used with another ${setting}: ${found}`)
    this.name = new.target.name
  }
}

/** A step from one version of the schema to the next. What was released never changes: there is one more instead. */
type Migration = (database: Database) => readonly string[]

const MIGRATIONS: readonly Migration[] = [
  (database) => [
    // Made anew where a declaration has changed.
    `create table ${database.qualified('declared_tables')} (name text primary key, definition text not null)`,
    `create table ${database.qualified('settings')} (name text primary key, value text not null)`,
    `create table ${database.qualified('given_numbers')} (collection text primary key, highest double precision)`,
    // How many there are: the sum of what has changed, so that who adds to it waits for nobody.
    `create table ${database.qualified('totals')} (collection text not null, change bigint not null)`,
    `create index on ${database.qualified('totals')} (collection)`,
    `insert into ${database.qualified('settings')} values ('epoch', ${literal(randomBytes(6).toString('base64url'))})`,
    ...functions(database),
    ...tokenTables(database),
    PROCESS_TABLES,
    fileTables(database),
    eventTables(database),
    jobTables(database),
    ATTEMPT_TABLES,
    COUNTS_TABLE,
  ],
]

/** An index of a large table takes its time; in milliseconds. */
const LONGEST_MIGRATION = 30 * 60_000

/** Lets a transaction make, change or remove a schema alone. */
export function schemaLock({ schema }: Database): Statement {
  return {
    text: `select pg_advisory_xact_lock(hashtext('slipway'), hashtext(${literal(schema)}))`,
  }
}

/** What the tables of a schema can count on. */
export interface Prepared {
  /** Whether texts are searched by an index. */
  readonly hasTrigrams: boolean
}

/**
 * Makes the schema, or brings it up to date: forward only, one process at a time.
 * @param terms settings that have to be the same for all
 * @throws NewerSchema; OtherUse where a setting is another
 */
export async function prepare(
  database: Database,
  tables: ReadonlyMap<string, Table>,
  terms: Readonly<Record<string, string>> = {},
): Promise<Prepared> {
  const trigrams = await trigramsOf(database)
  await database.transaction(
    async (connection) => {
      const run = (text: string) => connection.query({ text })
      await connection.query(schemaLock(database))
      // Of several at once that find none each would make it, and all but one fail.
      await run(`create schema if not exists ${quoted(database.schema)}`)
      // The functions that are made look for what they name where it is now.
      await run(`set local search_path = ${quoted(database.schema)}`)
      await migrate(database, connection, run)
      for (const [name, value] of Object.entries(terms)) {
        await agree(database, connection, name, value)
      }
      await define(database, connection, run, tables, trigrams)
    },
    { timeout: LONGEST_MIGRATION },
  )
  return { hasTrigrams: trigrams !== undefined }
}

type Run = (text: string) => Promise<unknown>

async function migrate(database: Database, connection: Connection, run: Run): Promise<void> {
  const table = database.qualified('migrations')
  await run(
    `create table if not exists ${table} (number integer primary key, done timestamptz not null default now())`,
  )
  const { rows } = await connection.query({ text: `select max(number) as last from ${table}` })
  const last = Number(rows[0]?.last ?? 0)
  if (last > MIGRATIONS.length) throw new NewerSchema(database.schema, MIGRATIONS.length, last)
  for (const [at, migration] of MIGRATIONS.entries()) {
    if (at < last) continue
    for (const text of migration(database)) await run(text)
    await connection.query({ text: `insert into ${table} (number) values ($1)`, values: [at + 1] })
  }
}

async function agree(
  database: Database,
  connection: Connection,
  name: string,
  value: string,
): Promise<void> {
  const settings = database.qualified('settings')
  // Until it is filled nothing depends on it: who wanted to could not.
  const upsert = `insert into ${settings} (name, value) values ($1, $2) on conflict (name)
    do update set value = excluded.value where not exists (select from ${settings} where name = $3)`
  await connection.query({ text: upsert, values: [name, value, FILLED] })
  const find = { text: `select value from ${settings} where name = $1`, values: [name] }
  const { rows } = await connection.query(find)
  const found = String(rows[0]?.value)
  if (found !== value) throw new OtherUse(name, found)
}

/** Makes the tables of what is declared, and leaves those of what isn't any more as they are: their data may come back. */
async function define(
  database: Database,
  connection: Connection,
  run: Run,
  tables: ReadonlyMap<string, Table>,
  trigrams: string | undefined,
): Promise<void> {
  const declared = database.qualified('declared_tables')
  const { rows } = await connection.query({ text: `select name, definition from ${declared}` })
  const known = new Map(rows.map(({ name, definition }) => [String(name), String(definition)]))
  const changed = [...tables.values()]
    .map((table) => ({ table, definition: definitionOf(table, trigrams) }))
    .filter(({ table, definition }) => known.get(table.name) !== JSON.stringify(definition))
  const upsert: Statement = {
    text: `insert into ${declared} (name, definition) values ($1, $2)
      on conflict (name) do update set definition = excluded.definition`,
  }
  const texts = [
    ...changed.flatMap(({ definition }) => definition.table),
    ...changed.flatMap(({ definition }) => definition.rules),
  ]
  const done = texts.map(run)
  for (const { table, definition } of changed) {
    done.push(connection.query({ ...upsert, values: [table.name, JSON.stringify(definition)] }))
  }
  await Promise.all(done)
}

/** The schema that trigrams are in, once they may be had. */
async function trigramsOf(database: Database): Promise<string | undefined> {
  const find = async () => {
    const { rows } = await database.query({
      text: `select nspname as schema from pg_extension join pg_namespace n on n.oid = extnamespace where extname = 'pg_trgm'`,
    })
    return rows[0] && String(rows[0].schema)
  }
  const found = await find()
  if (found !== undefined) return found
  // Not everyone may, and not every database has it. Another process may have been quicker.
  await database.query({ text: 'create extension if not exists pg_trgm' }).catch(() => {})
  return find()
}
