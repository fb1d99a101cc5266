import { getHeapStatistics } from 'node:v8'
import type { FastifyInstance } from 'fastify'
import fp from 'fastify-plugin'
import type { Source } from '../seed/errors.js'
import { fillKept } from '../seed/kept.js'
import { fillOwn, type OwnSource } from '../seed/own-fill.js'
import { RevokedFile } from '../seed/revoked-file.js'
import { fill } from '../seed/seed.js'
import { collections, type ForkableStore, type Store } from '../store/collections.js'
import type { Declaration } from '../store/declaration.js'
import { MemoryEngine } from '../store/memory/engine.js'
import type { RoomLimits } from '../store/memory/ledger.js'
import { warnOfDemoUsers } from './exposure.js'

declare module 'fastify' {
  interface FastifyInstance {
    /** The server's own. For what has to be known before there are requests: handlers use the request's. */
    readonly store: ForkableStore
    /** Keeps the tokens that were revoked in the server's own world for the next process, where there is a place. */
    readonly revokedFile: RevokedFile | undefined
    /** A store with nothing in it, for what is to become a world's state. It ends with the app at the latest. */
    readonly emptyStore: () => Promise<ForkableStore>
  }
}

export interface FillOptions {
  /** Where the data comes from. */
  readonly source: Source
  /** The parts of the data that are the APIs'. */
  readonly theirs: unknown
  /** What a state has beside. */
  readonly kept: ReadonlyMap<string, unknown>
  /** The others. */
  readonly own: readonly OwnSource[]
  /** Signs the tokens, also those of the next process with the same file. */
  readonly jwtSecret?: string | undefined
  /** What else could be done with data that hasn't the shape of the APIs'. */
  readonly wayOut?: string | undefined
}

export interface StoreOptions extends FillOptions {
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
 * Opens the store: one in memory, which the data fills.
 * @throws SeedError when the data has a fault, or the file of revoked tokens
 */
export default fp<StoreOptions>(
  async (app, options) => {
    const engine = new MemoryEngine((error) => app.log.error(error), options.storageLimit)
    const open = await storesOf(app, engine, options.own)
    app.decorate('emptyStore', open)
    const store = await open()
    app.log.info(`The data comes from ${options.source.name}`)
    const passwords = await fillAll(store, options)
    engine.limit(roomFor(options))
    app.passwords.deferSeed(passwords)
    warnOfDemoUsers(app, store, passwords)
    hashInBackground(app)
    app.decorate('store', store)
    app.decorate('revokedFile', await revokedFileFor(store, options))
  },
  { name: 'store', dependencies: ['passwords'] },
)

/** The variable that says where temporary files go. */
const TEMPORARY_FOLDER = process.platform === 'win32' ? 'TEMP' : 'TMPDIR'

/** What opens empty stores, which end with the app. */
async function storesOf(
  app: FastifyInstance,
  engine: MemoryEngine,
  own: readonly OwnSource[],
): Promise<() => Promise<ForkableStore>> {
  app.addHook('onClose', () => engine.close())
  const { fault } = await engine.openFiles()
  if (fault) {
    app.log.error(
      `Files can't be kept in ${fault.folder} (${fault.reason}): uploads are refused until they can. ${TEMPORARY_FOLDER} names another folder`,
    )
  }
  const declared: typeof collections = {
    ...collections,
    ...Object.fromEntries<Declaration>(
      own.map(({ storeName, declaration }) => [storeName, declaration]),
    ),
  }
  return () => engine.open(declared)
}

/** The share of the heap that is left which what is written may take: its garbage, forks and answers take as much again, and more. */
const SHARE = 1 / 4

function roomFor({
  recordLimit,
  userRecordLimit,
  userStorageLimit,
  revokedTokenLimit,
}: StoreOptions): RoomLimits {
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
  { revokedTokenFile, revokedTokenLimit }: StoreOptions,
): Promise<RevokedFile | undefined> {
  if (revokedTokenFile === undefined) return undefined
  const file = await RevokedFile.open(revokedTokenFile, revokedTokenLimit)
  for (const [jti, until] of file.tokens) await store.sessions.revoke(jti, until)
  return file
}

/**
 * Fills an empty store with all that a data file has.
 * @returns the plain passwords, by the user's id
 * @throws SeedError
 */
export async function fillAll(
  store: Store,
  { source, theirs, own, kept, jwtSecret, wayOut }: FillOptions,
): Promise<Map<number, string>> {
  const { passwords } = await fill(store, source, theirs, jwtSecret, wayOut)
  const filled = await fillOwn(store, own, jwtSecret)
  const findings = [...filled.findings, ...(await fillKept(store, kept, own))]
  if (findings.length > 0) {
    const { seedError } = await import('../seed/faults.js')
    throw await seedError(source, findings)
  }
  return new Map([...passwords, ...filled.passwords])
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
