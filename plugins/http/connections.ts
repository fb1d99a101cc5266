import { readdir, readFile } from 'node:fs/promises'
import type { Socket } from 'node:net'
import fp from 'fastify-plugin'
import { errors } from './errors.js'

/** Descriptors for what is no connection: what is loaded when it is first needed, the threads that render, the data file. */
const RESERVE = 40

/** Each connection can have a file open beside. */
const PER_CONNECTION = 2

/** However few descriptors there are, some connections are served. */
const FEWEST = 4

/** How many connections more are told that there are too many; beyond them they are closed unheard. */
const REFUSED = 8

/**
 * Takes as many connections as there are descriptors for, with a file for each: whoever is connected is served to the end, and
 * what is yet to be loaded can be. Where the system tells no limit, there is none. A stop waits for answers, and for no
 * connection that has had its answer.
 */
export default fp(
  async (app) => {
    app.addHook('preClose', async () => {
      // Those that are idle by then are closed anyway.
      app.server.keepAliveTimeout = 1
    })
    const most = await mostConnections()
    if (most === undefined) return
    const open = new Set<Socket>()
    const refused = new WeakSet<Socket>()
    app.server.maxConnections = most + REFUSED
    app.server.on('connection', (socket) => {
      if (open.size < most) {
        open.add(socket)
        socket.once('close', () => open.delete(socket))
      } else {
        refused.add(socket)
      }
    })
    app.addHook('onRequest', (request, reply, done) => {
      if (!refused.has(request.raw.socket)) return done()
      reply.header('connection', 'close')
      done(errors.overloaded())
    })
  },
  { name: 'connections', dependencies: ['errors', 'security'] },
)

/** How many connections there are descriptors for; undefined where the system doesn't say. */
async function mostConnections(): Promise<number | undefined> {
  try {
    const limits = await readFile('/proc/self/limits', 'utf8')
    const [, limit] = /^Max open files +(\d+)/m.exec(limits) ?? []
    if (limit === undefined) return undefined
    const inUse = (await readdir('/proc/self/fd')).length
    return Math.max(FEWEST, Math.floor((Number(limit) - inUse - RESERVE) / PER_CONNECTION))
  } catch {
    return undefined
  }
}
