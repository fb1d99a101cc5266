import { STATUS_CODES } from 'node:http'
import type { Fault } from '../../store/check.js'
import { ConditionFailed } from '../../store/errors.js'
import { withArticle } from './article.js'
import { wordsFor } from './faults.js'
import type { Problem, ProblemDetail } from './problem.js'

/** What an API says in words of its own, because its clients know them. For the rest the catalogue has the words. */
export interface Words {
  /** For faults that validation found; undefined where the catalogue's words will do. */
  readonly invalid?: (faults: readonly Fault[]) => string | undefined
  readonly tokenMissing?: string
  readonly tokenInvalid?: string
  readonly credentialsWrong?: string
  readonly taken?: (fields: readonly string[]) => string
  readonly notOwner?: (action: string) => string
  readonly recordNotFound?: (kind: string, id: number | string) => string
}

/** How an API puts its errors. */
export interface Wording {
  readonly words: Words
  /** Its clients read the text in the field `error`, where others have the status's name. */
  readonly isInError: boolean
  /** What a standard has its clients read in `error`, by the error's code. */
  readonly terms?: Readonly<Record<string, string>>
}

/** The catalogue's own words. */
export const PLAIN: Wording = { words: {}, isInError: false }

interface ErrorOptions {
  readonly headers?: Readonly<Record<string, string>>
  readonly details?: readonly ProblemDetail[]
  /** Finds an API's own words for this error. */
  readonly own?: (words: Words) => string | undefined
}

/** An error that a client may see: its status, its words, and the headers that go with it. */
export class ApiError extends Error {
  override readonly name = 'ApiError'
  readonly headers: Readonly<Record<string, string>>
  readonly details: readonly ProblemDetail[] | undefined
  readonly #own: (words: Words) => string | undefined

  constructor(
    readonly statusCode: number,
    /** Names the error in the code: its key in the catalogue. Clients don't get to see it. */
    readonly code: string,
    message: string,
    { headers = {}, details, own = () => undefined }: ErrorOptions = {},
  ) {
    super(message)
    this.headers = headers
    this.details = details
    this.#own = own
  }

  /** The body that a client gets for it, from an API with this wording. */
  bodyIn({ words, isInError, terms }: Wording): Problem {
    const { statusCode, details } = this
    const message = this.#own(words) ?? this.message
    const name = isInError ? message : (STATUS_CODES[statusCode] ?? 'Error')
    const error = terms?.[this.code] ?? name
    return details
      ? { statusCode, error, message, details: [...details] }
      : { statusCode, error, message }
  }
}

/** The challenge of RFC 6750, section 3: without an `error` when the request brought no token. */
const BEARER = { 'www-authenticate': 'Bearer realm="slipway"' }
const BEARER_INVALID = { 'www-authenticate': 'Bearer realm="slipway", error="invalid_token"' }
/** The challenge of RFC 7617, section 2. */
const BASIC = { 'www-authenticate': 'Basic realm="slipway"' }
/** As `BEARER`, for who steers the server. */
const CONTROL = { 'www-authenticate': 'Bearer realm="slipway control"' }
const CONTROL_INVALID = {
  'www-authenticate': 'Bearer realm="slipway control", error="invalid_token"',
}
/** For what no RFC has a challenge for: RFC 9110, section 11.6.1, wants one with every 401. */
const APPLICATION = { 'www-authenticate': 'Application realm="slipway"' }

/** Where the API reference is: what to do next is there. */
export const REFERENCE = '/docs'

const WRONG = 'The username or the password is wrong.'

/** What there is too much of, and the way out. */
const NO_ROOM = {
  all: 'There is no room for more records: delete some, or start with a larger RECORD_LIMIT.',
  user: 'You have as many records as one user may: delete some, or start with a larger USER_RECORD_LIMIT.',
  files:
    'You have as many files as one user may: delete some, or start with a larger USER_STORAGE_LIMIT.',
  plans:
    'You have as many plans as one user may: delete some, or start with a larger USER_PLAN_LIMIT.',
  tasks: 'You have as many tasks as one user may: start with a larger USER_TASK_LIMIT.',
  tokens:
    'Too many tokens were revoked that have not ended yet. Try again later, or start with a larger REVOKED_TOKEN_LIMIT.',
}

/** Every error that a handler, a guard or a plugin can answer with. Each makes a new error, to be thrown. */
export const errors = {
  /** Of faults in one part of a request. */
  invalid: (part: ProblemDetail['in'], ...faults: readonly Fault[]) => {
    const details = faults.map((fault) => ({
      in: part,
      path: fault.path,
      message: wordsFor(fault),
    }))
    const [{ path, message } = { path: '', message: '' }] = details
    return new ApiError(
      400,
      'invalid',
      `The ${part} is not valid: ${`${path} ${message}`.trim()}.`,
      {
        details,
        own: (words) => words.invalid?.(faults),
      },
    )
  },
  /** Of what is written into a collection of the user's own whose shape is frozen. */
  shapeBroken: (collection: string, isGiven: boolean, ...faults: readonly Fault[]) => {
    const { message, details } = errors.invalid('body', ...faults)
    const wayOut = isGiven
      ? `${collection} has a schema in $collections of the data file.`
      : `${collection} keeps its shape: start without --enforce, and it follows what is written.`
    return new ApiError(400, 'shapeBroken', `${message} ${wayOut}`, details ? { details } : {})
  },
  idTaken: (collection: string, id: number | string) =>
    new ApiError(409, 'idTaken', `${collection} has a record ${id} already.`),
  notJson: () =>
    new ApiError(400, 'notJson', 'The body is not valid JSON, or has a key that is not taken.'),
  notUnicode: () => new ApiError(400, 'notUnicode', 'The body is not valid Unicode text.'),
  notForm: () =>
    new ApiError(
      400,
      'notForm',
      'The body is not a valid form: an escape is none, or it is not UTF-8.',
    ),
  malformedUpload: () =>
    new ApiError(
      400,
      'malformedUpload',
      'The upload is not multipart/form-data to its end (RFC 7578).',
    ),
  malformedPath: () => new ApiError(400, 'malformedPath', 'The path has an escape that is none.'),
  hostMissing: () => new ApiError(400, 'hostMissing', 'The Host header is missing.'),
  clockOutOfRange: () =>
    named(
      'clockOutOfRange',
      errors.invalid('body', {
        path: '/offset',
        code: 'range',
        message: 'must leave the time between the years 1970 and 9999',
      }),
    ),
  hostInvalid: () =>
    new ApiError(400, 'hostInvalid', 'The Host header is no host, or there are two of them.'),
  framingInvalid: () =>
    new ApiError(
      400,
      'framingInvalid',
      'The body has no end that can be told: Transfer-Encoding has to be chunked.',
    ),
  secretInQuery: (name: string, secret: 'token' | 'password') =>
    new ApiError(
      400,
      'secretInQuery',
      secret === 'token'
        ? `A token does not belong in a query (${name}), which histories and logs keep: send it in a header, such as Authorization: Bearer, and end this one with a logout.`
        : `A password does not belong in a query (${name}), which histories and logs keep: send it in the body or the header that the API reference names, and choose another.`,
      { headers: { 'cache-control': 'no-store' } },
    ),
  unreadable: () => new ApiError(400, 'unreadable', 'This is no HTTP request.'),
  idMismatch: () =>
    new ApiError(400, 'idMismatch', 'The id in the body is not the id in the path.'),
  workspaceNameInvalid: () =>
    new ApiError(
      400,
      'workspaceNameInvalid',
      'This is no name of a workspace: it has 1 to 64 letters, digits, hyphens, underscores and dots, and no dot first.',
    ),
  workspacesDiffer: () =>
    new ApiError(
      400,
      'workspacesDiffer',
      'The path and the header X-Slipway-Workspace name two workspaces.',
    ),
  tokensDiffer: () =>
    new ApiError(400, 'tokensDiffer', 'The request carries tokens of different users.'),
  grantInvalid: () =>
    new ApiError(
      400,
      'grantInvalid',
      'No user has this name and password, or the refresh token is not valid.',
    ),
  grantUnsupported: () =>
    new ApiError(400, 'grantUnsupported', 'A grant_type is password or refresh_token here.'),
  tokenMissing: () =>
    new ApiError(
      401,
      'tokenMissing',
      `A token is needed. The API reference, at ${REFERENCE}, says how to get one.`,
      {
        headers: BEARER,
        own: (words) => words.tokenMissing,
      },
    ),
  tokenInvalid: () =>
    new ApiError(401, 'tokenInvalid', 'The token is not valid.', {
      headers: BEARER_INVALID,
      own: (words) => words.tokenInvalid,
    }),
  credentialsWrong: () =>
    new ApiError(401, 'credentialsWrong', WRONG, {
      headers: BEARER,
      own: (words) => words.credentialsWrong,
    }),
  applicationMissing: () =>
    new ApiError(401, 'applicationMissing', 'An application token is needed.', {
      headers: APPLICATION,
    }),
  applicationUnknown: () =>
    new ApiError(401, 'applicationUnknown', 'The application token is not valid.', {
      headers: APPLICATION,
    }),
  controlTokenMissing: () =>
    new ApiError(
      401,
      'controlTokenMissing',
      'The control token is needed, as a Bearer token: what CONTROL_TOKEN is set to.',
      { headers: CONTROL },
    ),
  controlTokenWrong: () =>
    new ApiError(
      401,
      'controlTokenWrong',
      'This is not the control token: CONTROL_TOKEN is set to another.',
      { headers: CONTROL_INVALID },
    ),
  passwordIncorrect: () =>
    new ApiError(401, 'passwordIncorrect', 'password is incorrect', { headers: BEARER }),
  basicMissing: () =>
    new ApiError(401, 'basicMissing', 'A username and a password are needed.', { headers: BASIC }),
  basicWrong: () => new ApiError(401, 'basicWrong', WRONG, { headers: BASIC }),
  notYourself: () => new ApiError(403, 'notYourself', 'You can do this to your own account only.'),
  notOwner: (action: string, kind: string) =>
    new ApiError(403, 'notOwner', `You can ${action} only ${withArticle(kind)} of your own.`, {
      own: (words) => words.notOwner?.(action),
    }),
  readOnly: () =>
    new ApiError(
      403,
      'readOnly',
      'This server is read-only. To change something, start it without --read-only (READ_ONLY).',
    ),
  originForeign: () =>
    new ApiError(403, 'originForeign', "Pages of other origins than the server's can't do this."),
  hostForeign: () =>
    new ApiError(
      403,
      'hostForeign',
      'Without CONTROL_TOKEN this is answered at a name of this machine alone: ask at localhost.',
    ),
  controlHidden: () =>
    new ApiError(
      403,
      'controlHidden',
      'Other machines can reach this server: start it with CONTROL_TOKEN, or have it listen on 127.0.0.1.',
    ),
  adminOnly: () => new ApiError(403, 'adminOnly', 'Only an admin can do this.'),
  routeNotFound: () =>
    new ApiError(
      404,
      'routeNotFound',
      `There is nothing at this path. The API reference is at ${REFERENCE}.`,
    ),
  operationNotFound: (name: string) =>
    new ApiError(404, 'operationNotFound', `The document has no operation ${name}.`),
  faultNotFound: (id: string) => new ApiError(404, 'faultNotFound', `There is no fault ${id}.`),
  usernameNotFound: () => new ApiError(404, 'usernameNotFound', 'username not found'),
  notThere: (kind: string, name: string) =>
    new ApiError(404, 'notThere', `There is no ${kind} ${name}.`),
  recordNotFound: (kind: string, id: number | string) =>
    new ApiError(404, 'recordNotFound', `There is no ${kind} with the id ${id}.`, {
      own: (words) => words.recordNotFound?.(kind, id),
    }),
  methodNotAllowed: (allow: string) =>
    new ApiError(405, 'methodNotAllowed', `This path answers to ${allow}.`, { headers: { allow } }),
  taken: (fields: readonly string[]) =>
    new ApiError(409, 'taken', `This ${fields.join(' and ')} is taken.`, {
      own: (words) => words.taken?.(fields),
    }),
  workspaceTaken: (name: string) =>
    new ApiError(409, 'workspaceTaken', `There is a workspace ${name} already.`),
  snapshotTaken: (name: string) =>
    new ApiError(409, 'snapshotTaken', `There is a snapshot ${name} already.`),
  tooManySnapshots: (most: number) =>
    new ApiError(
      409,
      'tooManySnapshots',
      `There are ${most} snapshots in this world already: delete one.`,
    ),
  tooManyFaults: (most: number) =>
    new ApiError(
      409,
      'tooManyFaults',
      `There are ${most} faults here, or they are too large together: delete some.`,
    ),
  notVerified: (wanted: string, count: number, details: readonly ProblemDetail[]) =>
    new ApiError(
      409,
      'notVerified',
      `${count} ${count === 1 ? 'request matches' : 'requests match'}, and there should be ${wanted}.`,
      { details },
    ),
  conflict: () =>
    new ApiError(
      409,
      'conflict',
      'Another request changed this at the same time. Look again and retry.',
    ),
  preconditionFailed: () =>
    new ApiError(
      412,
      'preconditionFailed',
      'This has changed since the version that If-Match names.',
    ),
  planTooLarge: () => new ApiError(413, 'planTooLarge', 'The plan would be too large.'),
  /** Of a state that is asked for. */
  filesTooLarge: () =>
    new ApiError(
      413,
      'filesTooLarge',
      'The files in this state are larger than STATE_LIMIT: ask without them (?files=none), or start with a larger one.',
    ),
  /** Of a state that is put in. */
  stateInvalid: (faults: readonly { readonly path: string; readonly message: string }[]) =>
    named(
      'stateInvalid',
      errors.invalid(
        'body',
        ...faults.map(({ path, message }) => ({ path: shortened(path), message, code: 'state' })),
      ),
    ),
  tooManyParts: () =>
    new ApiError(413, 'tooManyParts', 'The upload has too many parts, or one that is too large.'),
  tooManyAccounts: (most: number) =>
    new ApiError(
      413,
      'tooManyAccounts',
      `One request can make ${most} accounts at most: leave out some, or their passwords.`,
    ),
  tooManyFields: () => new ApiError(413, 'tooManyFields', 'The body has too many fields.'),
  tooLarge: () => new ApiError(413, 'tooLarge', 'The body is too large.'),
  unsupportedMediaType: (taken: readonly string[]) =>
    new ApiError(
      415,
      'unsupportedMediaType',
      `The body has a media type that is not read here. Send ${taken.join(' or ')}, and say so in Content-Type.`,
    ),
  unsupportedEncoding: () =>
    new ApiError(
      415,
      'unsupportedEncoding',
      'The body is compressed. Send it as it is, without Content-Encoding.',
    ),
  rangeNotSatisfiable: (size: number) =>
    new ApiError(416, 'rangeNotSatisfiable', 'The file has no such range.', {
      headers: { 'content-range': `bytes */${size}` },
    }),
  expectationFailed: () =>
    new ApiError(417, 'expectationFailed', 'The only expectation that is met is 100-continue.'),
  tooManyFailures: (seconds: number) =>
    new ApiError(429, 'tooManyFailures', 'Too many failed logins. Try again later.', {
      headers: { 'retry-after': String(seconds) },
    }),
  headTooLarge: () =>
    new ApiError(431, 'headTooLarge', 'The request line and the headers are too large.'),
  tooSlow: () => new ApiError(408, 'tooSlow', 'The request took too long to arrive.'),
  codingUnknown: () =>
    new ApiError(501, 'codingUnknown', 'The only transfer coding that is read is chunked.'),
  /** Of what needs all the state in this process's memory. */
  memoryNeeded: (what: string) =>
    new ApiError(
      501,
      'memoryNeeded',
      `There are no ${what} here: they need the memory engine, and this server keeps its data in a database. Start one without DATABASE_URL.`,
    ),
  internal: () => new ApiError(500, 'internal', 'Internal Server Error'),
  tooManyWorkspaces: (most: number) =>
    new ApiError(
      503,
      'tooManyWorkspaces',
      `There are ${most} workspaces, and no room for another: delete one, let one go, or start with a larger MAX_WORKSPACES.`,
      { headers: { 'retry-after': '60' } },
    ),
  tooManyFeeds: () =>
    new ApiError(503, 'tooManyFeeds', 'Too many feeds are open. End one, or try again later.', {
      headers: { 'retry-after': '60' },
    }),
  storageFull: () =>
    new ApiError(507, 'storageFull', 'There is no room to store this. Try again later.', {
      headers: { 'retry-after': '60' },
    }),
  noRoom: (of: keyof typeof NO_ROOM) =>
    new ApiError(507, 'noRoom', NO_ROOM[of], { headers: { 'retry-after': '60' } }),
  storageUnavailable: () =>
    new ApiError(
      503,
      'storageUnavailable',
      'Files can not be stored or read at the moment. Try again later.',
      { headers: { 'retry-after': '10' } },
    ),
  tooManyWait: (seconds: number) =>
    new ApiError(
      503,
      'tooManyWait',
      'Too many plans wait to be rendered, or too many of yours. Try again later.',
      { headers: { 'retry-after': String(seconds) } },
    ),
  databaseUnavailable: () =>
    new ApiError(
      503,
      'databaseUnavailable',
      'The database can not be reached at the moment. Try again in a moment.',
      { headers: { 'retry-after': '1' } },
    ),
  overloaded: () =>
    new ApiError(503, 'overloaded', 'Too many requests at once. Try again in a moment.', {
      headers: { 'retry-after': '1' },
    }),
}

/** For whatever is wrong on purpose, with a status that its operation doesn't have. */
export function faultError(status: number): ApiError {
  return new ApiError(status, 'fault', 'This is a fault that was asked for.')
}

/**
 * Passes a record on, or answers 404 where there is none.
 * @param kind what was looked for, in the singular
 */
export function found<T>(record: T | undefined, kind: string, id: number | string): T {
  if (record === undefined) throw errors.recordNotFound(kind, id)
  return record
}

/**
 * Waits for a change that has a condition on whose the record is.
 * @param action what was to be done, as a verb
 * @param kind what it was to be done to, in the singular
 * @throws 403 when the condition didn't hold
 */
export async function ownersOnly<T>(change: Promise<T>, action: string, kind: string): Promise<T> {
  try {
    return await change
  } catch (error) {
    throw error instanceof ConditionFailed ? errors.notOwner(action, kind) : error
  }
}

/** How much of a place is told: a name in a state can be as long as the state may be. */
const MAX_PLACE = 500

function shortened(path: string): string {
  return path.length > MAX_PLACE ? `${path.slice(0, MAX_PLACE)}…` : path
}

/** An error under a name of its own. */
function named(code: string, { statusCode, message, details }: ApiError): ApiError {
  return new ApiError(statusCode, code, message, details ? { details } : {})
}
