import { Renderer } from '../../documents/renderer.js'
import { bearer } from '../../plugins/auth/carriers.js'
import guards from '../../plugins/auth/guards.js'
import { withToken } from '../../plugins/openapi/links.js'
import type { Api } from '../api.js'
import login, { hasLogin } from '../login.js'
import dmps, { Done } from './dmps.js'
import { Rendering } from './rendering.js'
import resources from './resources.js'
import sessions from './sessions.js'
import tasks from './tasks.js'

/** Data management plans, and tasks that turn them into documents. */
const plans: Api = {
  tag: {
    name: 'plans',
    description:
      'Data management plans: JSON objects of any fields. A task renders one to a Word file and a PDF. The token goes into `Authorization: Bearer`. First call: `GET /login`, with a username and a password (Basic).',
  },
  login: {
    links: {
      ...withToken(['listDmps', 'endSession'], 'access_token'),
      ...withToken(['getAccessToken'], 'refresh_token'),
    },
    isInError: true,
  },
  parts: ['users', 'projects', 'memberships', 'dmps', '$tasks'],
  routes: async (app, options) => {
    const { config, mounted } = options
    // Its clients read the text in `error`; the words are the catalogue's own.
    app.decorate('wording', { isInError: true, words: {} })
    app.addSchema(Done)
    const { bodyLimit: sizeLimit, userPlanLimit: countLimit, userTaskLimit: maxPerUser } = config
    const rendering = new Rendering(new Renderer(), app.log, { maxPerUser })
    app.addHook('onClose', () => rendering.close())
    // Of a state that a world begins with, or is put into.
    rendering.watch(app.store)
    app.worlds.events.on('state', ({ store }) => rendering.look(store))
    await app.register(guards, { carriers: [bearer] })
    if (hasLogin(plans, mounted)) await app.register(login, options)
    await app.register(sessions, { sessionTokenTtl: config.sessionTokenTtl })
    await app.register(dmps, { sizeLimit, countLimit })
    await app.register(tasks, { rendering })
    await app.register(resources)
  },
}

export default plans
