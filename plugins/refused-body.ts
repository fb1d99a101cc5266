import type { IncomingMessage } from 'node:http'
import { Socket } from 'node:net'
import fp from 'fastify-plugin'

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

    app.addHook('onSend', ({ raw }, reply, payload, done) => {
      const { socket } = raw
      // Node closes at once what isn't kept alive. With bytes still on their way that would take the answer along.
      if (isArriving(raw) && !reply.raw.shouldKeepAlive) socket.destroySoon = () => socket.end()
      done(null, payload)
    })

    app.addHook('onResponse', ({ raw }, reply, done) => {
      const { socket } = raw
      if (isArriving(raw)) {
        const timer = setTimeout(() => socket.destroy(), LINGER).unref()
        const end = reply.raw.shouldKeepAlive ? raw : socket
        end.once('close', () => clearTimeout(timer))
        raw.unpipe()
        raw.resume()
      }
      done()
    })
  },
  { name: 'refused-body' },
)

/** Whether there is more of a request to come. One that is injected has no connection. */
function isArriving({ complete, socket }: IncomingMessage): boolean {
  return !complete && socket instanceof Socket
}
