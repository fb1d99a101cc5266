import { Constants } from './constants.js'
import { type Connection, Database, type DatabaseOptions, literal, quoted } from './database.js'
import { FILLED } from './filling.js'
import { schemaLock } from './migrations.js'

/** What is to be removed is in use. */
export class SchemaInUse extends Error {
  constructor(schema: string, connections: number) {
    super(`${connections} other connections use the schema ${schema}`)
    this.name = new.target.name
  }
}

/**
 * Whether a schema has its tables, and has been filled. It makes nothing.
 * @throws Unavailable
 */
export async function isSchemaFilled(options: DatabaseOptions): Promise<boolean> {
  return withDatabase(options, async (database) => {
    const settings = database.qualified('settings')
    const { rows } = await database.query({
      text: `select to_regclass(${literal(settings)}) as found`,
    })
    if (rows[0]?.found === null) return false
    return (await new Constants(database).find(FILLED)) !== undefined
  })
}

/**
 * Takes a schema away, with all that is in it.
 * @throws SchemaInUse while other processes are connected for it, Unavailable
 */
export async function removeSchema(options: DatabaseOptions): Promise<void> {
  await withDatabase(options, async (database) => {
    const { schema } = database
    await database.transaction(async (connection) => {
      // Nobody makes it meanwhile.
      await connection.query(schemaLock(database))
      const others = await othersOf(connection)
      if (others > 0) throw new SchemaInUse(schema, others)
      await connection.query({ text: `drop schema ${quoted(schema)} cascade` })
    })
  })
}

/** How many connections there are that call themselves as this one does: by the schema. */
async function othersOf(connection: Connection): Promise<number> {
  const { rows } = await connection.query({
    text: `select count(*) from pg_stat_activity
           where datname = current_database() and pid <> pg_backend_pid()
           and application_name = current_setting('application_name')`,
  })
  return Number(rows[0]?.count)
}

async function withDatabase<R>(
  options: DatabaseOptions,
  work: (database: Database) => Promise<R>,
): Promise<R> {
  const database = Database.open({ ...options, connections: 1 })
  try {
    return await work(database)
  } finally {
    await database.close()
  }
}
