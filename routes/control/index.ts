import type { FastifyPluginAsync } from 'fastify'
import type { Tag } from '../../plugins/openapi/describe.js'
import { addClock } from './clock.js'
import { addCurl } from './curl.js'
import { addEvents } from './events.js'
import { addFaults } from './faults.js'
import { addHar } from './har.js'
import { addRefusals } from './refusals.js'
import { addRequests } from './requests.js'
import { addReset } from './reset.js'
import { addSnapshots } from './snapshots.js'
import state, { type StateOptions } from './state.js'
import { addSummary } from './summary.js'
import { addTokens } from './tokens.js'
import { addVerify } from './verify.js'
import { addWorkspaces } from './workspaces.js'

/** How the document introduces it: with a database there are no faults, and what a process has seen is its own. */
export const tagOf = (hasDatabase: boolean): Tag => ({
  name: 'control',
  description: hasDatabase
    ? 'Says what the server has seen: for tests and tools. First call: `GET /__slipway`. The journal is of the process that answers: each has its own.'
    : 'Steers the server, and the workspace whose prefix is in front of it: for tests and tools. First call: `GET /__slipway`. Any request can ask for a fault of its own: `Prefer: code=503`, `Prefer: delay=1500` (milliseconds), `Prefer: abort`, or `?__code=` and `?__delay=`; `Preference-Applied` says what was granted.',
})

/** What a test asks of the server beside its APIs. Each route asks `app.controls.guard` whether it may. */
const control: FastifyPluginAsync<StateOptions> = async (app, options) => {
  const { memory } = app
  addSummary(app, options)
  if (memory) {
    addWorkspaces(app)
    addReset(app)
    await app.register(state, { ...options, memory })
    addSnapshots(app)
  }
  addTokens(app)
  if (memory) {
    addClock(app)
    addFaults(app)
  } else {
    addRefusals(app)
  }
  addRequests(app)
  addHar(app)
  addCurl(app)
  addVerify(app)
  addEvents(app)
}

export default control
