import { readFile } from 'node:fs/promises'
import t from 'tap'
import { flagOf, parseConfig, readEnvironment, Settings, variableOf } from '../config.js'

t.test('every setting has its default', async (t) => {
  t.same(parseConfig(), {
    host: '127.0.0.1',
    port: 3000,
    databaseSchema: 'slipway',
    databasePool: 10,
    wait: 30_000,
    accessTokenTtl: 15 * 60_000,
    sessionTokenTtl: 30 * 24 * 60 * 60_000,
    refreshTokenTtl: 30 * 24 * 60 * 60_000,
    bodyLimit: 1024 * 1024,
    uploadLimit: 1024 ** 3,
    recordLimit: undefined,
    userRecordLimit: undefined,
    revokedTokenLimit: 100_000,
    storageLimit: 10 * 1024 ** 3,
    userStorageLimit: 2 * 1024 ** 3,
    userPlanLimit: 10_000,
    userTaskLimit: 10_000,
    requestTimeout: 30_000,
    sendTimeout: 60_000,
    corsOrigin: '*',
    logLevel: 'info',
    logFormat: 'auto',
    loginLimit: 10,
    nodeEnv: 'development',
    forumPageSize: 10,
    memesTokenTtl: Number.POSITIVE_INFINITY,
    memesOpenUsers: false,
    strict: false,
    readOnly: false,
    delay: 0,
    apis: 'auto',
    id: 'id',
    foreignKeySuffix: 'Id',
    enforce: false,
    save: false,
    maxWorkspaces: 1000,
    workspaceTtl: 15 * 60_000,
    stateLimit: 64 * 1024 * 1024,
  })
})

t.test('text from the environment becomes what the setting is', async (t) => {
  const environment = {
    HOST: '0.0.0.0',
    PORT: '8080',
    DATA_FILE: 'other.json',
    DATABASE_SCHEMA: 'staging',
    DATABASE_POOL: '3',
    DATABASE_WAIT: '1m',
    JWT_SECRET: 'x'.repeat(32),
    ACCESS_TOKEN_TTL: '90s',
    SESSION_TOKEN_TTL: '12h',
    REFRESH_TOKEN_TTL: '2h',
    BODY_LIMIT: '512KiB',
    UPLOAD_LIMIT: '2GiB',
    NODE_ENV: 'production',
    REQUEST_TIMEOUT: '1m',
    CORS_ORIGIN: 'http://a.example, http://b.example',
    LOG_LEVEL: 'warn',
    LOG_FORMAT: 'json',
    LOGIN_LIMIT: '0',
    FORUM_PAGE_SIZE: '3',
    MEMES_TOKEN_TTL: '1d',
    MEMES_OPEN_USERS: 'true',
    STRICT: 'true',
    READ_ONLY: 'true',
    DELAY: '2s',
    ROUTES: 'routes.json',
    STATIC: 'site',
    APIS: 'memes, fleet',
    PATH_PREFIX: '/data/v1',
    ID_FIELD: '_id',
    FOREIGN_KEY_SUFFIX: '_id',
    ENFORCE: 'true',
    SAVE: 'true',
    SNAPSHOTS: 'kept',
    RECORD_LIMIT: '64MiB',
    USER_RECORD_LIMIT: 'auto',
    REVOKED_TOKEN_LIMIT: '10',
    STORAGE_LIMIT: '2GiB',
    USER_STORAGE_LIMIT: '1GiB',
    USER_PLAN_LIMIT: '5',
    USER_TASK_LIMIT: '6',
    MAX_WORKSPACES: '20',
    WORKSPACE_TTL: '1h',
    STATE_LIMIT: '1GiB',
    CONTROL_TOKEN: 'abc+/==',
    PREFIX: '/usr',
    ID: 'debian',
    OTHER: 'ignored',
    WAIT: 'ignored too',
  }
  t.same(parseConfig(readEnvironment(environment)), {
    host: '0.0.0.0',
    port: 8080,
    dataFile: 'other.json',
    databaseSchema: 'staging',
    databasePool: 3,
    wait: 60_000,
    jwtSecret: 'x'.repeat(32),
    accessTokenTtl: 90_000,
    sessionTokenTtl: 43_200_000,
    refreshTokenTtl: 7_200_000,
    bodyLimit: 512 * 1024,
    uploadLimit: 2 * 1024 ** 3,
    recordLimit: 64 * 1024 ** 2,
    userRecordLimit: undefined,
    revokedTokenLimit: 10,
    storageLimit: 2 * 1024 ** 3,
    userStorageLimit: 1024 ** 3,
    userPlanLimit: 5,
    userTaskLimit: 6,
    nodeEnv: 'production',
    requestTimeout: 60_000,
    sendTimeout: 60_000,
    corsOrigin: ['http://a.example', 'http://b.example'],
    logLevel: 'warn',
    logFormat: 'json',
    loginLimit: 0,
    forumPageSize: 3,
    memesTokenTtl: 86_400_000,
    memesOpenUsers: true,
    strict: true,
    readOnly: true,
    delay: 2000,
    routes: 'routes.json',
    static: 'site',
    apis: ['fleet', 'memes'],
    prefix: '/data/v1',
    id: '_id',
    foreignKeySuffix: '_id',
    enforce: true,
    save: true,
    snapshots: 'kept',
    maxWorkspaces: 20,
    workspaceTtl: 3_600_000,
    stateLimit: 1024 ** 3,
    controlToken: 'abc+/==',
  })
  t.equal(parseConfig(readEnvironment({ PORT: '' })).port, 3000, 'nothing is not a value')
})

t.test(
  'a wrong value is refused in one line: the setting, the value, what is allowed',
  async (t) => {
    const refused: [object, string | RegExp][] = [
      [{ port: 'abc' }, `PORT can't be "abc": it takes a whole number from 0 to 65535`],
      [{ port: '65536' }, `PORT can't be 65536: it takes a whole number from 0 to 65535`],
      [{ port: -1 }, `PORT can't be -1: it takes a whole number from 0 to 65535`],
      [{ port: 80.5 }, `PORT can't be 80.5: it takes a whole number from 0 to 65535`],
      [{ host: '' }, `HOST can't be "": it takes a host name or an address`],
      [
        { controlToken: 'a token' },
        `CONTROL_TOKEN can't be a value of 7 bytes: it takes a token of letters, digits and . _ ~ + / - (RFC 6750)`,
      ],
      [
        { database: 'mysql://me:my-secret@localhost/db' },
        `DATABASE_URL can't be a value of 33 bytes: it takes an address such as postgres://user:password@localhost/database`,
      ],
      [
        { database: 'postgres://me:my-secret@local host/db' },
        /^DATABASE_URL can't be a value of 37 bytes/,
      ],
      [
        { databaseSchema: 'pg_mine' },
        `DATABASE_SCHEMA can't be "pg_mine": it takes small letters, digits and _, not a digit first, nor pg_; not public, which others use too`,
      ],
      [{ databaseSchema: 'public' }, /^DATABASE_SCHEMA can't be "public"/],
      [{ databasePool: 0 }, `DATABASE_POOL can't be 0: it takes a whole number from 1 to 1000`],
      [{ wait: 'long' }, /^DATABASE_WAIT can't be "long": it takes a whole number with a unit/],
      [
        { database: 'postgres://localhost/db', save: true },
        `SAVE can't be set together with DATABASE_URL: the database keeps every change, and the data file stays as it is`,
      ],
      [
        { database: 'postgres://localhost/db', snapshots: 'kept' },
        /^SNAPSHOTS can't be set together with DATABASE_URL: /,
      ],
      [
        { database: 'postgres://localhost/db', revokedTokenFile: 'revoked' },
        /^REVOKED_TOKEN_FILE can't be set together with DATABASE_URL: /,
      ],
      [{ dataFile: '' }, `DATA_FILE can't be "": it takes a file's path`],
      [
        { jwtSecret: 'short' },
        `JWT_SECRET can't be a value of 5 bytes: it takes at least 32 bytes`,
      ],
      [
        { accessTokenTtl: '15' },
        `ACCESS_TOKEN_TTL can't be "15": it takes a whole number with a unit, such as 30s, 15m, 12h or 30d`,
      ],
      [
        { bodyLimit: '1MB' },
        `BODY_LIMIT can't be "1MB": it takes a whole number with a unit, such as 512KiB, 1MiB or 1GiB`,
      ],
      [
        { logLevel: 'loud' },
        `LOG_LEVEL can't be "loud": it takes one of fatal, error, warn, info, debug, trace, silent`,
      ],
      [
        { loginLimit: -1 },
        `LOGIN_LIMIT can't be -1: it takes a whole number from 0 (no limit) to 1000000`,
      ],
      [
        { apis: 'fleet,nope' },
        `APIS can't be "fleet,nope": it takes auto, none, or names with commas between them, out of: fleet, forum, memes, registry`,
      ],
      [{ forumPageSize: 0 }, `FORUM_PAGE_SIZE can't be 0: it takes a whole number from 1 to 1000`],
      [
        { memesTokenTtl: 'forever' },
        `MEMES_TOKEN_TTL can't be "forever": it takes never, or a whole number with a unit, such as 30s, 15m, 12h or 30d`,
      ],
      [{ memesOpenUsers: 'yes' }, `MEMES_OPEN_USERS can't be "yes": it takes true or false`],
      [
        { corsOrigin: '' },
        `CORS_ORIGIN can't be "": it takes *, none, or origins such as http://localhost:5173, with commas between them`,
      ],
      [{ apis: ['fleet', 'nope'] }, /^APIS can't be \["fleet","nope"\]: it takes auto/],
      [{ apis: 'none,fleet' }, /^APIS can't be "none,fleet": it takes auto/],
      [
        { prefix: 'data' },
        `PATH_PREFIX can't be "data": it takes a path such as /data, without a slash at its end`,
      ],
      [
        { id: 'a.b' },
        `ID_FIELD can't be "a.b": it takes a field's name, of letters, digits, _, $ and -, such as _id`,
      ],
      [
        { foreignKeySuffix: '' },
        `FOREIGN_KEY_SUFFIX can't be "": it takes letters, digits, _, $ and -, such as Id or _id`,
      ],
      [
        { delay: '11s' },
        `DELAY can't be "11s": it takes a time of ten seconds at most, such as 500, 500ms or 2s`,
      ],
      [{ delay: '1m' }, /^DELAY can't be "1m"/],
      [{ delay: -1 }, /^DELAY can't be -1/],
      [{ delay: 10_001 }, /^DELAY can't be 10001/],
      [{ enforce: 'yes' }, `ENFORCE can't be "yes": it takes true or false`],
      [{ accessTokenTtl: 1500 }, /^ACCESS_TOKEN_TTL can't be 1500: it takes a whole number with a/],
      [{ bodyLimit: 0 }, /^BODY_LIMIT can't be 0: it takes a whole number with a unit/],
      [{ data: 'data.json' }, 'data takes an object, as a data file holds one'],
      [
        { data: {}, dataFile: 'data.json' },
        'data and dataFile are two sources of the same: give one of them',
      ],
      [{ colour: 'red' }, 'colour is not a setting'],
    ]
    for (const [options, message] of refused) {
      t.throws(() => parseConfig({ ...options }), { name: 'ConfigError', message })
    }
    for (const duration of ['0s', '1.5h', '15 m', '-1s', '1y', 's', '9999999999s']) {
      t.throws(
        () => parseConfig({ requestTimeout: duration }),
        /REQUEST_TIMEOUT can't be/,
        duration,
      )
    }
  },
)

t.test('a database is named by its address, also one behind a socket in a folder', async (t) => {
  for (const database of [
    'postgres://localhost/db',
    'postgresql://me:secret@db.example:5433/db?sslmode=require',
    'postgres://me@/db?host=/var/run/postgresql',
  ]) {
    t.equal(parseConfig(readEnvironment({ DATABASE_URL: database })).database, database)
  }
})

t.test('a secret of 32 bytes may have fewer characters, and is never repeated', async (t) => {
  t.equal(parseConfig({ jwtSecret: 'é'.repeat(16) }).jwtSecret, 'é'.repeat(16))
  t.throws(() => parseConfig({ jwtSecret: 'hunter2' }), {
    message: "JWT_SECRET can't be a value of 7 bytes: it takes at least 32 bytes",
  })
})

t.test('CORS_ORIGIN takes origins as browsers send them', async (t) => {
  for (const corsOrigin of [
    'foo',
    ',',
    'http://a/',
    'http://a\nb',
    '*,http://a',
    'none,http://a',
    'http://A',
  ]) {
    t.throws(() => parseConfig({ corsOrigin }), /CORS_ORIGIN can't be/, corsOrigin)
  }
})

t.test('settings that were parsed are settings, and so is a part of them', async (t) => {
  const config = parseConfig({
    port: 1,
    requestTimeout: '10m',
    bodyLimit: '2KiB',
    corsOrigin: 'http://a.example,http://b.example',
    apis: 'memes,fleet',
    data: { users: [] },
  })
  t.same(parseConfig(config), config)
  t.same(parseConfig({ ...config, port: 0 }), { ...config, port: 0 })
  t.equal(parseConfig({ corsOrigin: 'none' }).corsOrigin, 'none')
  for (const delay of ['750', '750ms', 750]) t.equal(parseConfig({ delay }).delay, 750)
  const { memesTokenTtl } = parseConfig({ memesTokenTtl: '1d' })
  t.equal(parseConfig({ memesTokenTtl }).memesTokenTtl, 86_400_000)
  t.same(parseConfig({ apis: ['plans', 'fleet'] }).apis, ['fleet', 'plans'])
  t.same(parseConfig({ apis: 'none' }).apis, [])
  t.same(parseConfig({ apis: [] }).apis, [])
})

t.test('a prefix is a plain path, and an id field a plain name', async (t) => {
  for (const prefix of ['/', '/data/', '//data', '/a b', '/:id', '/*', '/..', '/a/../b', '/é']) {
    t.throws(() => parseConfig({ prefix }), /PATH_PREFIX can't be/, prefix)
  }
  for (const id of ['', '__proto__', '1st', 'é', 'a b']) {
    t.throws(() => parseConfig({ id }), /ID_FIELD can't be/, id)
  }
})

t.test('whoever gives the settings can have names for them', async (t) => {
  t.throws(() => parseConfig({ bodyLimit: 'x' }, flagOf), {
    message: /^--body-limit can't be/,
  })
})

t.test('the settings are frozen', async (t) => {
  t.throws(() => Object.assign(parseConfig(), { port: 1 }), TypeError)
})

t.test('the README has every setting with its default', async (t) => {
  const readme = await readFile(new URL('../README.md', import.meta.url), 'utf8')
  for (const [name, schema] of Object.entries(Settings.properties)) {
    const row = `| \`${variableOf(name)}\` | ${schema.default === undefined ? '' : `\`${schema.default}\``} | ${schema.description} |`
    t.ok(readme.includes(row.replace('|  |', '| |')), row)
  }
})
