import { bearer } from '../../plugins/carriers.js'
import guards from '../../plugins/guards.js'
import type { Api } from '../index.js'
import login from '../login.js'
import dmps from './dmps.js'
import { Done } from './done.js'
import sessions from './sessions.js'

/** Data management plans. */
const plans: Api = {
  tag: {
    name: 'plans',
    description:
      'Data management plans: JSON objects of any fields. The token goes into `Authorization: Bearer`. First call: `GET /login`, with a username and a password (Basic).',
  },
  routes: async (app, { config }) => {
    // Its clients read the text in `error`; the words are the catalogue's own.
    app.decorate('wording', { isInError: true, words: {} })
    app.addSchema(Done)
    await app.register(guards, { carriers: [bearer] })
    // The memes API may ask for an application's token too, so the route is its where both are mounted.
    if (!config.apis.includes('memes')) await app.register(login, { config })
    await app.register(sessions)
    await app.register(dmps, { sizeLimit: config.bodyLimit })
  },
}

export default plans
