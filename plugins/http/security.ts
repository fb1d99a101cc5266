import { IncomingMessage, ServerResponse } from 'node:http'
import { Socket } from 'node:net'
import cors, { type FastifyCorsOptions } from '@fastify/cors'
import fp from 'fastify-plugin'
import helmet from 'helmet'
import { errors, PLAIN } from './errors.js'

export interface SecurityOptions {
  /** `*`, the origins whose pages may call the server, or `none`: then no answer says anything about origins. */
  readonly corsOrigin: string | string[]
}

/** Whether pages of any origin may call. */
export function isOpen(origin: SecurityOptions['corsOrigin']): boolean {
  return origin === '*'
}

/**
 * Helmet's headers on every answer, and CORS. The headers never change, so Helmet is asked for them once:
 * @fastify/helmet asks for each request anew, which halves what the server can answer in a second.
 */
export default fp<SecurityOptions>(
  async (app, { corsOrigin }) => {
    // Where any origin may call, CORS is two more headers that never change, and preflights, which plugin `methods` sees.
    const headers = isOpen(corsOrigin) ? { ...HEADERS, ...OPEN_CORS } : HEADERS

    app.addHook('onRequest', (_request, reply, done) => {
      reply.headers(headers)
      done()
    })

    // RFC 9110, section 10.1.1. Node would answer without a body.
    app.server.on('checkExpectation', (_request, response) => {
      const error = errors.expectationFailed()
      response.writeHead(error.statusCode, { ...HEADERS, 'content-type': 'application/json' })
      response.end(JSON.stringify(error.bodyIn(PLAIN)))
    })

    if (!isOpen(corsOrigin) && corsOrigin !== 'none')
      await app.register(cors, corsOptions(corsOrigin))
  },
  { name: 'security' },
)

/** CORS as @fastify/cors has it. */
export function corsOptions(origin: SecurityOptions['corsOrigin']): FastifyCorsOptions {
  return {
    origin,
    methods: ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE'],
    exposedHeaders: EXPOSED,
    // Plugin `methods` answers OPTIONS, since it knows the paths.
    preflightContinue: true,
    strictPreflight: false,
    maxAge: 600,
  }
}

/** What a page may read of an answer, beside its body. */
const EXPOSED =
  'Location, ETag, Link, X-Total-Count, Retry-After, WWW-Authenticate, Content-Disposition, Content-Range, Accept-Ranges, Preference-Applied'

/** CORS' headers where any origin may call, which never change either. */
export const OPEN_CORS = {
  'access-control-allow-origin': '*',
  'access-control-expose-headers': EXPOSED,
}

/** Helmet's headers, which never change. */
export const HEADERS = helmetHeaders()

function helmetHeaders(): Record<string, string> {
  const response = new ServerResponse(new IncomingMessage(new Socket()))
  helmet({
    // An answer is data: where a browser shows it as a page, it may load nothing.
    contentSecurityPolicy: {
      useDefaults: false,
      directives: { 'default-src': ["'none'"], 'frame-ancestors': ["'none'"] },
    },
    // Pages of other origins are who the server is for.
    crossOriginResourcePolicy: { policy: 'cross-origin' },
    // For HTTPS only: RFC 6797, section 7.2, forbids the first here, and of the others browsers complain in their consoles.
    strictTransportSecurity: false,
    crossOriginOpenerPolicy: false,
    originAgentCluster: false,
  })(response.req, response, () => {})
  const headers: Record<string, string> = {}
  for (const [name, value] of Object.entries(response.getHeaders())) headers[name] = String(value)
  return headers
}
