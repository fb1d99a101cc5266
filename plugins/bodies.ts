import type { preValidationHookHandler, RouteOptions } from 'fastify'
import fp from 'fastify-plugin'
import { errors } from '../errors.js'
import { UNKNOWN } from '../schemas/check.js'

/** The methods whose bodies are read. */
const READ: ReadonlySet<string> = new Set(['POST', 'PUT', 'PATCH', 'DELETE'])

/** Whether a route reads the bodies of its requests. */
export function readsBody({ method }: Pick<RouteOptions, 'method'>): boolean {
  return [method].flat().some((each) => READ.has(each))
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
  done(errors.invalid([{ in: 'body', path: `/${field}`, message: UNKNOWN }]))
}

/** What holds of every body, whatever its media type. */
export default fp(
  async (app) => {
    app.addHook('onRequest', ({ method, headers }, _reply, done) => {
      const encoding = headers['content-encoding'] ?? 'identity'
      const isRefused = READ.has(method) && encoding !== 'identity'
      done(isRefused ? errors.unsupportedMediaType() : undefined)
    })

    app.addHook('onRoute', (route) => {
      if (!readsBody(route)) return
      const check = route.schema?.body ? fillIn : refuseFields
      route.preValidation = [check, ...[route.preValidation ?? []].flat()]
    })
  },
  { name: 'bodies' },
)
