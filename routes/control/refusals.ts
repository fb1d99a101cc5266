import type { FastifyInstance } from 'fastify'
import { CONTROL } from '../../plugins/control.js'
import { errors } from '../../plugins/http/errors.js'

/** What needs all the state in the memory of one process, by its path, as it is called. */
const NEEDS_MEMORY: Readonly<Record<string, string>> = {
  workspaces: 'workspaces',
  reset: 'resets',
  state: 'whole states',
  snapshots: 'snapshots',
  clock: 'clocks to move',
  faults: 'faults',
}

/** Refuses whatever is asked at those paths, where a database has the state. They are not in the document. */
export function addRefusals(app: FastifyInstance): void {
  for (const [name, what] of Object.entries(NEEDS_MEMORY)) {
    for (const url of [`${CONTROL}/${name}`, `${CONTROL}/${name}/*`]) {
      app.route({
        method: ['GET', 'POST', 'PUT', 'PATCH', 'DELETE'],
        url,
        schema: { hide: true },
        onRequest: [
          ...app.controls.guard.onRequest,
          async () => {
            throw errors.memoryNeeded(what)
          },
        ],
        handler: async () => {},
      })
    }
  }
}
