import { isPasswordHash } from '../plugins/auth/argon2id.js'
import { escapePointer } from '../store/check.js'
import type { Store } from '../store/collections.js'
import type { Declaration } from '../store/declaration.js'
import type { NewRecord } from '../store/engine.js'
import { UniqueViolation } from '../store/errors.js'
import type { FreeForm } from '../store/free-form.js'
import { nameFor } from '../store/lookups.js'
import { newOwn, type OwnRecord, ownRecords } from '../store/own.js'
import { Turns } from '../store/turns.js'
import type { Finding } from './faults.js'
import { isId } from './ids.js'
import { type AccountValues, accountOf, loginFieldOf, noAccount } from './own-accounts.js'
import type { OwnPart, Secret } from './own-records.js'
import { generationOf, RecordFault } from './records.js'

/** A part that is the user's own, and where the store keeps it. */
export interface OwnSource {
  readonly part: OwnPart
  readonly storeName: string
  readonly declaration: Declaration<OwnRecord>
  /** Whether records with a password are accounts. */
  readonly isAccounts: boolean
  readonly idField: string
}

/** How many records go in between turns. */
const AT_ONCE = 100

/**
 * Fills an empty store with what is the user's own.
 * @param secret signs the tokens, where it outlives the process, and they with it
 * @returns the plain passwords, by the account's id in the store: they are still to be hashed; and what is wrong with accounts
 */
export async function fillOwn(
  store: Store,
  sources: readonly OwnSource[],
  secret: string | undefined,
): Promise<{ readonly passwords: Map<number, string>; readonly findings: readonly Finding[] }> {
  const passwords = new Map<number, string>()
  const findings: Finding[] = []
  const turns = new Turns()
  for (const source of sources) {
    const { part, storeName, isAccounts } = source
    if (isAccounts) {
      findings.push(...(await fillAccounts(store, source, passwords, secret)))
    } else {
      const records = ownRecords(store, storeName)
      for (let at = 0; at < part.records.length; at += AT_ONCE) {
        const some = part.records.slice(at, at + AT_ONCE)
        await records.insertMany(some.map((record) => valuesOf(source, record)))
        if (turns.isOver) await turns.next()
      }
    }
  }
  return { passwords, findings }
}

async function fillAccounts(
  store: Store,
  source: OwnSource,
  passwords: Map<number, string>,
  secret: string | undefined,
): Promise<Finding[]> {
  const findings: Finding[] = []
  const { part, storeName } = source
  const records = ownRecords(store, storeName)
  const turns = new Turns()
  for (const [at, record] of part.records.entries()) {
    if (turns.isOver) await turns.next()
    const path = `/${escapePointer(part.name)}/${at}`
    const values = valuesOf(source, record)
    const own = part.secrets.get(at)
    try {
      const account = own ? await accountWith(store, own, record, secret) : noAccount(values.key)
      const { id } = await records.insert({ ...values, ...account })
      if (typeof own?.password === 'string') passwords.set(id, own.password)
    } catch (error) {
      findings.push(findingOf(path, record, error))
    }
  }
  return findings
}

/** @throws what is no fault of the record's */
function findingOf(path: string, record: FreeForm, error: unknown): Finding {
  if (error instanceof RecordFault) {
    return { path: `${path}/${escapePointer(error.field)}`, message: error.message }
  }
  if (!(error instanceof UniqueViolation)) throw error
  const [field] = error.fields
  const name = field === 'username' ? loginFieldOf(record) : field
  return { path, message: `another record has the same ${name}` }
}

/** @throws RecordFault */
async function accountWith(
  store: Store,
  { password, passwordHash }: Secret,
  record: FreeForm,
  secret?: string,
): Promise<AccountValues> {
  if ((password === undefined) === (passwordHash === undefined)) {
    throw new RecordFault('password', 'either password or passwordHash is needed, and not both')
  }
  if (password !== undefined && !isPassword(password)) {
    throw new RecordFault('password', 'must be a text of 1 to 1024 characters')
  }
  if (password !== undefined && BCRYPT.test(password)) {
    const message =
      'is a hash by bcrypt, as json-server-auth writes them: put the password itself there, which is hashed here'
    throw new RecordFault('password', message)
  }
  if (passwordHash !== undefined && !isHash(passwordHash)) {
    throw new RecordFault('passwordHash', 'must be a whole argon2id hash that a login can wait for')
  }
  const values = accountOf(record, { passwordHash: passwordHash ?? null, generation: 0 })
  const account = { ...values, name: await nameFor(store, values.username) }
  if (secret === undefined) return account
  const { username } = account
  const generation = generationOf(secret, { username, password, passwordHash })
  return { ...account, generation }
}

/** Taken for a password, it would be none that anybody knows. */
const BCRYPT = /^\$2[abxy]?\$\d\d\$[./A-Za-z0-9]{53}$/

/** Whether a value can be a password. */
export function isPassword(value: unknown): value is string {
  return typeof value === 'string' && value.length >= 1 && value.length <= 1024
}

function isHash(value: unknown): value is string {
  return typeof value === 'string' && isPasswordHash(value)
}

function valuesOf({ part, idField }: OwnSource, content: FreeForm): NewRecord<OwnRecord> {
  const id = part.isSingular ? undefined : content[idField]
  return newOwn(isId(id) ? id : undefined, content)
}
