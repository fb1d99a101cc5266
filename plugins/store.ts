import { getHeapStatistics } from 'node:v8'
import type { FastifyInstance } from 'fastify'
import fp from 'fastify-plugin'
import { type FillOptions, fillAll } from '../seed/fill.js'
import { RevokedFile } from '../seed/revoked-file.js'
import { collections, type ForkableStore, type Store } from '../store/collections.js'
import type { Declaration } from '../store/declaration.js'
import type { Collection } from '../store/engine.js'
import { MemoryEngine } from '../store/memory/engine.js'
import type { RoomLimits } from '../store/memory/ledger.js'
import type { Observation } from '../store/own.js'
import type { Shared } from '../store/shared.js'
import type { DatabaseOptions } from './database.js'
import { warnOfDemoUsers } from './exposure.js'

declare module 'fastify' {
  interface FastifyInstance {
    /** The server's own. For what has to be known before there are requests: handlers use the request's. */
    readonly store: Store
    /** What this process keeps everything in; undefined where a database does. */
    readonly memory: Memory | undefined
    /** What keeps everything for all processes that share it; undefined where this process's memory does. */
    readonly database: Shared | undefined
    /** What is known of the shapes of the user's own collections, for all who share them; undefined in memory. */
    readonly observations: Collection<Observation> | undefined
    /** Keeps the tokens that were revoked in the server's own world for the next process, where there is a place. */
    readonly revokedFile: RevokedFile | undefined
  }
}

/** The states that this process has. */
export interface Memory {
  /** The server's own. */
  readonly store: ForkableStore
  /** Another with nothing in it, for what is to become a world's state. It ends with the app at the latest. */
  readonly empty: () => Promise<ForkableStore>
}

export interface StoreOptions extends FillOptions, DatabaseOptions, MemoryOptions {}

/** What the memory engine is held to. */
export interface MemoryOptions {
  /** How much memory what is written may take, in bytes: in all, and of one user; a share of what there is without it. */
  readonly recordLimit?: number | undefined
  readonly userRecordLimit?: number | undefined
  readonly revokedTokenLimit: number
  /** Where revoked tokens are kept, if they are. */
  readonly revokedTokenFile?: string | undefined
  /** How many bytes files may have together: all, and those of one user. */
  readonly storageLimit: number
  readonly userStorageLimit: number
}

/**
 * Opens the store: one in memory, which the data fills, or one in a database, which it fills once.
 * @throws SeedError when the data has a fault; ConfigError, Unavailable where a database can't be used
 */
export default fp<StoreOptions>(
  async (app, options) => {
    const declared: typeof collections = {
      ...collections,
      ...Object.fromEntries<Declaration>(
        options.own.map(({ storeName, declaration }) => [storeName, declaration]),
      ),
    }
    if (options.database === undefined) await openMemory(app, options, declared)
    else await (await import('./database.js')).openDatabase(app, options, declared)
  },
  { name: 'store', dependencies: ['passwords'] },
)

async function openMemory(
  app: FastifyInstance,
  options: StoreOptions,
  declared: typeof collections,
): Promise<void> {
  const engine = new MemoryEngine((error) => app.log.error(error), options.storageLimit)
  app.addHook('onClose', () => engine.close())
  await tellFault(app, engine)
  const empty = () => engine.open(declared)
  const store = await empty()
  app.log.info(`The data comes from ${options.source.name}`)
  const passwords = await fillAll(store, options)
  engine.limit(roomFor(options))
  app.passwords.deferSeed(passwords)
  warnOfDemoUsers(app, store, async ({ id }, password) => passwords.get(id) === password)
  hashInBackground(app)
  app.decorate('store', store)
  app.decorate('memory', { store, empty })
  app.decorate('database', undefined)
  app.decorate('observations', undefined)
  app.decorate('revokedFile', await revokedFileFor(store, options))
}

/** The variable that says where temporary files go. */
const TEMPORARY_FOLDER = process.platform === 'win32' ? 'TEMP' : 'TMPDIR'

/** Says in the log why files can't be kept, where they can't. */
async function tellFault(app: FastifyInstance, engine: MemoryEngine): Promise<void> {
  const { fault } = await engine.openFiles()
  if (!fault) return
  app.log.error(
    `Files can't be kept in ${fault.folder} (${fault.reason}): uploads are refused until they can. ${TEMPORARY_FOLDER} names another folder`,
  )
}

/** The share of the heap that is left which what is written may take: its garbage, forks and answers take as much again, and more. */
const SHARE = 1 / 4

function roomFor({
  recordLimit,
  userRecordLimit,
  userStorageLimit,
  revokedTokenLimit,
}: MemoryOptions): RoomLimits {
  const { heap_size_limit: most, used_heap_size: used } = getHeapStatistics()
  const all = recordLimit ?? Math.max(0, most - used) * SHARE
  return {
    all,
    user: userRecordLimit ?? all * SHARE,
    userFiles: userStorageLimit,
    tokens: revokedTokenLimit,
  }
}

/** Revokes what earlier processes had revoked, before anything is forked. */
async function revokedFileFor(
  store: Store,
  { revokedTokenFile, revokedTokenLimit }: MemoryOptions,
): Promise<RevokedFile | undefined> {
  if (revokedTokenFile === undefined) return undefined
  const file = await RevokedFile.open(revokedTokenFile, revokedTokenLimit)
  for (const [jti, until] of file.tokens) await store.sessions.revoke(jti, until)
  return file
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
