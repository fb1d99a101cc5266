import type { ApiError } from '../http/errors.js'
import type { ProblemDetail } from '../http/problem.js'

/** A part of a request, and where in it. */
type Place = readonly [part: ProblemDetail['in'], path?: string]

/**
 * The errors, by their codes, that say of a request that it isn't one which the document allows, and where that shows. Any other
 * refusal is the application's: a client can ask for what isn't there, or isn't allowed, and be right about the document.
 */
const BREACHES: Readonly<Record<string, Place>> = {
  notJson: ['body'],
  notUnicode: ['body'],
  notForm: ['body'],
  malformedUpload: ['body'],
  malformedPath: ['path'],
  hostMissing: ['header', '/host'],
  hostInvalid: ['header', '/host'],
  framingInvalid: ['header'],
  secretInQuery: ['query'],
  idMismatch: ['body', '/id'],
  workspaceNameInvalid: ['path'],
  workspacesDiffer: ['header', '/x-slipway-workspace'],
  grantUnsupported: ['body', '/grant_type'],
  routeNotFound: ['path'],
  methodNotAllowed: ['path'],
  tooManyParts: ['body'],
  tooManyFields: ['body'],
  filesTooLarge: ['body'],
  tooLarge: ['body'],
  unsupportedMediaType: ['header', '/content-type'],
  unsupportedEncoding: ['header', '/content-encoding'],
}

/** What in a request broke the document, by the error that it met. */
export function problemsOf(error: ApiError): readonly ProblemDetail[] {
  const { code, statusCode, message, details } = error
  if (details) return details
  // What Fastify refuses by itself is no body that could be read.
  const place = BREACHES[code] ?? (code.startsWith('FST_') && statusCode < 500 ? BODY : undefined)
  if (!place) return NONE
  const [part, path = ''] = place
  return [{ in: part, path, message }]
}

export const NONE: readonly ProblemDetail[] = []

const BODY: Place = ['body']
