import { STATUS_CODES } from 'node:http'
import type { ErrorBody, ErrorDetail } from './error-body.js'

/** What an API says in words of its own, because its clients know them. For the rest the catalogue has the words. */
export interface Words {
  /** For faults that validation found; undefined where the catalogue's words will do. */
  readonly invalid?: (details: readonly ErrorDetail[]) => string | undefined
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
}

/** The catalogue's own words. */
export const PLAIN: Wording = { words: {}, isInError: false }

interface ErrorOptions {
  readonly headers?: Readonly<Record<string, string>>
  readonly details?: readonly ErrorDetail[]
  /** Finds an API's own words for this error. */
  readonly own?: (words: Words) => string | undefined
}

/** An error that a client may see: its status, its words, and the headers that go with it. */
export class ApiError extends Error {
  override readonly name = 'ApiError'
  readonly headers: Readonly<Record<string, string>>
  readonly details: readonly ErrorDetail[] | undefined
  readonly #own: (words: Words) => string | undefined

  constructor(
    readonly statusCode: number,
    message: string,
    { headers = {}, details, own = () => undefined }: ErrorOptions = {},
  ) {
    super(message)
    this.headers = headers
    this.details = details
    this.#own = own
  }

  /** The body that a client gets for it, from an API with this wording. */
  bodyIn({ words, isInError }: Wording): ErrorBody {
    const { statusCode, details } = this
    const message = this.#own(words) ?? this.message
    const error = isInError ? message : (STATUS_CODES[statusCode] ?? 'Error')
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
/** For what no RFC has a challenge for: RFC 9110, section 11.6.1, wants one with every 401. */
const APPLICATION = { 'www-authenticate': 'Application realm="slipway"' }

/** Where the API reference is: what to do next is there. */
export const REFERENCE = '/docs'

const WRONG = 'The username or the password is wrong.'

/** Every error that a handler, a guard or a plugin can answer with. Each makes a new error, to be thrown. */
export const errors = {
  invalid: (details: readonly ErrorDetail[]) => {
    const [{ in: part, path, message } = { in: 'request', path: '', message: '' }] = details
    const fault = `${path} ${message}`.trim()
    return new ApiError(400, `The ${part} is not valid: ${fault}.`, {
      details,
      own: (words) => words.invalid?.(details),
    })
  },
  notJson: () => new ApiError(400, 'The body is not valid JSON, or has a key that is not taken.'),
  notUnicode: () => new ApiError(400, 'The body is not valid Unicode text.'),
  notForm: () =>
    new ApiError(400, 'The body is not a valid form: an escape is none, or it is not UTF-8.'),
  malformedUpload: () =>
    new ApiError(400, 'The upload is not multipart/form-data to its end (RFC 7578).'),
  malformedPath: () => new ApiError(400, 'The path has an escape that is none.'),
  hostMissing: () => new ApiError(400, 'The Host header is missing.'),
  idMismatch: () => new ApiError(400, 'The id in the body is not the id in the path.'),
  tokensDiffer: () => new ApiError(400, 'The request carries two different tokens.'),
  tokenMissing: () =>
    new ApiError(
      401,
      `A token is needed. The API reference, at ${REFERENCE}, says how to get one.`,
      {
        headers: BEARER,
        own: (words) => words.tokenMissing,
      },
    ),
  tokenInvalid: () =>
    new ApiError(401, 'The token is not valid.', {
      headers: BEARER_INVALID,
      own: (words) => words.tokenInvalid,
    }),
  credentialsWrong: () =>
    new ApiError(401, WRONG, { headers: BEARER, own: (words) => words.credentialsWrong }),
  applicationMissing: () =>
    new ApiError(401, 'An application token is needed.', { headers: APPLICATION }),
  applicationUnknown: () =>
    new ApiError(401, 'The application token is not valid.', { headers: APPLICATION }),
  passwordIncorrect: () => new ApiError(401, 'password is incorrect', { headers: BEARER }),
  basicMissing: () =>
    new ApiError(401, 'A username and a password are needed.', { headers: BASIC }),
  basicWrong: () => new ApiError(401, WRONG, { headers: BASIC }),
  notYourself: () => new ApiError(403, 'You can do this to your own account only.'),
  notOwner: (action: string, kind: string) =>
    new ApiError(403, `You can ${action} only a ${kind} of your own.`, {
      own: (words) => words.notOwner?.(action),
    }),
  adminOnly: () => new ApiError(403, 'Only an admin can do this.'),
  routeNotFound: () =>
    new ApiError(404, `There is nothing at this path. The API reference is at ${REFERENCE}.`),
  usernameNotFound: () => new ApiError(404, 'username not found'),
  recordNotFound: (kind: string, id: number | string) =>
    new ApiError(404, `There is no ${kind} with the id ${id}.`, {
      own: (words) => words.recordNotFound?.(kind, id),
    }),
  methodNotAllowed: (allow: string) =>
    new ApiError(405, `This path answers to ${allow}.`, { headers: { allow } }),
  taken: (fields: readonly string[]) =>
    new ApiError(409, `This ${fields.join(' and ')} is taken.`, {
      own: (words) => words.taken?.(fields),
    }),
  conflict: () =>
    new ApiError(409, 'Another request changed this at the same time. Look again and retry.'),
  preconditionFailed: () =>
    new ApiError(412, 'This has changed since the version that If-Match names.'),
  planTooLarge: () => new ApiError(413, 'The plan would be too large.'),
  tooManyParts: () => new ApiError(413, 'The upload has too many parts, or one that is too large.'),
  tooManyFields: () => new ApiError(413, 'The body has too many fields.'),
  tooLarge: () => new ApiError(413, 'The body is too large.'),
  unsupportedMediaType: (taken: readonly string[]) =>
    new ApiError(
      415,
      `The body has a media type that is not read here. Send ${taken.join(' or ')}, and say so in Content-Type.`,
    ),
  unsupportedEncoding: () =>
    new ApiError(415, 'The body is compressed. Send it as it is, without Content-Encoding.'),
  rangeNotSatisfiable: (size: number) =>
    new ApiError(416, 'The file has no such range.', {
      headers: { 'content-range': `bytes */${size}` },
    }),
  expectationFailed: () => new ApiError(417, 'The only expectation that is met is 100-continue.'),
  tooManyFailures: (seconds: number) =>
    new ApiError(429, 'Too many failed logins. Try again later.', {
      headers: { 'retry-after': String(seconds) },
    }),
  overloaded: () =>
    new ApiError(503, 'Too many requests at once. Try again in a moment.', {
      headers: { 'retry-after': '1' },
    }),
}

/**
 * Passes a record on, or answers 404 where there is none.
 * @param kind what was looked for, in the singular
 */
export function found<T>(record: T | undefined, kind: string, id: number | string): T {
  if (record === undefined) throw errors.recordNotFound(kind, id)
  return record
}
