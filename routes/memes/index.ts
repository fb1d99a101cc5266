import { ConfigError } from '../../config.js'
import { applicationToken } from '../../plugins/auth/applications.js'
import { bearer, header } from '../../plugins/auth/carriers.js'
import guards from '../../plugins/auth/guards.js'
import form from '../../plugins/http/form.js'
import { countOf } from '../../store/lookups.js'
import type { Api } from '../index.js'
import login from '../login.js'
import templates from './templates.js'
import users from './users.js'

/** Users whom admins manage, and meme templates that admins approve. */
const memes: Api = {
  tag: {
    name: 'memes',
    description:
      'Users whom admins manage; meme templates that admins approve. Bodies are forms or JSON, the token goes into `x-access-token` or `Authorization: Bearer`. First call: `GET /login`, with a username and a password (Basic).',
  },
  routes: async (app, { config }) => {
    const isClosed = (await countOf(app.store.applications)) > 0
    if (config.memesOpenUsers && !isClosed) {
      throw new ConfigError(
        "MEMES_OPEN_USERS can't be true: that takes applications in the data file, which keep others out",
      )
    }
    app.decorate('wording', {
      isInError: false,
      words: {
        recordNotFound: (kind) => `no ${kind} found`,
        notOwner: (action) =>
          `You can ${action} only a template of your own, until it is approved.`,
      },
    })
    await app.register(form)
    await app.register(guards, {
      carriers: [header('x-access-token'), bearer],
      requirement: isClosed ? applicationToken : undefined,
    })
    await app.register(login, { config })
    await app.register(users, { isOpen: config.memesOpenUsers })
    await app.register(templates)
  },
}

export default memes
