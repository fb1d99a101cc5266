import type { IncomingMessage } from 'node:http'
import type { Socket } from 'node:net'
import fp from 'fastify-plugin'
import { hasBody } from './bodies.js'

/** How long the rest of a refused body may go on arriving, in milliseconds. */
const LINGER = 5_000

/**
 * What becomes of a body that was refused before its end. A client that asks first (`Expect: 100-continue`) is told to
 * send only when the body is going to be read. Of one that sends on, the rest is thrown away for some seconds, so that it
 * can read its answer; then the connection ends.
 */
export default fp(
  async (app) => {
    app.server.on('checkContinue', (request, response) => {
      // It begins to flow when somebody reads it.
      request.once('resume', () => {
        if (!response.headersSent) response.writeContinue()
      })
      app.server.emit('request', request, response)
    })

    app.server.prependListener('request', (request, response) => {
      if (!hasBody(request)) return
      const { socket } = request
      const isLast = !response.shouldKeepAlive
      if (isLast) waitForRest(request, socket)
      response.once('finish', () => dropRest(request, socket, isLast))
    })
  },
  { name: 'refused-body' },
)

/** Node closes at once what isn't kept alive. With bytes still on their way, that would take the answer along. */
function waitForRest(raw: IncomingMessage, socket: Socket): void {
  const destroySoon = socket.destroySoon.bind(socket)
  socket.destroySoon = () => {
    if (raw.complete) destroySoon()
    else socket.end()
  }
}

/** Throws away what still comes of a request that has its answer, for some seconds. */
function dropRest(raw: IncomingMessage, socket: Socket, isLast: boolean): void {
  if (raw.complete) return
  const timer = setTimeout(() => socket.destroy(), LINGER).unref()
  const end = isLast ? socket : raw
  end.once('close', () => clearTimeout(timer))
  raw.unpipe()
  raw.resume()
}
