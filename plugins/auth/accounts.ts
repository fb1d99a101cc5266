import { randomInt } from 'node:crypto'
import type { FastifyRequest } from 'fastify'
import fp from 'fastify-plugin'
import { isAccount } from '../../seed/own-accounts.js'
import { newUser, type Store, type User } from '../../store/collections.js'
import { ACCOUNTS } from '../../store/engine.js'
import { all, userNamed } from '../../store/lookups.js'
import { isPlain, NEW_NAME, spellingsOf } from '../../store/names.js'
import { ownRecords } from '../../store/own.js'
import { errors } from '../http/errors.js'
import { failure } from '../openapi/responses.js'

declare module 'fastify' {
  interface FastifyInstance {
    /**
     * Makes an account.
     * @param path where the name is in the body, as a JSON pointer
     * @throws 400 when it can't be a name, 409 when the name is taken, 503 when too many passwords wait to be hashed
     */
    readonly createUser: (
      request: FastifyRequest,
      username: string,
      password: string,
      path?: string,
    ) => Promise<User>
  }
}

/** The answers of a route that makes an account, when it doesn't. */
export const creationRefusals = {
  409: failure('Another user has this name', errors.taken(['username'])),
  503: failure('Too many passwords wait to be hashed', errors.overloaded()),
}

/** Making an account, the same for every API. */
export default fp(
  async (app) => {
    app.decorate('createUser', async (request, username, password, path = '/username') => {
      requirePlain(username, path)
      // Refuses most before the costly hash; the insertion decides.
      await refuseTaken(request, username)
      const passwordHash = await app.passwords.hash(password)
      const generation = newGeneration()
      const registeredAt = request.world.date()
      return request.store.users.insert(
        newUser({ username, passwordHash, generation, registeredAt }),
      )
    })
  },
  { name: 'accounts', dependencies: ['passwords', 'store'] },
)

/** The token generation of an account that is made: its id can be another's after a restart, and JWT_SECRET the same, and their tokens must not fit. */
export function newGeneration(): number {
  return randomInt(2 ** 40)
}

/**
 * Refuses what can't be the name of an account that is made or renamed.
 * @param path where it is in the body, as a JSON pointer
 * @throws 400
 */
export function requirePlain(username: string, path: string): void {
  if (isPlain(username)) return
  throw errors.invalid('body', { path, code: 'name', message: `can't have that: ${NEW_NAME}` })
}

/**
 * Refuses a name that another user has, however it is written.
 * @param except the id of the user who may have it
 * @throws 409
 */
export async function refuseTaken(
  { store }: FastifyRequest,
  username: string,
  except?: number,
): Promise<void> {
  const holder = await userNamed(store, username)
  if (holder && holder.id !== except) throw errors.taken(['username'])
}

/**
 * Finds the account that somebody logs in with a name.
 * @param isOwn whether accounts are the user's own, which log in by their email, or by a name that no other account has, too
 */
export async function findAccount(
  store: Store,
  name: string,
  isOwn: boolean,
): Promise<User | undefined> {
  const user = await userNamed(store, name)
  return user || !isOwn ? user : findByOtherName(store, name)
}

/** Finds the account of the user's own that somebody logs in with a name that isn't its first. */
export async function findByOtherName(store: Store, name: string): Promise<User | undefined> {
  const withEmail = await store.users.getBy({ email: name })
  if (withEmail) return withEmail
  const where = { path: ['content', 'name'], op: 'is', value: spellingsOf(name) } as const
  const named = await all(ownRecords(store, ACCOUNTS), { where })
  const users = await Promise.all(named.map(({ id }) => store.users.get(id)))
  const [only, ...others] = users.filter((each) => each && isAccount(each))
  return others.length === 0 ? only : undefined
}
