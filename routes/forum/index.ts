import { bearer, bodyField } from '../../plugins/auth/carriers.js'
import guards from '../../plugins/auth/guards.js'
import type { Api } from '../api.js'
import articles from './articles.js'
import sessions, { TokenBody } from './sessions.js'
import users from './users.js'
import { wording } from './wording.js'

/** Registration, and articles that their authors write, change and delete. */
const forum: Api = {
  tag: {
    name: 'forum',
    description:
      'Registration; articles, newest first, in pages. The token goes into the body as `access-token`, or into `Authorization: Bearer`. First call: `GET /articles`.',
  },
  parts: ['users', 'articles'],
  routes: async (app, { config }) => {
    app.decorate('wording', wording)
    app.addSchema(TokenBody)
    await app.register(guards, { carriers: [bodyField('access-token'), bearer] })
    await app.register(sessions, { sessionTokenTtl: config.sessionTokenTtl })
    await app.register(users)
    await app.register(articles, { pageSize: config.forumPageSize })
  },
}

export default forum
