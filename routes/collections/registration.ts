import { errors } from '../../plugins/http/errors.js'
import type { Accounts } from '../auth/index.js'
import { guardOf } from './access.js'
import { isOwnUser } from './accounts.js'
import type { OwnCollection } from './collection.js'
import { create } from './writing.js'

/** Accounts that are records of the user's own users. */
export function ownAccounts(users: OwnCollection): Accounts {
  return {
    register: async (request, body) => {
      const [record] = await create(users, request, [body], () => '')
      if (!record || !isOwnUser(record)) throw errors.conflict()
      return record
    },
    guard: (app) => guardOf(app, users.access.create, false),
    show: (user) => (isOwnUser(user) ? user.content : {}),
  }
}
