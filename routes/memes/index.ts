import { ConfigError } from '../../config.js'
import { bearer, header } from '../../plugins/auth/carriers.js'
import guards, { type Requirement } from '../../plugins/auth/guards.js'
import { errors } from '../../plugins/http/errors.js'
import form from '../../plugins/http/form.js'
import { withToken } from '../../plugins/openapi/links.js'
import { countOf } from '../../store/lookups.js'
import type { Api } from '../api.js'
import login, { hasLogin } from '../login.js'
import templates from './templates.js'
import users from './users.js'

/** Users whom admins manage, and meme templates that admins approve. */
const memes: Api = {
  tag: {
    name: 'memes',
    description:
      'Users whom admins manage; meme templates that admins approve. Bodies are forms or JSON, the token goes into `x-access-token` or `Authorization: Bearer`. First call: `GET /login`, with a username and a password (Basic).',
  },
  hasHome: true,
  login: { links: withToken(['listVisibleTemplates'], 'token'), isInError: false },
  parts: ['users', 'templates', 'applications'],
  routes: async (app, options) => {
    const { config, mounted } = options
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
    if (hasLogin(memes, mounted)) await app.register(login, options)
    await app.register(users, { isOpen: config.memesOpenUsers })
    await app.register(templates)
  },
}

const HEADER = 'x-application-token'

/** That a request comes from a program which the data file registers. */
const applicationToken: Requirement = {
  name: 'application',
  scheme: {
    type: 'apiKey',
    in: 'header',
    name: HEADER,
    description: 'The token of an application, as the data file has it under `applications`',
  },
  check: async ({ headers, store }) => {
    const token = headers[HEADER]?.toString()
    if (token === undefined) throw errors.applicationMissing()
    if (!(await store.applications.getBy({ token }))) throw errors.applicationUnknown()
  },
}

export default memes
