import type {
  FastifyRequest,
  FastifySchema,
  onRequestHookHandler,
  preValidationHookHandler,
} from 'fastify'
import { unknownField } from '../../store/check.js'
import { errors } from './errors.js'

/** The methods whose bodies are read. */
export const READ: ReadonlySet<string> = new Set(['POST', 'PUT', 'PATCH', 'DELETE'])

/** The media types of the bodies that a route reads. */
export function mediaTypesOf(schema: FastifySchema | undefined): readonly string[] {
  return schema?.consumes ?? ['application/json']
}

/** Whether a request brings a body, read or not. */
export function hasBody({ headers }: Pick<FastifyRequest, 'headers'>): boolean {
  return headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > 0
}

/** Whether a body is compressed, or encoded in another way: none such is read. */
export function isEncoded({ headers }: Pick<FastifyRequest, 'headers'>): boolean {
  return (headers['content-encoding'] ?? 'identity') !== 'identity'
}

/** Refuses an encoded body before anything else is looked at. */
export const refuseEncoded: onRequestHookHandler = (request, _reply, done) => {
  done(isEncoded(request) ? errors.unsupportedEncoding() : undefined)
}

/** A request without a body is as one with nothing in it, so that each missing field is named. */
export const fillIn: preValidationHookHandler = (request, _reply, done) => {
  if (request.body === undefined) request.body = {}
  done()
}

/** Where no body is due there may be an empty one: what it said would be ignored. */
export const refuseFields: preValidationHookHandler = ({ body }, _reply, done) => {
  if (body === undefined) return done()
  if (typeof body !== 'object' || body === null || Array.isArray(body)) {
    return done(errors.invalid('body', { path: '', code: 'type', params: { type: 'object' } }))
  }
  const [field] = Object.keys(body)
  if (field === undefined) return done()
  done(errors.invalid('body', unknownField(field)))
}
