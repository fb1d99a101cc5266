import type { FastifyInstance, FastifyRequest } from 'fastify'
import fp from 'fastify-plugin'
import { isControl } from '../control.js'
import { hasBody } from '../http/bodies.js'
import { REFERENCE } from '../http/errors.js'
import { pathOf } from '../http/methods.js'
import { namesWorkspace, workspaceOf } from '../workspaces/name.js'
import { PerWorld, type World } from '../workspaces/world.js'
import type { Exchange } from './exchange.js'
import { Journal, Room } from './journal.js'
import { problemsOf } from './problems.js'

declare module 'fastify' {
  interface FastifyInstance {
    /** What has been asked of a world, and answered. */
    readonly journalOf: (world: World) => Journal
    /** Begins to note a request; does nothing where it is noted already, or isn't to be. */
    readonly note: (
      request: FastifyRequest,
      reply: FastifyReply,
      world?: World,
    ) => Exchange | undefined
    /** Notes a request whose path can't be read, which is about to be refused: it has met no hook. */
    readonly noteMalformed: (request: FastifyRequest, reply: FastifyReply) => Promise<void>
  }
  interface FastifyRequest {
    /** What the journal notes of it; undefined where it notes nothing. */
    exchange: Exchange | undefined
  }
}

declare module '../workspaces/world.js' {
  interface WorldEvents {
    /** A request has been answered, or has ended without an answer. */
    readonly request: [exchange: Exchange]
  }
}

/**
 * Keeps what is asked of each world, where the server can be steered. Per request it costs next to nothing: what comes by is kept
 * as it is, and looked at when somebody reads the journal. Its other half is in `answers.ts`.
 */
export default fp(
  async (app) => {
    const room = new Room()
    const journals: PerWorld<Journal> = new PerWorld((world) => {
      const journal = new Journal(world, room)
      // A reset has given the world another, or is about to.
      const afterReset = () => {
        if (journals.of(world) === journal) return
        world.events.off('reset', afterReset)
        journal.close()
      }
      world.events.on('reset', afterReset)
      world.events.once('end', () => journal.close())
      return journal
    })
    app.decorate('journalOf', (world) => journals.of(world))
    app.decorateRequest('exchange', undefined)
    app.decorate('note', (request, reply, world = request.world) => {
      if (request.exchange || !app.controls.isThere || isNoApi(request)) return request.exchange
      const { method, url, originalUrl: sentUrl, raw, routeOptions } = request
      const journal = journals.of(world)
      const exchange = journal.begin({
        method,
        // Of what was no workspace's there is no path inside one.
        url: request.isOutside ? sentUrl : url,
        sentUrl,
        rawHeaders: raw.rawHeaders,
        operation: routeOptions.schema?.operationId,
      })
      request.exchange = exchange
      const end = (isAborted: boolean) => {
        if (exchange.isOver) return
        exchange.isAborted = isAborted
        exchange.fault = request.fault
        if (request.refusedWith) exchange.problems = problemsOf(request.refusedWith)
        exchange.end(reply.raw.headersSent)
        journal.weigh(exchange)
        world.events.emit('request', exchange)
      }
      reply.raw.on('finish', () => end(false))
      reply.raw.on('close', () => end(true))
      return exchange
    })
    app.decorate('noteMalformed', async (request, reply) => {
      const workspace = await workspaceIn(app, request)
      const exchange = app.note(request, reply, workspace?.world ?? app.worlds.own)
      exchange?.answer(reply)
      reply.raw.once('close', () => workspace?.leave())
    })
    if (!app.controls.isThere) return

    app.addHook('onRequest', (request, reply, done) => {
      const exchange = app.note(request, reply)
      if (exchange && hasBody(request)) takeBody(request, exchange)
      done()
    })
  },
  { name: 'journal', dependencies: ['control', 'workspaces'] },
)

/** The workspace that a request names, where there can be one. */
async function workspaceIn({ worlds }: FastifyInstance, request: FastifyRequest) {
  if (!namesWorkspace(request)) return undefined
  try {
    return await worlds.enter(workspaceOf(request))
  } catch {
    // Of the two faults it is told of the path's.
    return undefined
  }
}

/** Whether a request is about the server: nothing that a client of an API does. */
function isNoApi(request: FastifyRequest): boolean {
  const { url } = request
  if (isControl(request)) return true
  if (!url.startsWith(REFERENCE) && !url.startsWith('/openapi.')) return false
  const path = pathOf(request)
  return (
    path === REFERENCE || path.startsWith(`${REFERENCE}/`) || /^\/openapi\.(json|yaml)$/.test(path)
  )
}

/** Takes the beginning of a body when somebody else reads it, at their pace: one that nobody reads is not read for this. */
function takeBody({ raw }: FastifyRequest, exchange: Exchange): void {
  const take = (chunk: Buffer) => {
    if (!exchange.send(chunk)) raw.off('data', take)
  }
  const join = (event: string | symbol) => {
    if (event !== 'data' && event !== 'readable') return
    raw.off('newListener', join)
    raw.on('data', take)
  }
  raw.on('newListener', join)
}
