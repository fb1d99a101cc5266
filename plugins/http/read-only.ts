import fp from 'fastify-plugin'
import { errors } from './errors.js'

declare module 'fastify' {
  interface FastifyInstance {
    /** Whether every change is refused. */
    readonly isReadOnly: boolean
  }
  interface FastifyContextConfig {
    /** Whether the route changes no data, although its method is one of those that do. */
    readonly keepsData?: boolean | undefined
  }
}

export interface ReadOnlyOptions {
  readonly readOnly: boolean
}

/** The methods that change nothing (RFC 9110, section 9.2.1), of those that a route can have. */
const SAFE: ReadonlySet<string> = new Set(['GET', 'HEAD', 'OPTIONS'])

/** Whether a route is there to change data, as far as its method says. */
export function isChange(method: string, keepsData = false): boolean {
  return !SAFE.has(method) && !keepsData
}

/**
 * Refuses every change where the server is read-only: before a token is asked for, and before a body is read. What isn't there
 * is told as ever.
 */
export default fp<ReadOnlyOptions>(
  async (app, { readOnly }) => {
    app.decorate('isReadOnly', readOnly)
    if (!readOnly) return
    app.addHook('onRequest', ({ method, is404, routeOptions }, _reply, done) => {
      const isRefused = !is404 && isChange(method, routeOptions.config.keepsData)
      done(isRefused ? errors.readOnly() : undefined)
    })
  },
  { name: 'read-only', dependencies: ['errors', 'security'] },
)
