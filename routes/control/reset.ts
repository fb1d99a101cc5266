import type { FastifyInstance } from 'fastify'
import { CONTROL } from '../../plugins/control.js'
import { empty } from '../../plugins/openapi/responses.js'
import { addRoute } from '../../plugins/route.js'

/** Adds the route that puts a world back to its start. */
export function addReset(app: FastifyInstance): void {
  addRoute(app, {
    method: 'POST',
    url: `${CONTROL}/reset`,
    guard: app.controls.guard,
    schema: {
      operationId: 'reset',
      summary: 'Put everything back as at the start',
      description:
        'Records, files, tasks, revoked tokens, login limits, faults, clock and journal, in one step. Snapshots stay.',
      tags: ['control'],
      response: { 204: empty('All is as at the start') },
    },
    handler: async ({ world }, reply) => {
      await world.reset()
      return reply.code(204).send(undefined)
    },
  })
}
