import type { FastifyPluginAsync } from 'fastify'
import type { Tag } from '../../plugins/openapi/describe.js'
import { addSummary } from './summary.js'

export const tag: Tag = {
  name: 'control',
  description:
    'Steers the server, and the workspace whose prefix is in front of it: for tests and tools. First call: `GET /__slipway`.',
}

/** What a test asks of the server beside its APIs. Each route asks `app.controls.guard` whether it may. */
const control: FastifyPluginAsync = async (app) => {
  addSummary(app)
}

export default control
