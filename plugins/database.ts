import { availableParallelism } from 'node:os'
import { setTimeout as delay } from 'node:timers/promises'
import type { FastifyInstance } from 'fastify'
import pLimit from 'p-limit'
import { ConfigError } from '../config.js'
import { type FillOptions, fillAll } from '../seed/fill.js'
import type { OwnSource } from '../seed/own-fill.js'
import { fillObservations } from '../seed/own-observations.js'
import type { collections, Store } from '../store/collections.js'
import { reasonOf, Unavailable } from '../store/errors.js'
import { countOf } from '../store/lookups.js'
import { MemoryEngine } from '../store/memory/engine.js'
import { ONLY, ownRecords, withObservations } from '../store/own.js'
import { PostgresEngine } from '../store/postgres/engine.js'
import { stateOf } from '../store/postgres/failures.js'
import { NewerSchema, OtherUse } from '../store/postgres/migrations.js'
import type { Shared } from '../store/shared.js'
import { hashPassword, verifyPassword } from './auth/argon2id.js'
import { sharedSecret } from './auth/tokens.js'
import { warnOfDemoUsers } from './exposure.js'

/** The way out where the data file doesn't go with what is there. */
const OTHER_DATA =
  'start with the data file that it was filled from, or with another DATABASE_SCHEMA'

/** Where the database is, and how it is used. */
export interface DatabaseOptions {
  /** Its address, which can have a password in it; undefined where there is none. */
  readonly database?: string | undefined
  readonly databaseSchema: string
  readonly databasePool: number
  /** How long to try to reach it, in milliseconds. */
  readonly wait: number
  /** How many bytes files may have together. */
  readonly storageLimit: number
  /** How many revoked tokens are remembered. */
  readonly revokedTokenLimit: number
}

type Declared = ReturnType<typeof withObservations>

/** How long to wait between two tries, in milliseconds. */
const BETWEEN_TRIES = 250

/**
 * Opens the store that a database keeps, and fills it where nobody has.
 * @throws Unavailable when it can't be reached for as long as is waited; SeedError, ConfigError
 */
export async function openDatabase(
  app: FastifyInstance,
  options: FillOptions & DatabaseOptions,
  declared: typeof collections,
): Promise<void> {
  const all = withObservations(declared)
  const engine = engineFor(app, options)
  app.addHook('onClose', () => engine.close())
  const { view, shared, hasTrigrams } = await reached(options.wait, () => opened(engine, all))
  if (!hasTrigrams) {
    app.log.warn(
      'The database has no pg_trgm, and it could not be created: a search looks at every record',
    )
  }
  if (await fillOnce(shared, options, all)) {
    app.log.info(`The database was empty: it has what ${options.source.name} has`)
  } else {
    app.log.info(
      `The database has its data: ${options.source.name} says what is served, and fills nothing`,
    )
    await requireKinds(view, options.own)
    await tellLeftOut(app, view, options.own)
  }
  warnOfDemoUsers(app, view, async ({ passwordHash }, password) => {
    return passwordHash !== null && verifyPassword(passwordHash, password)
  })
  app.decorate('store', view)
  app.decorate('memory', undefined)
  app.decorate('revokedFile', undefined)
  app.decorate('database', shared)
  app.decorate('observations', view.observations)
}

function engineFor(
  app: FastifyInstance,
  {
    database: url = '',
    databaseSchema: schema,
    databasePool: connections,
    storageLimit,
    revokedTokenLimit,
    own,
  }: FillOptions & DatabaseOptions,
): PostgresEngine {
  const isOwn = own.some(({ isAccounts }) => isAccounts)
  return new PostgresEngine(
    { url, schema, connections },
    {
      storageLimit,
      revokedTokenLimit,
      onFault: (error) => app.log.error(error),
      // One collection logs in: the records of somebody's own users are not to be taken for those of the APIs, nor the other way round.
      terms: { users: isOwn ? 'of your own' : 'of the APIs' },
    },
  )
}

/** @throws ConfigError where what is served is none that the database has been used for, or can be */
export async function opened(engine: PostgresEngine, declared: Declared) {
  try {
    return await engine.openWhole(declared)
  } catch (error) {
    if (error instanceof NewerSchema) throw new ConfigError(error.message)
    // The tables can't be made: by this user, or beside what else is there.
    if (stateOf(error) !== undefined) {
      throw new ConfigError(`the database refuses to make the tables: ${reasonOf(error)}`)
    }
    if (!(error instanceof OtherUse)) throw error
    throw new ConfigError(
      `the ${error.setting} in this schema of the database are ${error.found}: ${OTHER_DATA}`,
    )
  }
}

/** Tries until a database answers, or the time is up. */
export async function reached<T>(wait: number, open: () => Promise<T>): Promise<T> {
  const end = performance.now() + wait
  for (;;) {
    try {
      return await open()
    } catch (error) {
      if (!(error instanceof Unavailable) || performance.now() + BETWEEN_TRIES > end) throw error
    }
    await delay(BETWEEN_TRIES)
  }
}

/**
 * Fills the database from the data file, unless that has been done: with all of it, or nothing. What has a fault is found before.
 * @returns whether it was this process that did
 */
async function fillOnce(
  shared: Shared,
  options: FillOptions,
  declared: Declared,
): Promise<boolean> {
  if (await shared.isFilled()) return false
  const memory = new MemoryEngine()
  try {
    const from = await memory.open(declared)
    const jwtSecret = options.jwtSecret ?? (await sharedSecret(shared))
    await hashAll(from, await fillAll(from, { ...options, jwtSecret }))
    await fillObservations(from.observations, options.own)
    const { files } = from
    return await shared.fill({ files, records: (name) => ownRecords(from, name).stream() })
  } finally {
    await memory.close()
  }
}

/** Puts the hashes of plain passwords into a store: nobody else sees them as they are. */
async function hashAll({ users }: Store, passwords: ReadonlyMap<number, string>): Promise<void> {
  const atOnce = pLimit(availableParallelism())
  await Promise.all(
    [...passwords].map(([id, password]) =>
      atOnce(async () => users.update(id, { passwordHash: await hashPassword(password) })),
    ),
  )
}

/**
 * Refuses what the data file says otherwise of what is there already.
 * @throws ConfigError where a collection is one record there, or one record a collection
 */
async function requireKinds(store: Store, own: readonly OwnSource[]): Promise<void> {
  for (const { part, storeName } of own) {
    const records = ownRecords(store, storeName)
    const isOnly = (await records.getBy({ key: ONLY })) !== undefined
    if (part.isSingular ? isOnly || (await countOf(records)) === 0 : !isOnly) continue
    const [kind, found] = part.isSingular
      ? ['one record', 'a collection']
      : ['a collection', 'one record']
    throw new ConfigError(
      `${part.name} is ${kind} in the data file, and ${found} in this schema of the database: ${OTHER_DATA}`,
    )
  }
}

/** Says in the log which collections have come into the data file since, so that nobody looks for their records. */
async function tellLeftOut(
  app: FastifyInstance,
  store: Store,
  own: readonly OwnSource[],
): Promise<void> {
  for (const { part, storeName } of own) {
    if (part.records.length === 0 || (await countOf(ownRecords(store, storeName))) > 0) continue
    app.log.info(
      `${part.name} has no records in the database: those of the data file are not put in, since the database was filled before`,
    )
  }
}
