import type { FastifyReply } from 'fastify'
import fp from 'fastify-plugin'
import type { SecurityScheme } from './carriers.js'
import type { Guard } from './guards.js'

/** An answer for one client, which asks again before it uses it once more: for what has an ETag, or could (RFC 9111, section 5.2.2). */
const PRIVATE = 'private, no-cache'

/** An answer that nobody keeps. */
const NOT_STORED = 'no-store'

/** What answers have that depend on a token: the document says so once, of all. */
export const CACHE_CONTROLS: ReadonlySet<unknown> = new Set([PRIVATE, NOT_STORED])

/** What is asked for again and again. */
const READING: ReadonlySet<string> = new Set(['GET', 'HEAD'])

/**
 * Keeps what depends on a token out of shared caches: each answer of a guarded route, with a token or without, and errors too,
 * and each to a request that brings one anywhere else. `Vary` names all headers that could have brought it. A cache knows by
 * itself of `Authorization` alone (RFC 9111, section 3.5). What a handler says of its answer comes before this.
 */
export default fp(
  async (app) => {
    const varying = new WeakMap<Guard, string>()
    const varyingOf = (guard: Guard) => {
      const known =
        varying.get(guard) ?? headersOf(guard.schemes.map(({ scheme }) => scheme)).join(', ')
      varying.set(guard, known)
      return known
    }
    let carriers: readonly string[] = []
    app.addHook('onReady', async () => {
      carriers = headersOf(Object.values(app.securitySchemes))
    })

    app.addHook('onRequest', (request, reply, done) => {
      const { guard } = request.routeOptions.config
      const { headers, method } = request
      const carried = carriers.filter((name) => headers[name] !== undefined)
      if (!guard && carried.length === 0) return done()
      const isKept = READING.has(method) && !guard?.isInBody
      reply.header('cache-control', isKept ? PRIVATE : NOT_STORED)
      vary(reply, guard ? varyingOf(guard) : carried.join(', '))
      done()
    })
  },
  { name: 'caching', dependencies: ['security'] },
)

/** The headers that carry what some schemes describe, in lower case. */
function headersOf(schemes: readonly SecurityScheme[]): readonly string[] {
  const names = schemes.map((scheme) => (scheme.type === 'apiKey' ? scheme.name : 'authorization'))
  return [...new Set(names)]
}

/** Adds to what the answer varies with already, such as the origin. */
function vary(reply: FastifyReply, names: string): void {
  const before = reply.getHeader('vary')
  if (names !== '') reply.header('vary', before === undefined ? names : `${before}, ${names}`)
}
