import { createRequire } from 'node:module'
import { parse as parseDuration } from '@lukeed/ms'
import {
  FormatRegistry,
  type SchemaOptions,
  type Static,
  type StaticDecode,
  type TSchema,
  Type,
} from '@sinclair/typebox'
import { Value } from '@sinclair/typebox/value'

/** The version of this package, as its manifest has it. The package names itself, so that compiled code finds it too. */
export const { version } = Value.Parse(
  Type.Object({ version: Type.String() }),
  createRequire(import.meta.url)('slipway/package.json'),
)

/** The APIs that can be mounted, by name. */
export const API_NAMES = ['fleet', 'forum', 'memes', 'registry', 'plans'] as const

const LOG_LEVELS = ['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'] as const
const LOG_FORMATS = ['auto', 'json', 'pretty'] as const
const SECRET_BYTES = 32
const SIZE_UNITS = { B: 1, KiB: 1024, MiB: 1024 ** 2, GiB: 1024 ** 3 }

FormatRegistry.Set('secret', (text) => Buffer.byteLength(text) >= SECRET_BYTES)
FormatRegistry.Set(
  'apis',
  (text) =>
    text === 'auto' ||
    text === 'none' ||
    splitList(text).every((name) => API_NAMES.some((known) => known === name)),
)

FormatRegistry.Set('database', isDatabase)
FormatRegistry.Set('delay', (text) => shortTime(text) <= 10_000)
FormatRegistry.Set('origin', isOrigin)
FormatRegistry.Set(
  'origins',
  (text) => text === '*' || text === 'none' || splitList(text).every(isOrigin),
)

/** One of some words. TypeBox finds the type of a union only where it is written out. */
const oneOf = <const T extends string>(words: readonly T[], options: SchemaOptions = {}) =>
  Type.Unsafe<T>(
    Type.Union(
      words.map((word) => Type.Literal(word)),
      options,
    ),
  )

/** How durations are written, with their longest in milliseconds: 99999 days. */
export const DURATION = '[1-9][0-9]{0,4}(s|m|h|d)'
const DURATION_ALLOWED = 'a whole number with a unit, such as 30s, 15m, 12h or 30d'
const Milliseconds = Type.Integer({ minimum: 1000, maximum: 99_999 * 86_400_000, multipleOf: 1000 })

/** A duration: a whole number and a unit, or milliseconds as a number. Decodes to milliseconds. */
const Duration = (text: string, description: string, options: SchemaOptions = {}) =>
  Type.Transform(
    Type.Union([Type.String({ pattern: `^${DURATION}$` }), Milliseconds], {
      ...options,
      default: text,
      description,
      allowed: DURATION_ALLOWED,
    }),
  )
    .Decode(milliseconds)
    .Encode((value) => value)

/** A duration that may have no end: `never` decodes to Infinity. */
const DurationOrNever = (description: string) =>
  Type.Transform(
    Type.Union(
      [
        Type.String({ pattern: `^(never|${DURATION})$` }),
        Milliseconds,
        Type.Literal(Number.POSITIVE_INFINITY),
      ],
      { default: 'never', description, allowed: `never, or ${DURATION_ALLOWED}` },
    ),
  )
    .Decode((value) => (value === 'never' ? Number.POSITIVE_INFINITY : milliseconds(value)))
    .Encode((value) => value)

/** What a field of the user's own records can be called, where a setting names it. The store takes no `__proto__`. */
const FIELD = '^(?!__proto__$)[A-Za-z_$][A-Za-z0-9_$-]{0,99}$'
const FIELD_ALLOWED = "a field's name, of letters, digits, _, $ and -"

const SIZE = '[1-9][0-9]{0,8}(B|KiB|MiB|GiB)'
const SIZE_ALLOWED = 'a whole number with a unit, such as 512KiB, 1MiB or 1GiB'

/** A size: a whole number and a unit, or bytes as a number. Decodes to bytes. */
const Size = (text: string, description: string) =>
  Type.Transform(
    Type.Union(
      [
        Type.String({ pattern: `^${SIZE}$` }),
        Type.Integer({ minimum: 1, maximum: 999_999_999 * SIZE_UNITS.GiB }),
      ],
      {
        default: text,
        description,
        allowed: SIZE_ALLOWED,
      },
    ),
  )
    .Decode(bytesOf)
    .Encode((value) => value)

/** A size, or what the machine suggests: `auto` decodes to undefined. */
const AutoSize = (description: string) =>
  Type.Transform(
    Type.Union(
      [
        Type.String({ pattern: `^(auto|${SIZE})$` }),
        Type.Integer({ minimum: 1, maximum: 999_999_999 * SIZE_UNITS.GiB }),
        Type.Undefined(),
      ],
      { default: 'auto', description, allowed: `auto, or ${SIZE_ALLOWED}` },
    ),
  )
    .Decode((value) => (value === 'auto' || value === undefined ? undefined : bytesOf(value)))
    .Encode((value) => value)

/**
 * Every setting: its type, default and bounds. In the environment `accessTokenTtl` is `ACCESS_TOKEN_TTL`, and so on, but for
 * those with a `variable` of their own: `PREFIX` and `ID` are set on some machines for other programs. `allowed` ends the
 * sentence that refuses a wrong value.
 */
export const Settings = Type.Object(
  {
    host: Type.String({
      minLength: 1,
      default: '127.0.0.1',
      description: 'The address to listen on; `0.0.0.0` is reachable from other machines',
      allowed: 'a host name or an address',
    }),
    port: Type.Integer({
      minimum: 0,
      maximum: 65_535,
      default: 3000,
      description: 'The port to listen on; 0 takes any free one',
      allowed: 'a whole number from 0 to 65535',
    }),
    dataFile: Type.Optional(
      Type.String({
        minLength: 1,
        description:
          'The data to start with. Without it `data.json` in the working folder, or else the one that Slipway ships with',
        allowed: "a file's path",
      }),
    ),
    database: Type.Optional(
      Type.String({
        format: 'database',
        variable: 'DATABASE_URL',
        description:
          'The PostgreSQL database that keeps everything, for as many processes as there are. Without it each process has its own state, in its memory',
        allowed: 'an address such as postgres://user:password@localhost/database',
        isSecret: true,
      }),
    ),
    databaseSchema: Type.String({
      pattern: '^(?!pg_|(public|information_schema)$)[a-z_][a-z0-9_]{0,62}$',
      default: 'slipway',
      description:
        'The schema in that database which has the tables, and nothing of others; it is made where it is missing',
      allowed:
        'small letters, digits and _, not a digit first, nor pg_; not public, which others use too',
    }),
    databasePool: Type.Integer({
      minimum: 1,
      maximum: 1000,
      default: 10,
      description:
        'How many connections to the database a process opens; it has one more to listen',
      allowed: 'a whole number from 1 to 1000',
    }),
    wait: Duration('30s', 'How long a start tries to reach the database', {
      variable: 'DATABASE_WAIT',
    }),
    jwtSecret: Type.Optional(
      Type.String({
        format: 'secret',
        description:
          'Signs the tokens. Without it each start makes one, and ends all earlier tokens; with it tokens of the users in the data file outlive the process, for as long as the file has the user with the same password; those it had revoked too, unless there is a `REVOKED_TOKEN_FILE`. With `DATABASE_URL` all processes have the same one, also without it, and revoked tokens stay revoked',
        allowed: `at least ${SECRET_BYTES} bytes`,
        isSecret: true,
      }),
    ),
    accessTokenTtl: Duration('15m', 'How long an access token lives'),
    sessionTokenTtl: Duration(
      '30d',
      'How long an access token lives that the forum, the registry or the plans API gives: their clients know no way to get another',
    ),
    refreshTokenTtl: Duration('30d', 'How long a refresh token lives'),
    bodyLimit: Size('1MiB', 'The largest request body'),
    uploadLimit: Size('1GiB', 'The largest file that can be uploaded'),
    recordLimit: AutoSize(
      'How much memory what is written may take, in all workspaces together and beside the data file; `auto` is a quarter of the heap that is left after the start. Without `DATABASE_URL` alone, as the next',
    ),
    userRecordLimit: AutoSize(
      'How much of it the records of one user may take; `auto` is a quarter of `RECORD_LIMIT`',
    ),
    revokedTokenLimit: Type.Integer({
      minimum: 1,
      maximum: 100_000_000,
      default: 100_000,
      description: 'How many revoked tokens are remembered until they have ended',
      allowed: 'a whole number from 1 to 100000000',
    }),
    revokedTokenFile: Type.Optional(
      Type.String({
        minLength: 1,
        description:
          'A file that keeps revoked tokens over a restart, where `JWT_SECRET` is set. With `SAVE` there is one beside the data file without it, such as `db.json.revoked`',
        allowed: "a file's path",
      }),
    ),
    storageLimit: Size('10GiB', 'How large all files may be together'),
    userStorageLimit: Size(
      '2GiB',
      'How large the files of one user may be together. Without `DATABASE_URL` alone',
    ),
    userPlanLimit: Type.Integer({
      minimum: 1,
      maximum: 100_000_000,
      default: 10_000,
      description: 'How many plans one user may have',
      allowed: 'a whole number from 1 to 100000000',
    }),
    userTaskLimit: Type.Integer({
      minimum: 1,
      maximum: 100_000_000,
      default: 10_000,
      description: 'How many tasks one user may have, of plans that are rendered or were',
      allowed: 'a whole number from 1 to 100000000',
    }),
    requestTimeout: Duration('30s', 'How long a request may take to arrive'),
    sendTimeout: Duration('60s', 'How long a client may take nothing of its answer'),
    corsOrigin: Type.Transform(
      Type.Union(
        [Type.String({ format: 'origins' }), Type.Array(Type.String({ format: 'origin' }))],
        {
          default: '*',
          description:
            'The origins whose pages may call the server: `*`, a list with commas, or `none`',
          allowed: '*, none, or origins such as http://localhost:5173, with commas between them',
        },
      ),
    )
      .Decode((value) => (value === '*' || value === 'none' ? value : splitList(value)))
      .Encode((value) => value),
    logLevel: oneOf(LOG_LEVELS, {
      default: 'info',
      description: `The least that is logged: ${LOG_LEVELS.join(', ')}`,
      allowed: `one of ${LOG_LEVELS.join(', ')}`,
    }),
    logFormat: oneOf(LOG_FORMATS, {
      default: 'auto',
      description:
        'How the log is written: `pretty` is a line for a person, `json` for a program; `auto` takes the first in a terminal and the second elsewhere',
      allowed: `one of ${LOG_FORMATS.join(', ')}`,
    }),
    loginLimit: Type.Integer({
      minimum: 0,
      maximum: 1_000_000,
      default: 10,
      description: 'Failed logins a minute, for each user and address; 0 for no limit',
      allowed: 'a whole number from 0 (no limit) to 1000000',
    }),
    nodeEnv: Type.String({
      default: 'development',
      description:
        'Where it is `production`, the registry does not list its users, and `/__slipway` is there only with `CONTROL_TOKEN`',
      allowed: 'any word',
    }),
    forumPageSize: Type.Integer({
      minimum: 1,
      maximum: 1000,
      default: 10,
      description: 'How many articles a page of the forum has',
      allowed: 'a whole number from 1 to 1000',
    }),
    memesTokenTtl: DurationOrNever('How long the `token` of `GET /login` lives'),
    memesOpenUsers: Type.Boolean({
      default: false,
      description:
        'Whether every user of the memes API may list and create users; only together with `applications` in the data',
      allowed: 'true or false',
    }),
    strict: Type.Boolean({
      default: false,
      description:
        'Whether each answer is compared with the OpenAPI document: one that breaks it is logged, and becomes a 500',
      allowed: 'true or false',
    }),
    readOnly: Type.Boolean({
      default: false,
      description: 'Whether every request is refused that would change something; logins are not',
      allowed: 'true or false',
    }),
    delay: Type.Transform(
      Type.Union(
        [Type.String({ format: 'delay' }), Type.Integer({ minimum: 0, maximum: 10_000 })],
        {
          default: '0',
          description:
            'How long each answer waits before it is sent, in milliseconds or with a unit',
          allowed: 'a time of ten seconds at most, such as 500, 500ms or 2s',
        },
      ),
    )
      .Decode(shortTime)
      .Encode((value) => value),
    static: Type.Optional(
      Type.String({
        minLength: 1,
        description:
          'A folder whose files are served at paths that no API has. Without it the command line takes `public`, where that is; `none` for none',
        allowed: "a folder's path, or none",
      }),
    ),
    routes: Type.Optional(
      Type.String({
        minLength: 1,
        description: 'A JSON file of paths that lead to others, such as `{"/api/*": "/$1"}`',
        allowed: "a file's path",
      }),
    ),
    apis: Type.Transform(
      Type.Union([Type.String({ format: 'apis' }), Type.Array(oneOf(API_NAMES))], {
        default: 'auto',
        description:
          'The APIs that are mounted, with commas; `none` for none of them, `auto` for all unless the data file has other parts than theirs',
        allowed: `auto, none, or names with commas between them, out of: ${API_NAMES.join(', ')}`,
      }),
    )
      .Decode((value) =>
        value === 'auto' ? value : API_NAMES.filter((name) => splitList(value).includes(name)),
      )
      .Encode((value) => value),
    prefix: Type.Optional(
      Type.String({
        pattern:
          '^(?!/__slipway(/|$))/[A-Za-z0-9_-][A-Za-z0-9._~-]*(/[A-Za-z0-9_~-][A-Za-z0-9._~-]*)*$',
        maxLength: 200,
        variable: 'PATH_PREFIX',
        description: 'What the paths of your own collections begin with, such as `/data`',
        allowed: 'a path such as /data, without a slash at its end',
      }),
    ),
    id: Type.String({
      pattern: FIELD,
      default: 'id',
      variable: 'ID_FIELD',
      description: 'The field of your own records that has their id',
      allowed: `${FIELD_ALLOWED}, such as _id`,
    }),
    foreignKeySuffix: Type.String({
      pattern: '^[A-Za-z0-9_$-]{1,100}$',
      default: 'Id',
      description:
        'What a field of your own records ends with that has the id of another record: `postId` is the id of one in `posts`',
      allowed: 'letters, digits, _, $ and -, such as Id or _id',
    }),
    enforce: Type.Boolean({
      default: false,
      description:
        'Whether what is written into your own collections has to have the shape of the records in the data file',
      allowed: 'true or false',
    }),
    save: Type.Boolean({
      default: false,
      description:
        'Whether every change of your own collections is written back to the data file, which keeps its layout',
      allowed: 'true or false',
    }),
    maxWorkspaces: Type.Integer({
      minimum: 1,
      maximum: 100_000,
      default: 1000,
      description: 'How many workspaces there are at most',
      allowed: 'a whole number from 1 to 100000',
    }),
    workspaceTtl: Duration('15m', 'How long a workspace stays that nobody uses'),
    stateLimit: Size('64MiB', 'The largest state that `PUT /__slipway/state` takes'),
    controlToken: Type.Optional(
      Type.String({
        pattern: '^[A-Za-z0-9._~+/-]{1,1024}={0,2}$',
        description:
          'What calls of `/__slipway` have to bring as a Bearer token, and requests that ask for a fault. Without it both are there where the server listens on loopback alone, and not where `NODE_ENV` is `production`',
        allowed: 'a token of letters, digits and . _ ~ + / - (RFC 6750)',
        isSecret: true,
      }),
    ),
    snapshots: Type.Optional(
      Type.String({
        minLength: 1,
        description:
          'The folder for snapshots of your own data: `s` and Enter in the terminal writes one. The working folder without it',
        allowed: "a folder's path",
      }),
    ),
  },
  { additionalProperties: false },
)

interface Data {
  /** What a data file holds, in place of one. It is copied. */
  readonly data?: object
}

/** The settings as one gives them: all optional, durations and sizes as text or in milliseconds and bytes. */
export type Options = Readonly<Partial<Static<typeof Settings>>> & Data

/** The settings as the server uses them: durations in milliseconds, sizes in bytes, lists split. They are `Options` too. */
export type Config = Readonly<StaticDecode<typeof Settings>> & Data

/** The settings as the environment or a command line gives them. */
export interface Text {
  readonly [name: string]: string
}

/** A setting with a value that it can't have. The message is one line for the user. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError'
}

/**
 * Checks settings and fills in the defaults.
 * @param options settings by their names in `Settings`; text is taken for numbers and booleans too, as the environment has nothing else
 * @param nameOf what whoever gave them calls a setting; a variable of the environment without it
 * @throws ConfigError with the setting, its value and what is allowed
 */
export function parseConfig(options: Options | Text = {}, nameOf = variableOf): Config {
  const { data, ...settings } = options
  const given = Object.entries(settings).map(([name, value]) => [name, converted(name, value)])
  const values = Value.Default(Settings, Object.fromEntries(given))
  const fault = Value.Errors(Settings, values).First()
  if (fault) {
    throw new ConfigError(describeFault(fault.path.slice(1), fault.value, fault.schema, nameOf))
  }
  const config = Value.Decode(Settings, values)
  refuseBesideDatabase(config, nameOf)
  if (data === undefined) return Object.freeze(config)
  if (typeof data !== 'object')
    throw new ConfigError('data takes an object, as a data file holds one')
  if (config.dataFile !== undefined) {
    throw new ConfigError('data and dataFile are two sources of the same: give one of them')
  }
  return Object.freeze({ ...config, data })
}

/** What is done with the data file or the whole state, which is in the memory of no process where there is a database. */
function refuseBesideDatabase(
  { database, save, snapshots, revokedTokenFile }: Config,
  nameOf: (setting: string) => string,
): void {
  if (database === undefined) return
  if (save) {
    throw new ConfigError(
      `${nameOf('save')} can't be set together with ${nameOf('database')}: the database keeps every change, and the data file stays as it is`,
    )
  }
  if (snapshots !== undefined) {
    throw new ConfigError(
      `${nameOf('snapshots')} can't be set together with ${nameOf('database')}: what is in a database is kept with its own tools, such as pg_dump`,
    )
  }
  if (revokedTokenFile !== undefined) {
    throw new ConfigError(
      `${nameOf('revokedTokenFile')} can't be set together with ${nameOf('database')}: the database keeps revoked tokens`,
    )
  }
}

/**
 * The settings that an environment holds. A variable that is set to nothing counts as not set.
 * @param environment such as `process.env`
 */
export function readEnvironment(environment: NodeJS.ProcessEnv = process.env): Text {
  const options: { [name: string]: string } = {}
  for (const name of Object.keys(Settings.properties)) {
    const value = environment[variableOf(name)]
    if (value) options[name] = value
  }
  return options
}

/** The environment variable of a setting: `accessTokenTtl` gives `ACCESS_TOKEN_TTL`. */
export function variableOf(setting: string): string {
  return String(schemaOf(setting)?.variable ?? setting.replace(/[A-Z]/g, '_$&').toUpperCase())
}

/** The flag of a setting on the command line: `readOnly` gives `--read-only`. */
export function flagOf(setting: string): string {
  return `--${setting.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`
}

/**
 * This process's environment with other settings, for a process that it starts.
 * @param settings by their names in `Settings`
 */
export function environmentWith(settings: Text): NodeJS.ProcessEnv {
  const variables = Object.entries(settings).map(([name, value]) => [variableOf(name), value])
  return { ...process.env, ...Object.fromEntries(variables) }
}

/** Text from the environment or the command line, as what the setting takes where that isn't text. */
function converted(name: string, value: unknown): unknown {
  const type = schemaOf(name)?.type
  if (type === 'integer' && typeof value === 'string' && /^\d{1,15}$/.test(value)) {
    return Number(value)
  }
  if (type === 'boolean' && (value === 'true' || value === 'false')) return value === 'true'
  return value
}

function schemaOf(setting: string): TSchema | undefined {
  return new Map<string, TSchema>(Object.entries(Settings.properties)).get(setting)
}

function describeFault(
  setting: string,
  value: unknown,
  schema: TSchema,
  nameOf: (setting: string) => string,
): string {
  if (!schemaOf(setting)) return `${setting} is not a setting`
  // A secret isn't repeated: what refuses it can end in a log.
  const shown = schema.isSecret
    ? `a value of ${Buffer.byteLength(String(value))} bytes`
    : JSON.stringify(value)
  return `${nameOf(setting)} can't be ${shown}: it takes ${String(schema.allowed)}`
}

function splitList(list: string | readonly string[]): string[] {
  return typeof list === 'string' ? list.split(',').map((part) => part.trim()) : [...list]
}

/** @param duration as settings have it: a text, or milliseconds already */
export function milliseconds(duration: string | number): number {
  return typeof duration === 'number' ? duration : (parseDuration(duration) ?? Number.NaN)
}

/** Milliseconds, with their unit or without, or seconds; NaN for anything else. */
function shortTime(time: string | number): number {
  if (typeof time === 'number') return time
  const [, amount, unit] = /^(\d{1,5})(ms|s)?$/.exec(time) ?? []
  return Number(amount) * (unit === 's' ? 1000 : 1)
}

/** Whether a text is a database's address. One whose server is a socket in a folder has no host (`postgres://user@/name?host=/run`). */
function isDatabase(text: string): boolean {
  return /^postgres(ql)?:\/\//.test(text) && URL.canParse(text.replace('@/', '@localhost/'))
}

function isOrigin(text: string): boolean {
  return URL.canParse(text) && new URL(text).origin === text
}

function bytesOf(value: string | number): number {
  if (typeof value === 'number') return value
  const unit = value.replace(/\d+/, '')
  return Number.parseInt(value, 10) * (isSizeUnit(unit) ? SIZE_UNITS[unit] : Number.NaN)
}

function isSizeUnit(unit: string): unit is keyof typeof SIZE_UNITS {
  return unit in SIZE_UNITS
}
