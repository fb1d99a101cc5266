import { errors } from '../../plugins/http/errors.js'
import { compile, missingField } from '../../store/check.js'
import { NewUsername } from '../../store/names.js'
import type { Accounts } from './index.js'

const isUsername = compile(NewUsername)

/** Accounts that are an API's, which have a name and a password. */
export const apiAccounts: Accounts = {
  register: async (request, { username, email, name, password }) => {
    const given = username ?? email ?? name
    if (given === undefined) throw errors.invalid('body', missingField('username'))
    if (!isUsername(given)) {
      throw errors.invalid('body', { ...isUsername.fault(), path: '/username' })
    }
    return request.server.createUser(request, given, String(password))
  },
  show: ({ id, username }) => ({ id, username }),
}
