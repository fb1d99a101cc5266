import type { FastifyRequest } from 'fastify'
import fp from 'fastify-plugin'
import type { Store } from '../../store/collections.js'
import { namesWorkspace, workspaceOf } from './name.js'
import type { World } from './world.js'
import { type UsedWorkspace, Worlds, type WorldsOptions } from './worlds.js'

declare module 'fastify' {
  interface FastifyInstance {
    readonly worlds: Worlds
  }
  interface FastifyRequest {
    /** The workspace that the request is in; undefined for the server's own world. */
    workspace: UsedWorkspace | undefined
    /** Whether the answer is none of its route's: the request was refused before it was any route's business. */
    isOutside: boolean
    /** What the request sees: the server's own world, or its workspace's. */
    readonly world: World
    /** Where handlers get all data. */
    readonly store: Store
  }
}

/** Finds the world of each request, before anything else looks at it. */
export default fp<WorldsOptions>(
  async (app, options) => {
    const { memory, store } = app
    const worlds = new Worlds(store, await memory?.store.fork(), options)
    const { own } = worlds
    const enter = async (request: FastifyRequest) => worlds.enter(workspaceOf(request))
    app.decorate('worlds', worlds)
    app.decorateRequest('workspace', undefined)
    app.decorateRequest('isOutside', false)
    app.decorateRequest('world', {
      getter() {
        return this.workspace?.world ?? own
      },
    })
    app.decorateRequest('store', {
      getter() {
        return this.world.store
      },
    })
    app.addHook('onRequest', (request, reply, done) => {
      if (!namesWorkspace(request)) return done()
      enter(request).then(
        (workspace) => {
          request.workspace = workspace
          // Also where its client leaves before the answer.
          reply.raw.once('close', () => workspace.leave())
          done()
        },
        (error: Error) => {
          request.isOutside = true
          done(error)
        },
      )
    })
    app.addHook('onClose', () => worlds.close())
  },
  { name: 'workspaces', dependencies: ['store', 'errors'] },
)
