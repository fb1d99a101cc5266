import { STATUS_CODES } from 'node:http'
import type { ErrorBody, ErrorDetail } from './schemas/error.js'

/** An error that a client may see: its status, its words, and the headers that go with it. */
export class ApiError extends Error {
  override readonly name = 'ApiError'

  constructor(
    readonly statusCode: number,
    message: string,
    readonly headers: Readonly<Record<string, string>> = {},
    readonly details?: readonly ErrorDetail[],
  ) {
    super(message)
  }
}

/** The challenge of RFC 6750, section 3: without an `error` when the request brought no token. */
const BEARER = { 'www-authenticate': 'Bearer realm="slipway"' }
const BEARER_INVALID = { 'www-authenticate': 'Bearer realm="slipway", error="invalid_token"' }
/** The challenge of RFC 7617, section 2. */
const BASIC = { 'www-authenticate': 'Basic realm="slipway"' }

/** Every error that a handler, a guard or a plugin can answer with. Each makes a new error, to be thrown. */
export const errors = {
  invalid: (details: readonly ErrorDetail[]) => {
    const [{ in: part, path, message } = { in: 'request', path: '', message: '' }] = details
    const fault = `${path} ${message}`.trim()
    return new ApiError(400, `The ${part} is not valid: ${fault}.`, {}, details)
  },
  notJson: () => new ApiError(400, 'The body is not valid JSON, or has a key that is not taken.'),
  notUnicode: () => new ApiError(400, 'The body is not valid Unicode text.'),
  malformedPath: () => new ApiError(400, 'The path has an escape that is none.'),
  hostMissing: () => new ApiError(400, 'The Host header is missing.'),
  idMismatch: () => new ApiError(400, 'The id in the body is not the id in the path.'),
  tokensDiffer: () => new ApiError(400, 'The request carries two different tokens.'),
  tokenMissing: () => new ApiError(401, 'A token is needed.', BEARER),
  tokenInvalid: () => new ApiError(401, 'The token is not valid.', BEARER_INVALID),
  credentialsWrong: () => new ApiError(401, 'The username or the password is wrong.', BEARER),
  basicMissing: () => new ApiError(401, 'A username and a password are needed.', BASIC),
  basicWrong: () => new ApiError(401, 'The username or the password is wrong.', BASIC),
  notYourself: () => new ApiError(403, 'You can do this to your own account only.'),
  adminOnly: () => new ApiError(403, 'Only an admin can do this.'),
  routeNotFound: () => new ApiError(404, 'There is nothing at this path.'),
  recordNotFound: (kind: string, id: number | string) =>
    new ApiError(404, `There is no ${kind} with the id ${id}.`),
  methodNotAllowed: (allow: string) =>
    new ApiError(405, `This path answers to ${allow}.`, { allow }),
  taken: (fields: readonly string[]) => new ApiError(409, `This ${fields.join(' and ')} is taken.`),
  conflict: () =>
    new ApiError(409, 'Another request changed this at the same time. Look again and retry.'),
  preconditionFailed: () =>
    new ApiError(412, 'This has changed since the version that If-Match names.'),
  tooLarge: () => new ApiError(413, 'The body is too large.'),
  unsupportedMediaType: () => new ApiError(415, 'The body has a media type that is not read here.'),
  expectationFailed: () => new ApiError(417, 'The only expectation that is met is 100-continue.'),
  tooManyFailures: (seconds: number) =>
    new ApiError(429, 'Too many failed logins. Try again later.', {
      'retry-after': String(seconds),
    }),
  overloaded: () =>
    new ApiError(503, 'Too many requests at once. Try again in a moment.', { 'retry-after': '1' }),
}

/** The body that a client gets for an error. */
export function errorBody({ statusCode, message, details }: ApiError): ErrorBody {
  const error = STATUS_CODES[statusCode] ?? 'Error'
  return details
    ? { statusCode, error, message, details: [...details] }
    : { statusCode, error, message }
}

/**
 * Passes a record on, or answers 404 where there is none.
 * @param kind what was looked for, in the singular
 */
export function found<T>(record: T | undefined, kind: string, id: number | string): T {
  if (record === undefined) throw errors.recordNotFound(kind, id)
  return record
}
