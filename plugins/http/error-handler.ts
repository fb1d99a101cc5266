import type { FastifyError, FastifyReply, FastifyRequest } from 'fastify'
import fp from 'fastify-plugin'
import { describe } from '../../store/check.js'
import { ACCOUNTS } from '../../store/engine.js'
import {
  ConditionFailed,
  codeOf,
  NoRoom,
  ReferenceViolation,
  StorageFailure,
  Unavailable,
  UniqueViolation,
  VersionMismatch,
} from '../../store/errors.js'
import { mediaTypesOf } from './bodies.js'
import { ApiError, errors, PLAIN, type Wording } from './errors.js'
import type { ProblemDetail } from './problem.js'

declare module 'fastify' {
  interface FastifyInstance {
    /** How errors are put in this scope. */
    readonly wording: Wording
  }
  interface FastifyRequest {
    /** The error that it was answered with. */
    refusedWith?: ApiError
  }
}

/** A body can hold a fault for every two bytes. A person needs a few of them. */
const MAX_DETAILS = 100

/** Fastify's names for the parts of a request, and a client's. */
const PARTS: Readonly<Record<string, ProblemDetail['in']>> = {
  body: 'body',
  params: 'path',
  querystring: 'query',
  headers: 'header',
}

const MEDIA_TYPE_ERRORS: ReadonlySet<string> = new Set([
  'FST_ERR_CTP_INVALID_MEDIA_TYPE',
  'FST_INVALID_MULTIPART_CONTENT_TYPE',
])

/** What of Fastify's own errors the catalogue has words for. */
const FASTIFY_ERRORS: Readonly<Record<string, () => ApiError>> = {
  FST_ERR_CTP_INVALID_JSON_BODY: errors.notJson,
  FST_ERR_BAD_URL: errors.malformedPath,
  FST_ERR_CTP_BODY_TOO_LARGE: errors.tooLarge,
  FST_INVALID_JSON_FIELD_ERROR: errors.notJson,
  FST_MP_PREMATURE_CLOSE: errors.malformedUpload,
  FST_PROTO_VIOLATION: errors.malformedUpload,
  FST_PARTS_LIMIT: errors.tooManyParts,
  FST_FILES_LIMIT: errors.tooManyParts,
  FST_FIELDS_LIMIT: errors.tooManyParts,
  FST_REQ_FILE_TOO_LARGE: errors.tooLarge,
}

/** What a system says when it has no more of what a request takes, such as descriptors, and will have again. */
const SYSTEM_ERRORS: Readonly<Record<string, () => ApiError>> = {
  ENOSPC: errors.storageFull,
  EDQUOT: errors.storageFull,
  EMFILE: errors.overloaded,
  ENFILE: errors.overloaded,
  ENOMEM: errors.overloaded,
  EIO: errors.storageUnavailable,
  EROFS: errors.storageUnavailable,
}

/** Answers an error in the one shape. What isn't a client's fault is logged, and says nothing of itself. */
export function answerError(error: Error, request: FastifyRequest, reply: FastifyReply): void {
  const known = toApiError(error, request)
  if (!known || isOfSystem(error)) request.log.error(error)
  answer(known ?? errors.internal(), reply, request.server.wording)
}

/** Answers an error in the words of one API. */
export function answer(error: ApiError, reply: FastifyReply, wording: Wording): void {
  const body = error.bodyIn(wording)
  reply.request.refusal = body.message
  reply.request.refusedWith = error
  reply.code(error.statusCode).headers(error.headers).send(body)
}

/** Answers every error that a request meets, from whichever route. */
export default fp(
  async (app) => {
    app.decorate('wording', PLAIN)
    app.setErrorHandler<Error>(answerError)
  },
  { name: 'errors' },
)

/**
 * What a client gets for an error; undefined when the error is the server's own fault.
 * @param request the one that met it
 */
export function toApiError(
  error: Error,
  request?: Pick<FastifyRequest, 'routeOptions'>,
): ApiError | undefined {
  if (error instanceof ApiError) return error
  if (error instanceof UniqueViolation) return errors.taken(error.fields)
  if (error instanceof VersionMismatch) return errors.preconditionFailed()
  if (error instanceof ConditionFailed) return errors.conflict()
  if (error instanceof ReferenceViolation) {
    // Who the request comes from was deleted while it ran, and the token with them.
    return error.target === ACCOUNTS ? errors.tokenInvalid() : errors.conflict()
  }
  if (error instanceof Unavailable) {
    return error.isFull ? errors.storageFull() : errors.databaseUnavailable()
  }
  if (error instanceof NoRoom) return errors.noRoom(error.of)
  if (error instanceof StorageFailure) {
    if (error.isFull) return errors.storageFull()
    return (SYSTEM_ERRORS[error.code] ?? errors.storageUnavailable)()
  }
  if (isOfSystem(error)) return SYSTEM_ERRORS[codeOf(error) ?? '']?.()
  if (!isFastifyError(error)) return undefined
  if (error.validation) {
    const { validation, validationContext = 'body' } = error
    const part = PARTS[validationContext] ?? 'body'
    return errors.invalid(part, ...validation.slice(0, MAX_DETAILS).map(describe))
  }
  if (MEDIA_TYPE_ERRORS.has(error.code)) {
    return errors.unsupportedMediaType(mediaTypesOf(request?.routeOptions.schema))
  }
  const known = FASTIFY_ERRORS[error.code]
  if (known) return known()
  const { statusCode = 500, message } = error
  return statusCode < 500 ? new ApiError(statusCode, error.code, message) : undefined
}

/** Whether the system has refused something: whoever runs the server is to hear of it. */
function isOfSystem(error: Error): boolean {
  return (
    error instanceof StorageFailure ||
    error instanceof Unavailable ||
    (codeOf(error) ?? '') in SYSTEM_ERRORS
  )
}

function isFastifyError(error: Error): error is FastifyError {
  return 'statusCode' in error || 'validation' in error
}
