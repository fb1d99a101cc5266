import type { FastifyPluginAsync } from 'fastify'
import type { Tag } from '../../plugins/openapi/describe.js'
import { addClock } from './clock.js'
import { addReset } from './reset.js'
import { addSnapshots } from './snapshots.js'
import { addSummary } from './summary.js'
import { addTokens } from './tokens.js'
import { addWorkspaces } from './workspaces.js'

export const tag: Tag = {
  name: 'control',
  description:
    'Steers the server, and the workspace whose prefix is in front of it: for tests and tools. First call: `GET /__slipway`.',
}

/** What a test asks of the server beside its APIs. Each route asks `app.controls.guard` whether it may. */
const control: FastifyPluginAsync = async (app) => {
  addSummary(app)
  addWorkspaces(app)
  addReset(app)
  addSnapshots(app)
  addTokens(app)
  addClock(app)
}

export default control
