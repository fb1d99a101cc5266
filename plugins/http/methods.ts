import { maxHeaderSize } from 'node:http'
import type { FastifyRequest } from 'fastify'
import fp from 'fastify-plugin'
import FindMyWay from 'find-my-way'
import { answer } from './error-handler.js'
import { errors, type Wording } from './errors.js'

/** The order in which `Allow` names the methods. */
const ORDER = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS']

interface Path {
  readonly methods: Set<string>
  /** Of the API that the path belongs to. */
  readonly wording: Wording
}

/**
 * Knows which methods each path has. Answers 404 for an unknown path and 405 with `Allow` for a known one before a body
 * is read, and OPTIONS on every known path.
 */
export default fp(
  async (app) => {
    const router = FindMyWay({ maxParamLength: maxHeaderSize })
    const paths = new Map<string, Path>()

    // For handlers that give a request up, as the one of the reference's files does.
    app.setNotFoundHandler(() => {
      throw errors.routeNotFound()
    })

    app.addHook('onRoute', function ({ url, method }) {
      if (url === '*') return
      // Two routes of one path can name its parameters differently.
      let count = 0
      const pattern = url.replace(/:[^/]+/g, () => `:parameter${count++}`)
      let path = paths.get(pattern)
      if (!path) {
        path = { methods: new Set(['OPTIONS']), wording: this.wording }
        paths.set(pattern, path)
        router.on('GET', pattern, () => {}, path)
      }
      for (const name of [method].flat()) path.methods.add(name)
      // Fastify adds HEAD wherever there is GET, and of a route with and without a slash at its end tells only that.
      if (path.methods.has('HEAD')) path.methods.add('GET')
    })

    /** Where a path is one route's own and also fits another's parameter, as /articles/new fits /articles/:id, it is the former. */
    const isOthers = ({ url, method }: FastifyRequest) => {
      const path = paths.get(url.replace(/\?.*/, ''))
      return path !== undefined && !path.methods.has(method)
    }

    app.addHook('onRequest', (request, reply, done) => {
      if (namesNothing(request.params)) {
        reply.callNotFound()
        return
      }
      if (request.method !== 'OPTIONS' && !request.is404 && !isOthers(request)) return done()
      // A preflight is for the browser: the request that follows gets the real answer, in a form that a page can read.
      if (request.method === 'OPTIONS' && request.headers['access-control-request-method']) {
        reply.code(204).header('content-length', '0').send()
        return
      }
      const found = router.find('GET', request.url)
      const path: Path | undefined = found?.store
      if (!path || namesNothing(found?.params)) return done(errors.routeNotFound())
      const allow = ORDER.filter((name) => path.methods.has(name)).join(', ')
      if (request.method !== 'OPTIONS') {
        return answer(errors.methodNotAllowed(allow), reply, path.wording)
      }
      reply.code(204).headers({ allow, 'content-length': '0' }).send()
    })
  },
  { name: 'methods', dependencies: ['errors'] },
)

/** Whether a part of the path that should name something is empty: /articles/ is no article's address. */
function namesNothing(parameters: unknown): boolean {
  return Object.entries(Object(parameters)).some(([name, value]) => value === '' && name !== '*')
}
