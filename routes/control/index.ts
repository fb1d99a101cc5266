import type { FastifyPluginAsync } from 'fastify'
import type { Tag } from '../../plugins/openapi/describe.js'
import { addClock } from './clock.js'
import { addCurl } from './curl.js'
import { addEvents } from './events.js'
import { addFaults } from './faults.js'
import { addHar } from './har.js'
import { addRequests } from './requests.js'
import { addReset } from './reset.js'
import { addSnapshots } from './snapshots.js'
import state, { type StateOptions } from './state.js'
import { addSummary } from './summary.js'
import { addTokens } from './tokens.js'
import { addVerify } from './verify.js'
import { addWorkspaces } from './workspaces.js'

export const tag: Tag = {
  name: 'control',
  description:
    'Steers the server, and the workspace whose prefix is in front of it: for tests and tools. First call: `GET /__slipway`. Any request can ask for a fault of its own: `Prefer: code=503`, `Prefer: delay=1500` (milliseconds), `Prefer: abort`, or `?__code=` and `?__delay=`; `Preference-Applied` says what was granted.',
}

/** What a test asks of the server beside its APIs. Each route asks `app.controls.guard` whether it may. */
const control: FastifyPluginAsync<StateOptions> = async (app, options) => {
  addSummary(app, options)
  addWorkspaces(app)
  addReset(app)
  await app.register(state, options)
  addSnapshots(app)
  addTokens(app)
  addClock(app)
  addFaults(app)
  addRequests(app)
  addHar(app)
  addCurl(app)
  addVerify(app)
  addEvents(app)
}

export default control
