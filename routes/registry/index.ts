import { bearer, header } from '../../plugins/auth/carriers.js'
import guards from '../../plugins/auth/guards.js'
import type { Api } from '../api.js'
import packages from './packages.js'
import tags from './tags.js'
import uploads from './uploads.js'
import users from './users.js'
import { wording } from './wording.js'

/** Packages: files that are uploaded under tags. */
const registry: Api = {
  tag: {
    name: 'registry',
    description:
      'Packages, and files that are uploaded under their tags. The token goes into the header `token`, or into `Authorization: Bearer`. First call: `POST /api/v1/user/get_token`.',
  },
  parts: ['users', '$packages', '$tags'],
  routes: async (app, { config }) => {
    app.decorate('wording', wording)
    await app.register(guards, { carriers: [header('token'), bearer] })
    await app.register(users, {
      prefix: '/api/v1',
      sessionTokenTtl: config.sessionTokenTtl,
      isListed: config.nodeEnv !== 'production',
    })
    await app.register(packages, { prefix: '/api/v1' })
    await app.register(tags, { prefix: '/api/v1' })
    await app.register(uploads, { prefix: '/api/v1', uploadLimit: config.uploadLimit })
  },
}

export default registry
