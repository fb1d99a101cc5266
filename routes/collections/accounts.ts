import type { FastifyRequest } from 'fastify'
import { newGeneration, requirePlain } from '../../plugins/auth/accounts.js'
import { errors } from '../../plugins/http/errors.js'
import {
  type AccountValues,
  accountOf,
  isAccount,
  loginFieldOf,
  namingFieldsOf,
  noAccount,
} from '../../seed/own-accounts.js'
import { isPassword } from '../../seed/own-fill.js'
import { RecordFault } from '../../seed/records.js'
import type { User } from '../../store/collections.js'
import type { BaseRecord } from '../../store/declaration.js'
import type { FreeForm } from '../../store/free-form.js'
import { userNamed } from '../../store/lookups.js'
import type { OwnRecord } from '../../store/own.js'

/** A record of the user's own users: the store keeps an account with it. */
export type OwnUser = User & OwnRecord

export function isOwnUser(record: BaseRecord): record is OwnUser {
  return 'username' in record && 'passwordHash' in record
}

/**
 * The password that is in a body, and the rest.
 * @param at where the body is, as a JSON pointer
 * @throws 400
 */
export function splitPassword(
  { password, passwordHash, ...content }: FreeForm,
  at = '',
): {
  readonly password: string | undefined
  readonly content: FreeForm
} {
  if (passwordHash !== undefined) {
    throw errors.invalid('body', { path: `${at}/passwordHash`, code: 'reserved' })
  }
  if (password === undefined || isPassword(password)) return { password, content }
  const message = 'must be a text of 1 to 1024 characters'
  throw errors.invalid('body', { path: `${at}/password`, code: 'password', message })
}

/**
 * The account of a new record, which logs in if it has a password.
 * @param at where the record is in the body, as a JSON pointer
 * @throws 400, 403 when it would be an admin's and isn't made by one, 409, 503
 */
export async function newAccount(
  request: FastifyRequest,
  key: string,
  content: FreeForm,
  password: string | undefined,
  at: string,
): Promise<AccountValues> {
  if (password === undefined) return noAccount(key)
  refuseAdmin(request, content)
  requirePlainNames(content, {}, at)
  // Before the hash, which takes its time.
  const account = accountIn(content, { passwordHash: null, generation: 0 }, at)
  await refuseTakenNames(request, content, account)
  const passwordHash = await request.server.passwords.hash(password)
  return { ...account, passwordHash, generation: newGeneration() }
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
 * Looks at what a change makes of an account, and hashes its new password.
 * @param content what the record would be, as it is now
 * @returns the hash; undefined where the password stays
 * @throws 400, 403, 409, 503
 */
export async function changedHash(
  request: FastifyRequest,
  record: OwnRecord,
  content: FreeForm,
  password: string | undefined,
): Promise<string | undefined> {
  if (!isOwnUser(record) || (password === undefined && !isAccount(record))) return undefined
  refuseAdmin(request, content, record)
  const account = accountIn(content, record)
  requirePlainNames(content, isAccount(record) ? record.content : {})
  await refuseTakenNames(request, content, account, record.id)
  const { passwords } = request.server
  if (password === undefined) return undefined
  if (!isAccount(record)) return passwords.hash(password)
  const { passwordHash } = await passwords.change(request.world, record, password)
  return passwordHash ?? undefined
}

/**
 * The account of a record with other content, in the step that changes it.
 * @param newHash of a new password, which ends the tokens that there are
 * @throws 400, 401, 403
 */
export function accountFor(
  request: FastifyRequest,
  record: OwnRecord,
  content: FreeForm,
  newHash: string | undefined,
): Partial<AccountValues> {
  if (!isOwnUser(record) || (newHash === undefined && !isAccount(record))) return {}
  // It may have become somebody's account since it was looked at.
  requireOwnAccount(request, record)
  refuseAdmin(request, content, record)
  const { username, name, email, admin } = accountIn(content, record)
  const names = username === record.username ? {} : { username, name }
  if (newHash === undefined) return { ...names, email, admin }
  const generation = isAccount(record) ? record.generation + 1 : newGeneration()
  return { ...names, email, admin, passwordHash: newHash, generation }
}

/** @throws 403 where somebody would become an admin who is none */
function refuseAdmin({ user }: FastifyRequest, content: FreeForm, record?: OwnUser): void {
  if (content.admin === true && !record?.admin && !user?.admin) throw errors.adminOnly()
}

/**
 * Refuses what can't be the name of a new account.
 * @param before what the account has already, which may stay
 * @throws 400
 */
function requirePlainNames(content: FreeForm, before: FreeForm, at = ''): void {
  for (const field of namingFieldsOf(content)) {
    if (content[field] !== before[field]) requirePlain(String(content[field]), `${at}/${field}`)
  }
}

/**
 * Refuses names that another account logs in with, whether as its username or its email.
 * @throws 409
 */
async function refuseTakenNames(
  { store }: FastifyRequest,
  content: FreeForm,
  { username, email }: AccountValues,
  except?: number,
): Promise<void> {
  const names = new Map([[loginFieldOf(content) ?? 'username', username]])
  if (email !== null) names.set('email', email)
  const looks = [...names].map(async ([field, name]) => {
    const holders = await Promise.all([userNamed(store, name), store.users.getBy({ email: name })])
    return { field, isTaken: holders.some((each) => each && each.id !== except) }
  })
  const taken = (await Promise.all(looks)).find(({ isTaken }) => isTaken)
  if (taken) throw errors.taken([taken.field])
}

/** @throws 400 */
function accountIn(
  content: FreeForm,
  { passwordHash, generation }: Pick<User, 'passwordHash' | 'generation'>,
  at = '',
): AccountValues {
  try {
    return accountOf(content, { passwordHash, generation })
  } catch (error) {
    if (!(error instanceof RecordFault)) throw error
    const { field, message } = error
    throw errors.invalid('body', { path: `${at}/${field}`, code: 'account', message })
  }
}
