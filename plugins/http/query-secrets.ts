import fp from 'fastify-plugin'
import { errors } from './errors.js'

declare module 'fastify' {
  interface FastifyContextConfig {
    /** Whether a query can ask for a field of this name: the route lists records of the user's own. */
    readonly isField?: ((name: string, request: FastifyRequest) => boolean) | undefined
  }
}

/** What carries a token elsewhere, and what is a password, by the names in small letters. */
const SECRETS: ReadonlyMap<string, 'token' | 'password'> = new Map([
  ['access_token', 'token'],
  ['access-token', 'token'],
  ['refresh_token', 'token'],
  ['token', 'token'],
  ['x-access-token', 'token'],
  ['newpassword', 'password'],
  ['password', 'password'],
])

/**
 * Refuses tokens and passwords in a query: histories and logs have them by then (RFC 6750, section 5.3). A field of the user's
 * own records can be called so too, and be asked for; and pages of theirs can do with a query what they like.
 */
export default fp(
  async (app) => {
    app.addHook('onRequest', (request, _reply, done) => {
      const { is404, query, routeOptions } = request
      const { config, schema } = routeOptions
      if (is404 || !schema || ('hide' in schema && schema.hide)) return done()
      for (const name in Object(query)) {
        const secret = SECRETS.get(name.toLowerCase())
        if (secret && !config.isField?.(name, request))
          return done(errors.secretInQuery(name, secret))
      }
      done()
    })
  },
  { name: 'query-secrets', dependencies: ['errors', 'security'] },
)
