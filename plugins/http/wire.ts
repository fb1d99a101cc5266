import type { IncomingMessage } from 'node:http'
import type { Socket } from 'node:net'
import type { FastifyInstance } from 'fastify'
import fp from 'fastify-plugin'
import { type ApiError, errors, PLAIN } from './errors.js'
import { HEADERS } from './security.js'

/** A name or an address, and perhaps a port (RFC 3986, section 3.2.2): what is there to be asked. */
const HOST = /^(?:[\w.~!$&'()*+,;=%-]+|\[[\da-f:.]+\])(?::\d*)?$/i

/** Connections whose request has an end that can't be found: Node gives them up, and has told of them already. */
const endless = new WeakSet<Socket>()

/**
 * Refuses requests of which servers and proxies could think differently where they end, or whom they are for (RFC 9112, sections
 * 3.2, 6.1 and 6.3): such differences let one request hide in another.
 */
export default fp(
  async (app) => {
    // Before the router, which could refuse a path first.
    app.server.prependListener('request', (request, response) => {
      const codings = codingsOf(request)
      if (codings === undefined) return
      if (codings.at(-1) !== CHUNKED) endless.add(request.socket)
      if (codings.length > 1 || codings[0] !== CHUNKED) response.shouldKeepAlive = false
    })
    app.addHook('onRequest', ({ raw }, reply, done) => {
      const fault = framingFault(raw)
      if (fault) reply.header('connection', 'close')
      done(fault ?? hostFault(raw))
    })
  },
  { name: 'wire', dependencies: ['errors', 'security'] },
)

const CHUNKED = 'chunked'

/** The transfer codings of a request, in the order in which they were applied; undefined where there is none. */
function codingsOf({ headers }: IncomingMessage): string[] | undefined {
  const codings = headers['transfer-encoding']
  return codings?.split(',').map((coding) => coding.trim().toLowerCase())
}

/** What is wrong with how a body is sent. */
function framingFault(request: IncomingMessage): ApiError | undefined {
  const codings = codingsOf(request)
  if (codings === undefined) return undefined
  const isWhole = codings.indexOf(CHUNKED) === codings.length - 1
  if (!isWhole || request.httpVersion === '1.0') return errors.framingInvalid()
  return codings.length > 1 ? errors.codingUnknown() : undefined
}

/** What is wrong with the name of the server that is asked. */
function hostFault({ headers: { host }, httpVersion, rawHeaders }: IncomingMessage) {
  if (host === undefined) return httpVersion === '1.1' ? errors.hostMissing() : undefined
  return HOST.test(host) && !isTwice(rawHeaders) ? undefined : errors.hostInvalid()
}

/** Whether there are two lines of the name `Host`, of which Node shows the first. */
function isTwice(rawHeaders: readonly string[]): boolean {
  let count = 0
  for (let at = 0; at < rawHeaders.length; at += 2) {
    const name = rawHeaders[at]
    if (name?.length === 'host'.length && name.toLowerCase() === 'host') count++
  }
  return count > 1
}

/** What is said of a request that Node could not read, by Node's code. */
const UNREADABLE: Readonly<Record<string, () => ApiError>> = {
  ERR_HTTP_REQUEST_TIMEOUT: errors.tooSlow,
  HPE_HEADER_OVERFLOW: errors.headTooLarge,
}

/** Answers what is no request, and closes. It isn't logged: what it holds can be a secret. */
export function refuseUnreadable(
  this: FastifyInstance,
  { code }: Error & { readonly code?: string },
  socket: Socket,
): void {
  if (code === 'ECONNRESET' || socket.destroyed) return
  // It is being answered, and closed then.
  if (code === 'HPE_INVALID_TRANSFER_ENCODING' && endless.has(socket)) return
  const error = (UNREADABLE[code ?? ''] ?? errors.unreadable)()
  this.log.debug({ code }, error.message)
  const body = JSON.stringify(error.bodyIn(PLAIN))
  const headers = {
    ...HEADERS,
    connection: 'close',
    'content-type': 'application/json',
    'content-length': Buffer.byteLength(body),
  }
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`)
  const head = `HTTP/1.1 ${error.statusCode} ${error.bodyIn(PLAIN).error}\r\n${lines.join('')}`
  if (socket.writable) socket.write(`${head}\r\n${body}`)
  socket.destroy()
}
