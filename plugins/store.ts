import type { FastifyInstance } from 'fastify'
import fp from 'fastify-plugin'
import { copyData, findDataFile } from '../seed/read.js'
import { fill, seed } from '../seed/seed.js'
import { collections, type Store } from '../store/collections.js'
import { MemoryEngine } from '../store/memory/engine.js'
import { warnOfDemoUsers } from './exposure.js'

declare module 'fastify' {
  interface FastifyInstance {
    /** For what has to be known before there are requests. Handlers use the request's. */
    readonly store: Store
  }
  interface FastifyRequest {
    /** Where handlers get all data. */
    readonly store: Store
  }
}

export interface StoreOptions {
  /** The file that fills the store; without it, the one that is found. */
  readonly dataFile?: string | undefined
  /** What a file would hold, in place of one. */
  readonly data?: object | undefined
  /** Signs the tokens, also those of the next process with the same file. */
  readonly jwtSecret?: string | undefined
}

/**
 * Gives every request the store: one in memory, which the data file fills.
 * @throws SeedError when the data file has a fault
 */
export default fp<StoreOptions>(
  async (app, { dataFile, data, jwtSecret }) => {
    const store = await openStore(app)
    const file = data ? undefined : (dataFile ?? (await findDataFile()))
    const passwords = file
      ? await seed(store, file, jwtSecret)
      : (await fill(store, { name: 'data' }, copyData('data', { ...data }), jwtSecret)).passwords
    app.log.info(`The data comes from ${file ?? 'the program'}`)
    app.passwords.defer(store, passwords)
    warnOfDemoUsers(app, store, passwords)
    hashInBackground(app)
    app.decorate('store', store)
    app.decorateRequest('store', { getter: () => store })
  },
  { name: 'store', dependencies: ['passwords'] },
)

/** An empty store, which ends with the app. */
async function openStore(app: FastifyInstance): Promise<Store> {
  const engine = new MemoryEngine((error) => app.log.error(error))
  app.addHook('onClose', () => engine.close())
  await engine.openFiles()
  return engine.open(collections)
}

/** How long after the start the data file's passwords begin to be hashed, in milliseconds. */
const HASHING_DELAY = 1_000

/** Hashes the data file's passwords while the server answers. Not at once, or the first answers would share the processor. */
function hashInBackground(app: FastifyInstance): void {
  let timer: NodeJS.Timeout | undefined
  app.addHook('onListen', async () => {
    timer = setTimeout(() => app.passwords.hashDeferred(), HASHING_DELAY)
  })
  app.addHook('onClose', async () => clearTimeout(timer))
}
