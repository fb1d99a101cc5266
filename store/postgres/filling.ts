import { setTimeout as delay } from 'node:timers/promises'
import type { StoredFile } from '../declaration.js'
import type { Files, ReceivedFile } from '../engine.js'
import type { Row } from '../predicate.js'
import type { Contents } from '../shared.js'
import { type Connection, type Database, literal } from './database.js'
import { Inserting } from './inserting.js'
import type { Table } from './table.js'

/** How long to wait for another process that is at it, in milliseconds, before it is looked at again. */
const BETWEEN_LOOKS = 200

/** What is noted once it is done: one of the settings. */
export const FILLED = 'filled'

/**
 * Fills tables with all that a view of another engine has, in one transaction: whoever dies on the way has done nothing.
 * @returns whether it was done here; otherwise another has
 */
export async function fill(
  database: Database,
  tables: ReadonlyMap<string, Table>,
  files: Files,
  from: Contents,
): Promise<boolean> {
  const received: ReceivedFile[] = []
  try {
    for (const sha256 of await contentsIn(tables.values(), from)) {
      received.push(await files.receive(await from.files.read(sha256)))
    }
    for (;;) {
      const outcome = await database.transaction((connection) =>
        fillWith(connection, database, tables, from),
      )
      if (outcome !== 'busy') return outcome === 'done'
      await delay(BETWEEN_LOOKS)
    }
  } finally {
    for (const file of received) await file.release()
  }
}

async function fillWith(
  connection: Connection,
  database: Database,
  tables: ReadonlyMap<string, Table>,
  from: Contents,
): Promise<'busy' | 'filled' | 'done'> {
  const settings = database.qualified('settings')
  // It is not waited for in the database, where that would be a statement that takes too long.
  const lock = `select pg_try_advisory_xact_lock(hashtext('slipway fill'), hashtext(${literal(database.schema)})) as mine`
  const { rows } = await connection.query({ text: lock })
  if (rows[0]?.mine !== true) return 'busy'
  const found = await connection.query({
    text: `select value from ${settings} where name = $1`,
    values: [FILLED],
  })
  if (found.count > 0) return 'filled'
  for (const table of tables.values()) {
    const inserting = new Inserting(table)
    for await (const batch of from.records(table.name)) {
      const rows: readonly Row[] = batch.map((record) => ({ ...record }))
      await inserting.copy(rows, connection)
    }
  }
  await connection.query({
    text: `insert into ${settings} (name, value) values ($1, now()::text)`,
    values: [FILLED],
  })
  return 'done'
}

/** The contents that records refer to, each once. */
async function contentsIn(tables: Iterable<Table>, from: Contents): Promise<ReadonlySet<string>> {
  const contents = new Set<string>()
  for (const { name, declaration } of tables) {
    if (declaration.files.length === 0) continue
    for await (const batch of from.records(name)) {
      for (const record of batch) {
        const values = new Map<string, unknown>(Object.entries(record))
        for (const field of declaration.files) {
          for (const file of [values.get(field)].flat()) {
            if (isStoredFile(file)) contents.add(file.sha256)
          }
        }
      }
    }
  }
  return contents
}

function isStoredFile(value: unknown): value is StoredFile {
  return typeof value === 'object' && value !== null && 'sha256' in value
}
