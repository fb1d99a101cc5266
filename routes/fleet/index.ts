import { bearer } from '../../plugins/auth/carriers.js'
import guards from '../../plugins/auth/guards.js'
import { Credentials } from '../../plugins/auth/login.js'
import type { Api } from '../api.js'
import sessions from '../sessions.js'
import ships from './ships.js'
import users from './users.js'

/** Users and ships, access and refresh tokens, revocation. */
const fleet: Api = {
  tag: {
    name: 'fleet',
    description:
      'Users and ships; access and refresh tokens that can be revoked. First call: `GET /api/ships/1`.',
  },
  parts: ['users', 'ships'],
  routes: async (app) => {
    await app.register(guards, { carriers: [bearer] })
    await app.register(sessions, {
      prefix: '/auth',
      tag: 'fleet',
      credentials: Credentials,
      nameIn: (credentials) => String(Object(credentials).username),
      description:
        'The data file that is shipped has the user `user` with the password `password`.',
      next: ['createShip'],
    })
    await app.register(users, { prefix: '/api' })
    await app.register(ships, { prefix: '/api' })
  },
}

export default fleet
