import type { ServerResponse } from 'node:http'
import type { FastifyInstance, FastifyRequest } from 'fastify'
import fp from 'fastify-plugin'
import { isControl } from '../control.js'
import { hasBody } from '../http/bodies.js'
import { REFERENCE } from '../http/errors.js'
import { pathOf } from '../http/methods.js'
import { originForm } from '../http/target.js'
import { namesWorkspace, workspaceOf } from '../workspaces/name.js'
import { PerWorld, type World } from '../workspaces/world.js'
import { Exchange } from './exchange.js'
import { Journal, Room } from './journal.js'
import type { Note } from './note.js'
import { problemsOf } from './problems.js'

declare module 'fastify' {
  interface FastifyInstance {
    /** What has been asked of a world, and answered. */
    readonly journalOf: (world: World) => Journal
    /** Begins to note a request; does nothing where it is noted already, or isn't to be. */
    readonly note: (request: FastifyRequest, reply: FastifyReply, world?: World) => Note | undefined
    /** Notes a request whose path can't be read, which is about to be refused: it has met no hook. */
    readonly noteMalformed: (request: FastifyRequest, reply: FastifyReply) => Promise<void>
  }
  interface FastifyRequest {
    /** What the journal notes of it; undefined where it notes nothing. */
    noted: Note | undefined
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
    app.decorateRequest('noted', undefined)
    app.decorate('note', (request, reply, world = request.world) => {
      if (request.noted || !app.controls.isThere || isNoApi(request)) return request.noted
      const { method, url, originalUrl, raw, routeOptions } = request
      const sentUrl = originForm(originalUrl)
      const journal = journals.of(world)
      const note = journal.begin({
        method,
        // Of what was no workspace's there is no path inside one.
        url: request.isOutside ? sentUrl : url,
        sentUrl,
        rawHeaders: raw.rawHeaders,
        operation: routeOptions.schema?.operationId,
      })
      request.noted = note
      reply.raw.on('close', () => {
        note.isAborted = !isSent(reply.raw)
        note.fault = request.fault
        if (request.refusedWith) note.problems = problemsOf(request.refusedWith)
        journal.end(note, reply.raw.headersSent ? reply : undefined)
        if (world.events.listenerCount('request') > 0) {
          world.events.emit('request', new Exchange(note))
        }
      })
      return note
    })
    app.decorate('noteMalformed', async (request, reply) => {
      const workspace = await workspaceIn(app, request)
      app.note(request, reply, workspace?.world ?? app.worlds.own)
      reply.raw.once('close', () => workspace?.leave())
    })
    if (!app.controls.isThere) return

    app.addHook('onRequest', (request, reply, done) => {
      const note = app.note(request, reply)
      if (note && hasBody(request)) takeBody(request, note)
      done()
    })
  },
  { name: 'journal', dependencies: ['control', 'workspaces'] },
)

/** Whether all of an answer has gone out. Injected requests have no connection that could say so. */
function isSent({ writableFinished, writableEnded, socket }: ServerResponse): boolean {
  return writableFinished || (writableEnded && socket?.destroyed === false)
}

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
function takeBody({ raw }: FastifyRequest, note: Note): void {
  const take = (chunk: Buffer) => {
    if (!note.takeSent(chunk)) raw.off('data', take)
  }
  const join = (event: string | symbol) => {
    if (event !== 'data' && event !== 'readable') return
    raw.off('newListener', join)
    raw.on('data', take)
  }
  raw.on('newListener', join)
}
