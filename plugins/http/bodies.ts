import type { FastifyRequest, FastifySchema, preValidationHookHandler, RouteOptions } from 'fastify'
import fp from 'fastify-plugin'
import { unknownField } from '../../store/check.js'
import { errors } from './errors.js'

/** The methods whose bodies are read. */
const READ: ReadonlySet<string> = new Set(['POST', 'PUT', 'PATCH', 'DELETE'])

/** Whether a route reads the bodies of its requests. */
export function readsBody({ method }: Pick<RouteOptions, 'method'>): boolean {
  return [method].flat().some((each) => READ.has(each))
}

/** The media types of the bodies that a route reads. */
export function mediaTypesOf(schema: FastifySchema | undefined): readonly string[] {
  return schema?.consumes ?? ['application/json']
}

/** Whether a request brings a body, read or not. */
export function hasBody({ headers }: Pick<FastifyRequest, 'headers'>): boolean {
  return Number(headers['content-length'] ?? 0) > 0 || headers['transfer-encoding'] !== undefined
}

/** Whether a body is compressed, or encoded in another way: none such is read. */
export function isEncoded({ headers }: Pick<FastifyRequest, 'headers'>): boolean {
  return (headers['content-encoding'] ?? 'identity') !== 'identity'
}

/** A request without a body is as one with nothing in it, so that each missing field is named. */
const fillIn: preValidationHookHandler = (request, _reply, done) => {
  if (request.body === undefined) request.body = {}
  done()
}

/** Where no body is due there may be an empty one: what it said would be ignored. */
const refuseFields: preValidationHookHandler = ({ body }, _reply, done) => {
  if (body === undefined) return done()
  if (typeof body !== 'object' || body === null || Array.isArray(body)) {
    return done(errors.invalid([{ in: 'body', path: '', message: 'must be object' }]))
  }
  const [field] = Object.keys(body)
  if (field === undefined) return done()
  done(errors.invalid([{ in: 'body', ...unknownField(field) }]))
}

/** What holds of every body, whatever its media type. */
export default fp(
  async (app) => {
    app.addHook('onRequest', (request, _reply, done) => {
      const isRefused = READ.has(request.method) && isEncoded(request)
      done(isRefused ? errors.unsupportedEncoding() : undefined)
    })

    app.addHook('onRoute', (route) => {
      if (!readsBody(route)) return
      const check = route.schema?.body ? fillIn : refuseFields
      route.preValidation = [check, ...[route.preValidation ?? []].flat()]
    })
  },
  { name: 'bodies' },
)
