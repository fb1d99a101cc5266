import type { Declarations } from '../declaration.js'
import type { View } from '../engine.js'
import { withCollections } from '../named.js'
import type { Shared } from '../shared.js'
import { PostgresAttempts } from './attempts.js'
import { PostgresCollection } from './collection.js'
import { Consequences } from './consequences.js'
import { Constants } from './constants.js'
import { Counter } from './counting/counter.js'
import { Database, type DatabaseOptions } from './database.js'
import { Events } from './events/events.js'
import { PostgresFiles } from './files/files.js'
import { FILLED, fill } from './filling.js'
import { PostgresJobs } from './jobs/jobs.js'
import { Queue } from './jobs/queue.js'
import { Listener } from './listener.js'
import { prepare } from './migrations.js'
import { Presence } from './presence.js'
import { PostgresSessions } from './sessions.js'
import { Table } from './table.js'
import { Violations } from './violations.js'

export interface ViewOptions {
  /** How many bytes files may have together. */
  readonly storageLimit: number
  /** How many revoked tokens are remembered. */
  readonly revokedTokenLimit: number
  /** Hears of what fails when nobody waits for it. */
  readonly onFault: (error: unknown) => void
  /** What has to be the same for all who open it. */
  readonly terms?: Readonly<Record<string, string>>
}

/** A view, and what ends this process's part in it. */
export interface OpenView<D extends Declarations> {
  readonly view: View<D>
  /** Whether texts are searched by an index. */
  readonly hasTrigrams: boolean
  readonly shared: Shared
  close(): Promise<void>
}

/**
 * Opens what is in a database's schema, which is made or brought up to date where it has to be.
 * @throws Unavailable, NewerSchema, OtherUse
 */
export async function openView<D extends Declarations>(
  declarations: D,
  databaseOptions: DatabaseOptions,
  options: ViewOptions,
): Promise<OpenView<D>> {
  const { onFault } = options
  const database = Database.open({ ...databaseOptions, onFault })
  try {
    return await viewOf(declarations, database, options)
  } catch (error) {
    await database.close()
    throw error
  }
}

async function viewOf<D extends Declarations>(
  declarations: D,
  database: Database,
  { storageLimit, revokedTokenLimit, onFault, terms }: ViewOptions,
): Promise<OpenView<D>> {
  const tables = new Map(
    Object.entries(declarations).map(([name, it]) => [name, new Table(database, name, it)]),
  )
  const { hasTrigrams } = await prepare(database, tables, terms)
  const presence = new Presence(database, onFault)
  const listener = new Listener(database)
  const files = new PostgresFiles(database, presence, listener, storageLimit, onFault)
  const rowOf = (name: string, columns: unknown) => {
    const table = tables.get(name)
    if (!table) throw new Error(`There is no collection ${name}`)
    return table.recordIn(columns)
  }
  const events = new Events(database, presence, listener, rowOf, onFault)
  const jobs = new PostgresJobs(database, events, listener, onFault)
  const counter = new Counter(database, [...tables.values()], presence, onFault)
  const surroundings = {
    tables,
    consequences: new Consequences(tables.values()),
    violations: new Violations(tables.values()),
    events,
    jobs,
    counter,
  }
  const collections = new Map(
    [...tables].map(([name, table]) => [name, new PostgresCollection(table, surroundings)]),
  )
  const queues = new Map(
    [...collections].flatMap(([name, collection]) =>
      declarations[name]?.queue
        ? [[name, new Queue(database, declarations, name, collection.records)] as const]
        : [],
    ),
  )
  const constants = new Constants(database)
  // Made with the schema, and tells it from others: the same to all processes.
  const epoch = String(await constants.find('epoch'))
  await presence.start()
  listener.start()
  const view = {
    epoch,
    sessions: new PostgresSessions(database, tables, revokedTokenLimit),
    files,
    watching: () => events.ready(),
    jobs: {
      take: async (name: string, lease: number) => {
        const queue = queues.get(name)
        return queue && jobs.take(queue, lease)
      },
    },
  }
  return {
    view: withCollections(view, declarations, collections),
    hasTrigrams,
    shared: sharedOf(database, constants, tables, files),
    close: async () => {
      await listener.close()
      await jobs.close()
      await events.close()
      await files.close()
      await counter.close()
      await presence.close()
      await database.close()
    },
  }
}

/** What there is beside the view. */
function sharedOf(
  database: Database,
  constants: Constants,
  tables: ReadonlyMap<string, Table>,
  files: PostgresFiles,
): Shared {
  let attempts: PostgresAttempts | undefined
  return {
    check: async () => {
      await database.query({ text: 'select 1' })
    },
    constant: (name, make) => constants.get(name, make),
    isFilled: async () => (await constants.find(FILLED)) !== undefined,
    fill: (from) => fill(database, tables, files, from),
    // Where there are no accounts nobody asks for them.
    get attempts() {
      attempts ??= new PostgresAttempts(database, tables)
      return attempts
    },
  }
}
