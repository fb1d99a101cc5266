import { setTimeout as delay } from 'node:timers/promises'
import type { Config } from '../config.js'
import { opened, reached } from '../plugins/database.js'
import { collections, type Store } from '../store/collections.js'
import { MemoryEngine } from '../store/memory/engine.js'
import { withObservations } from '../store/own.js'
import type { DatabaseOptions } from '../store/postgres/database.js'
import { PostgresEngine } from '../store/postgres/engine.js'
import { isSchemaFilled, removeSchema, SchemaInUse } from '../store/postgres/schema.js'
import type { OpenView } from '../store/postgres/view.js'
import { countsOf } from './parts.js'
import { Refusal } from './say.js'
import type { Target } from './target.js'

/** Never its address, which can have a password in it. */
const NAME = 'the database'

/** How often, in milliseconds, and how many times connections are looked for: one that has ended is seen for a moment. */
const LOOK = 100
const LOOKS = 20

const declared = withObservations(collections)
type Declared = typeof declared

/** A database that processes share, for commands about what it holds: what they do is there for all, at once. */
export function databaseTarget(config: Config): Target {
  return {
    name: NAME,
    read: (look) => readTables(config, look),
    edit: (operation) => readTables(config, async (store) => (await operation(store, {})).done),
  }
}

/**
 * Works with what the database holds.
 * @throws Unavailable when it can't be reached; Refusal when nobody has made the tables; ConfigError
 */
export async function readTables<R>(
  config: Config,
  work: (store: Store) => Promise<R>,
): Promise<R> {
  await refuseWithout(config)
  return withTables(config, ({ view }) => work(view))
}

/**
 * Makes the tables, with nothing in them. Servers that start later find them as they are.
 * @returns what was done
 * @throws as `readTables`, and Refusal where they are there
 */
export async function createTables(config: Config): Promise<string> {
  return withTables(config, async ({ view, shared }) => {
    const memory = new MemoryEngine()
    const { files } = await memory.open(declared)
    const isNew = await shared.fill({ files, records: nothing })
    await memory.close()
    if (!isNew) throw new Refusal(`${NAME} has its tables already: ${await countsOf(view)}`)
    return `made the tables of ${NAME}: add users to it with "slipway user add"`
  })
}

/**
 * Takes the tables away, with all that is in them.
 * @returns what was done
 * @throws as `readTables`, and Refusal while servers are running on them
 */
export async function dropTables(config: Config): Promise<string> {
  const gone = await readTables(config, countsOf)
  for (let looks = 1; ; looks++) {
    try {
      await removeSchema(optionsOf(config))
      return `deleted all of ${NAME}: ${gone}`
    } catch (error) {
      if (!(error instanceof SchemaInUse)) throw error
      if (looks === LOOKS) throw new Refusal(`servers are running on ${NAME}: stop them first`)
    }
    await delay(LOOK)
  }
}

async function refuseWithout(config: Config): Promise<void> {
  if (await reached(config.wait, () => isSchemaFilled(optionsOf(config)))) return
  throw new Refusal(
    `${NAME} has no tables yet: make them with "slipway init", or start a server, which fills them from its data file`,
  )
}

async function withTables<R>(
  config: Config,
  work: (open: OpenView<Declared>) => Promise<R>,
): Promise<R> {
  // The users that commands know are the APIs'.
  const engine = new PostgresEngine(optionsOf(config), { terms: { users: 'of the APIs' } })
  try {
    return await work(await reached(config.wait, () => opened(engine, declared)))
  } finally {
    await engine.close()
  }
}

function optionsOf({ database: url = '', databaseSchema: schema }: Config): DatabaseOptions {
  return { url, schema, connections: 2 }
}

async function* nothing(): AsyncIterable<never[]> {}
