import { randomInt } from 'node:crypto'
import type { FastifyRequest } from 'fastify'
import { errors } from '../../plugins/http/errors.js'
import { type AccountValues, accountOf, isAccount, noAccount } from '../../seed/own-accounts.js'
import { isPassword } from '../../seed/own-fill.js'
import { RecordFault } from '../../seed/records.js'
import type { User } from '../../store/collections.js'
import type { BaseRecord } from '../../store/declaration.js'
import type { FreeForm } from '../../store/free-form.js'
import type { OwnRecord } from '../../store/own.js'

/** A record of the user's own users: the store keeps an account with it. */
export type OwnUser = User & OwnRecord

export function isOwnUser(record: BaseRecord): record is OwnUser {
  return 'username' in record && 'passwordHash' in record
}

/** The password that is in a body, and the rest. */
export function splitPassword({ password, passwordHash, ...content }: FreeForm): {
  readonly password: string | undefined
  readonly content: FreeForm
} {
  if (passwordHash !== undefined) {
    throw errors.invalid('body', { path: '/passwordHash', code: 'reserved' })
  }
  if (password === undefined || isPassword(password)) return { password, content }
  const message = 'must be a text of 1 to 1024 characters'
  throw errors.invalid('body', { path: '/password', code: 'password', message })
}

/**
 * The account of a new record, which logs in if it has a password.
 * @throws 400, 403 when it would be an admin's and isn't made by one, 503
 */
export async function newAccount(
  request: FastifyRequest,
  key: string,
  content: FreeForm,
  password: string | undefined,
): Promise<AccountValues> {
  if (password === undefined) return noAccount(key)
  refuseAdmin(request, content, undefined)
  // Before the hash, which takes its time.
  const account = valid(() => accountOf(content, { passwordHash: null, generation: 0 }))
  await refuseTaken(request, account.username)
  const passwordHash = await request.server.passwords.hash(password)
  // The id can be another's after a restart, and JWT_SECRET the same: their tokens must not fit.
  return { ...account, passwordHash, generation: randomInt(2 ** 40) }
}

async function refuseTaken({ store }: FastifyRequest, username: string): Promise<void> {
  if (await store.users.getBy({ username })) throw errors.taken(['username'])
}

/**
 * Refuses to change an account that isn't one's own.
 * @throws 401, 403
 */
export function requireOwnAccount({ user }: FastifyRequest, record: OwnRecord): void {
  if (!isOwnUser(record) || !isAccount(record)) return
  if (!user) throw errors.tokenMissing()
  if (user.id !== record.id && !user.admin) throw errors.notYourself()
}

/**
 * What changes in the account when the record does.
 * @param password the new one, if there is one
 * @throws 503
 */
export async function changedSecrets(
  request: FastifyRequest,
  record: OwnRecord,
  password: string | undefined,
): Promise<Partial<Pick<User, 'passwordHash' | 'generation'>>> {
  if (password === undefined || !isOwnUser(record)) return {}
  const { passwords } = request.server
  if (isAccount(record)) return passwords.change(record, password)
  return { passwordHash: await passwords.hash(password), generation: randomInt(2 ** 40) }
}

/**
 * The account of a record with other content.
 * @throws 400, 403
 */
export function accountFor(
  request: FastifyRequest,
  record: OwnRecord,
  content: FreeForm,
  secrets: Partial<Pick<User, 'passwordHash' | 'generation'>>,
): Partial<AccountValues> {
  if (!isOwnUser(record)) return {}
  const { passwordHash = record.passwordHash, generation = record.generation } = secrets
  if (!isAccount(record) && secrets.passwordHash === undefined) return {}
  refuseAdmin(request, content, record)
  const { username, email, admin } = valid(() => accountOf(content, { passwordHash, generation }))
  return { username, email, admin, passwordHash, generation }
}

/** @throws 403 where somebody would become an admin who is none */
function refuseAdmin({ user }: FastifyRequest, content: FreeForm, record: OwnUser | undefined) {
  if (content.admin === true && !record?.admin && !user?.admin) throw errors.adminOnly()
}

function valid<T>(make: () => T): T {
  try {
    return make()
  } catch (error) {
    if (!(error instanceof RecordFault)) throw error
    const { field, message } = error
    throw errors.invalid('body', { path: `/${field}`, code: 'account', message })
  }
}
