import cors from '@fastify/cors'
import type { FastifyReply, FastifyRequest, onRequestHookHandler } from 'fastify'
import fp from 'fastify-plugin'
import { isControl, isPreflight, keepFromPages } from '../control.js'
import { answer } from './error-handler.js'
import { errors, type Wording } from './errors.js'
import { corsOptions, isOpen, type SecurityOptions } from './security.js'

declare module 'fastify' {
  interface FastifyInstance {
    /** Every path that routes have, by its key. */
    readonly paths: ReadonlyMap<string, Path>
  }
}

/** The order in which `Allow` names the methods. */
const ORDER = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS']

/** What files are asked for with. */
const READING: ReadonlySet<string> = new Set(['GET', 'HEAD'])

/** Stands for a parameter in a path's key. No character comes after it, so names that are spelt out sort first. */
const ANY = '\uffff'

interface Path {
  /** The path as it is requested, with `ANY` for each parameter: two routes can name theirs differently. */
  readonly key: string
  readonly methods: Set<string>
  /** Of the API that the path belongs to. */
  readonly wording: Wording
}

/**
 * Answers what there is no route for, before a body is read: 404 on an unknown path, on a known one 405 with `Allow`, and
 * OPTIONS. Other requests don't come by here.
 */
export default fp<SecurityOptions>(
  async (app, { corsOrigin }) => {
    const paths = new Map<string, Path>()
    app.decorate('paths', paths)

    app.addHook('onRoute', function ({ url, method }) {
      if (url === '*') return
      const key = encodeURI(url).replace(/:[^/]+/g, ANY)
      const path = paths.get(key) ?? { key, methods: new Set(['OPTIONS']), wording: this.wording }
      paths.set(key, path)
      for (const name of [method].flat()) path.methods.add(name)
      // Fastify adds HEAD wherever there is GET, and of a route with and without a slash at its end tells only that.
      if (path.methods.has('HEAD')) path.methods.add('GET')
    })

    await app.register(async (unmatched) => {
      if (isOpen(corsOrigin)) await unmatched.register(cors, corsOptions(corsOrigin))
      unmatched.addHook('onRequest', (request, reply, done) => {
        const { method } = request
        if (app.controls.isThere && isControl(request)) keepFromPages(reply)
        // A preflight is for the browser: the request that follows gets the real answer, in a form that a page can read.
        if (isPreflight(request)) {
          reply.code(204).header('content-length', '0').send()
          return
        }
        const path = pathAt(paths.values(), pathOf(request))
        if (path) answerOther(request, reply, path)
        // They are looked for below, and a body with them is not read.
        else if (app.pages && READING.has(method)) done()
        else done(errors.routeNotFound())
      })
      // For handlers that give a request up, as the one of the reference's files does.
      unmatched.setNotFoundHandler(async (request, reply) => {
        const isRead = READING.has(request.method)
        const answer = isRead ? await app.pages?.answer(request, reply) : undefined
        if (!answer) throw errors.routeNotFound()
        return answer
      })
    })
  },
  { name: 'methods', dependencies: ['errors', 'pages', 'control'] },
)

/**
 * For routes whose path has parameters, which can be taken for what they aren't: an empty name names nothing, so that
 * /articles/ is no article's address; and /articles/new, which is a path of its own, fits /articles/:id.
 */
export const checkNames: onRequestHookHandler = (request, reply, done) => {
  const path = request.server.paths.get(pathOf(request))
  if (namesNothing(Object(request.params))) reply.callNotFound()
  else if (path && !path.methods.has(request.method)) answerOther(request, reply, path)
  else done()
}

function namesNothing(params: Readonly<Record<string, string>>): boolean {
  for (const name in params) if (params[name] === '') return true
  return false
}

/** The answer to a method that a path doesn't have. */
function answerOther({ method }: FastifyRequest, reply: FastifyReply, path: Path): void {
  const allow = ORDER.filter((name) => path.methods.has(name)).join(', ')
  if (method === 'OPTIONS') reply.code(204).headers({ allow, 'content-length': '0' }).send()
  else answer(errors.methodNotAllowed(allow), reply, path.wording)
}

/** The path that a request asks for, as it is written. */
export function pathOf({ url }: FastifyRequest): string {
  const end = url.indexOf('?')
  return end < 0 ? url : url.slice(0, end)
}

/** The path that a requested one is, as the router would choose it: the one with the most spelt out, from the left. */
function pathAt(paths: Iterable<Path>, requested: string): Path | undefined {
  const names = requested.split('/')
  let found: Path | undefined
  for (const path of paths) {
    if ((!found || path.key < found.key) && fits(path.key.split('/'), names)) found = path
  }
  return found
}

function fits(parts: readonly string[], names: readonly string[]): boolean {
  const isOpenEnded = parts.at(-1) === '*'
  if (isOpenEnded ? names.length < parts.length : names.length !== parts.length) return false
  return parts.every(
    (part, at) => part === '*' || part === names[at] || (part === ANY && names[at]),
  )
}
