import { lookup } from 'node:dns/promises'
import { isIP } from 'node:net'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import fp from 'fastify-plugin'
import { bearer, type SecurityScheme } from './auth/carriers.js'
import type { Guard } from './auth/guards.js'
import { isSameText } from './auth/passwords.js'
import { isLoopback, isLoopbackAddress } from './exposure.js'
import { errors } from './http/errors.js'
import { HOST } from './http/record.js'
import { failure } from './openapi/responses.js'

declare module 'fastify' {
  interface FastifyInstance {
    readonly controls: Controls
  }
}

/** Where the server is steered, and says what it has seen. */
export const CONTROL = '/__slipway'

/** Brings the control token to an API, where `Authorization` has that API's own. */
export const CONTROL_TOKEN_HEADER = 'x-slipway-control-token'

export interface ControlOptions {
  readonly host: string
  readonly nodeEnv: string
  readonly controlToken?: string | undefined
}

const SCHEME: SecurityScheme = {
  type: 'http',
  scheme: 'bearer',
  description: 'What `CONTROL_TOKEN` is set to',
}

const FOREIGN = failure(
  'A page of another origin asks, or it is asked at a name of another machine',
  errors.originForeign(),
)

/** Who may steer the server: with a token who has it, and without one this machine alone. */
export class Controls {
  /** Whether there is anything to steer by, as far as the settings say. */
  readonly isThere: boolean
  /** Lets in who may, and says so in the document. */
  readonly guard: Guard
  readonly #app: FastifyInstance
  readonly #token: string | undefined
  /** The name that the settings have for this machine. */
  readonly #host: string
  #isHidden: boolean | undefined

  constructor(app: FastifyInstance, { controlToken, host }: ControlOptions, isThere: boolean) {
    this.#app = app
    this.#token = controlToken
    this.#host = host.toLowerCase()
    this.isThere = isThere
    this.guard = {
      schemes: controlToken === undefined ? [] : [{ name: 'control', scheme: SCHEME }],
      security: controlToken === undefined ? [] : [{ control: [] }],
      refusals: {
        ...(controlToken === undefined
          ? {}
          : {
              401: failure('There is no control token, or another', errors.controlTokenMissing()),
            }),
        403: FOREIGN,
      },
      onRequest: [async (request) => this.refuse(request)],
      isInBody: false,
    }
  }

  /** Whether a request to an API may steer what becomes of it. It does so for itself, so that any page may ask. */
  isOn(request: FastifyRequest): boolean {
    if (!this.isThere) return false
    if (this.#token === undefined) return this.#isLocal(request) && this.#isOurs(request)
    const token = request.headers[CONTROL_TOKEN_HEADER] ?? bearer.read(request)
    return token !== undefined && isSameText(this.#token, String(token))
  }

  /** @throws 401, 403 where a request may not steer the server */
  refuse(request: FastifyRequest): void {
    if (this.#token === undefined) {
      if (!this.#isLocal(request)) throw errors.controlHidden()
      if (!this.#isOurs(request)) throw errors.hostForeign()
    } else {
      const token = bearer.read(request)
      if (token === undefined) throw errors.controlTokenMissing()
      if (!isSameText(this.#token, token)) throw errors.controlTokenWrong()
    }
    if (isForeign(request)) throw errors.originForeign()
  }

  /** Whether nobody but this machine reaches the server, at whichever address it turned out to listen. */
  #isLocal({ raw }: FastifyRequest): boolean {
    const { localAddress } = raw.socket
    if (localAddress !== undefined && !isLoopbackAddress(localAddress)) return false
    if (!this.#app.server.listening) return true
    this.#isHidden ??= this.#app.addresses().every(isLoopback)
    return this.#isHidden
  }

  /** Whether a request names this machine, by a name that no other can have: a page's own name can lead here too. */
  #isOurs({ headers }: FastifyRequest): boolean {
    const name = nameIn(headers.host)
    return name !== undefined && (isLoopbackName(name) || name === this.#host)
  }
}

/**
 * Finds out whether the server can be steered: where it listens on loopback, or with a token. A browser keeps what is answered
 * there from pages of other origins, whatever CORS_ORIGIN says.
 */
export default fp<ControlOptions>(
  async (app, options) => {
    const { nodeEnv, host, controlToken } = options
    const isThere =
      controlToken !== undefined || (nodeEnv !== 'production' && (await isLoopbackHost(host)))
    app.decorate('controls', new Controls(app, options, isThere))
    if (!isThere) return
    app.addHook('onRequest', (request, reply, done) => {
      if (!isControl(request)) return done()
      keepFromPages(reply)
      // Not even what such a page may ask is told.
      done(isPreflight(request) ? errors.originForeign() : undefined)
    })
  },
  { name: 'control', dependencies: ['security', 'passwords'] },
)

/** Whether a browser asks what a page of another origin may ask (Fetch, section 4.8). */
export function isPreflight({ method, headers }: FastifyRequest): boolean {
  return method === 'OPTIONS' && headers['access-control-request-method'] !== undefined
}

/** Whether a request is about the server, and not for an API. */
export function isControl({ url }: FastifyRequest): boolean {
  if (!url.includes('%')) return isBelow(url)
  try {
    // The router takes escapes for what they stand for.
    return isBelow(decodeURI(url))
  } catch {
    return false
  }
}

/** Takes back from an answer what lets pages of other origins have it. */
export function keepFromPages(reply: FastifyReply): void {
  for (const name of Object.keys(reply.getHeaders())) {
    if (name.startsWith('access-control-')) reply.removeHeader(name)
  }
  reply.header('cross-origin-resource-policy', 'same-origin')
}

function isBelow(path: string): boolean {
  return path.startsWith(CONTROL) && /^(?:[/?]|$)/.test(path.slice(CONTROL.length))
}

/** Whether a page of another origin asks, as its browser says (Fetch, section 3.2; Fetch Metadata, section 2). */
function isForeign({ headers, protocol }: FastifyRequest): boolean {
  const { origin, host = '', 'sec-fetch-site': site, 'sec-fetch-mode': mode } = headers
  if (origin !== undefined) return origin !== originOf(`${protocol}://${host}`)
  // A link to here, which somebody follows, is no page's doing. What it loads as a picture or a script is.
  return (site === 'cross-site' || site === 'same-site') && mode !== 'navigate'
}

function originOf(url: string): string | undefined {
  return URL.canParse(url) ? new URL(url).origin : undefined
}

/** The name or the address in a Host header, without its port (RFC 9110, section 7.2). */
function nameIn(host = ''): string | undefined {
  return HOST.exec(host)?.[1]
    ?.replace(/^\[|\]$/g, '')
    .toLowerCase()
}

/** Names that lead nowhere else (RFC 6761, section 6.3), and addresses. */
function isLoopbackName(name: string): boolean {
  return /^(?:.+\.)?localhost\.?$/.test(name) || (isIP(name) !== 0 && isLoopbackAddress(name))
}

/** Whether what the server is told to listen on is reached from this machine alone. */
async function isLoopbackHost(host: string): Promise<boolean> {
  const name = host.toLowerCase()
  if (isIP(name) !== 0 || isLoopbackName(name)) return isLoopbackName(name)
  const addresses = await lookup(name, { all: true }).catch(() => [])
  return addresses.length > 0 && addresses.every(({ address }) => isLoopbackAddress(address))
}
