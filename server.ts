import { setTimeout as delay } from 'node:timers/promises'
import closeWithGrace from 'close-with-grace'
import type { FastifyInstance } from 'fastify'
import { buildApp } from './app.js'
import type { Config } from './config.js'
import { logOutput } from './plugins/http/log-output.js'

/** How long requests may take to finish when the process is told to stop, in milliseconds. */
const GRACE = 10_000

/**
 * How long a process goes on answering once it has said at `/readyz` that it stops, in milliseconds: whoever shares requests out among
 * many processes looks there every second or so, and what it has sent by then would meet a closed door.
 */
const NOTICE = 2_500

/** How much of that time is left for the server itself, once what is still under way has been cut off. */
const RESERVED = 2_000

/**
 * Signals that tell of a fault in the process itself. A handler would return into that fault, which comes again for ever: Node
 * aborts, for one, where it can't reset a terminal that has gone. The system ends the process by them.
 */
const FATAL = ['SIGSEGV', 'SIGBUS', 'SIGILL', 'SIGABRT', 'SIGTRAP', 'SIGFPE'] as const

/**
 * Serves until the process is told to stop (SIGTERM, SIGINT): then requests under way finish, for eight seconds at
 * most, and what is open ends. One of many on a database goes on for a moment on SIGTERM, until all know.
 * A second signal ends it at once.
 * @returns the server, which listens
 * @throws SeedError, or what listening throws, such as EADDRINUSE
 */
export async function serve(config: Config): Promise<FastifyInstance> {
  const app = await buildApp(config)
  const notice = config.database === undefined ? 0 : NOTICE
  // Before it listens, since whoever sees that it does can tell it to stop.
  const { uninstall } = closeWithGrace(
    { delay: GRACE + notice, logger: app.log, skip: [...FATAL] },
    async ({ err, signal }) => {
      if (err) app.log.fatal(err)
      else app.log.info(`${signal} received: stopping`)
      app.announceStop()
      if (signal === 'SIGTERM') await delay(notice)
      // A client that doesn't read, or doesn't send, holds up nothing: the rest of the stop needs time too.
      setTimeout(() => app.server.closeAllConnections(), GRACE - RESERVED).unref()
      await app.close()
      await logOutput().settled()
    },
  )
  try {
    await app.listen({
      host: config.host,
      port: config.port,
      listenTextResolver: (address) =>
        `Slipway is listening at ${address}; the API reference is at ${address}/docs`,
    })
  } catch (error) {
    uninstall()
    await app.close()
    throw error
  }
  return app
}
