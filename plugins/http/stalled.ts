import type { Socket } from 'node:net'
import fp from 'fastify-plugin'

export interface StalledOptions {
  /** How long a client may take nothing of its answer, in milliseconds. */
  readonly sendTimeout: number
}

/**
 * Ends connections whose client doesn't read its answer, which would be kept for as long as it likes. One that reads slowly is
 * waited for, and so is an answer that isn't there yet. Node looks whether anything has gone out, once in that time.
 */
export default fp<StalledOptions>(
  async (app, { sendTimeout }) => {
    const drop = (socket: Socket) => {
      if (socket.writableLength > 0) socket.destroy()
      else socket.setTimeout(sendTimeout)
    }
    app.server.setTimeout(sendTimeout)
    app.server.prependListener('request', (_request, response) => response.on('timeout', drop))
  },
  { name: 'stalled' },
)
