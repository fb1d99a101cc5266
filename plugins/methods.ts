import type { FastifyRequest } from 'fastify'
import fp from 'fastify-plugin'
import FindMyWay from 'find-my-way'
import { errors } from '../errors.js'

/** The order in which `Allow` names the methods. */
const ORDER = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS']

/**
 * Knows which methods each path has. Answers 404 for an unknown path and 405 with `Allow` for a known one before a body
 * is read, and OPTIONS on every known path.
 */
export default fp(
  async (app) => {
    const router = FindMyWay()
    const methodsByPath = new Map<string, Set<string>>()

    // For handlers that give a request up, as the one of the reference's files does.
    app.setNotFoundHandler(() => {
      throw errors.routeNotFound()
    })

    app.addHook('onRoute', ({ url, method }) => {
      if (url === '*') return
      // Two routes of one path can name its parameters differently.
      const path = url.replace(/:[^/]+/g, ':parameter')
      let methods = methodsByPath.get(path)
      if (!methods) {
        methods = new Set(['OPTIONS'])
        methodsByPath.set(path, methods)
        router.on('GET', path, () => {}, methods)
      }
      for (const name of [method].flat()) methods.add(name)
      // Fastify adds HEAD wherever there is GET, and of a route with and without a slash at its end tells only that.
      if (methods.has('HEAD')) methods.add('GET')
    })

    /** Where a path is one route's own and also fits another's parameter, as /articles/new fits /articles/:id, it is the former. */
    const isOthers = (request: FastifyRequest) => {
      const methods = methodsByPath.get(request.url.replace(/\?.*/, ''))
      return methods !== undefined && !methods.has(request.method)
    }

    app.addHook('onRequest', (request, reply, done) => {
      if (request.method !== 'OPTIONS' && !request.is404 && !isOthers(request)) return done()
      // A preflight is for the browser: the request that follows gets the real answer, in a form that a page can read.
      if (request.method === 'OPTIONS' && request.headers['access-control-request-method']) {
        reply.code(204).header('content-length', '0').send()
        return
      }
      const methods: Set<string> | undefined = router.find('GET', request.url)?.store
      if (!methods) return done(errors.routeNotFound())
      const allow = ORDER.filter((name) => methods.has(name)).join(', ')
      if (request.method !== 'OPTIONS') return done(errors.methodNotAllowed(allow))
      reply.code(204).headers({ allow, 'content-length': '0' }).send()
    })
  },
  { name: 'methods' },
)
