import { newUser, type User } from '../store/collections.js'
import type { NewRecord } from '../store/engine.js'
import type { FreeForm } from '../store/free-form.js'
import { NEW_NAME, NEW_NAME_PATTERN } from '../store/names.js'
import { RecordFault } from './records.js'

/** What an account of the user's own users can log in with: the first of these that a record has is its name. */
export const LOGIN_FIELDS = ['username', 'email', 'name'] as const

/** The longest name, and the longest email (RFC 3696, erratum 1690). */
export const MAX_LOGIN_NAME = 254

/**
 * A name that one can log in with, as a schema: no colon and no control character, because HTTP Basic has no way to send them
 * (RFC 7617, section 2).
 */
export const LoginName = {
  minLength: 1,
  maxLength: MAX_LOGIN_NAME,
  pattern: '^[^:\\x00-\\x1f\\x7f-\\x9f]+$',
}
const LOGIN_NAME = new RegExp(LoginName.pattern, 'u')

/** The same of an account that is made or renamed: `isPlain` has to hold too. */
export const NewLoginName = {
  ...LoginName,
  pattern: NEW_NAME_PATTERN,
  description: `A name to log in with: ${NEW_NAME}`,
}

/** What nobody's name begins with: names have no colon. */
const NOBODY = ':'

/** What the store keeps of an account beside the record that everybody sees. */
export type AccountValues = Omit<NewRecord<User>, 'id'>

/** What an account is made with. */
interface Secrets {
  readonly passwordHash: string | null
  readonly generation: number
}

/** The field of a record that has the name of its account: the first that can be one. Undefined where there is none. */
export function loginFieldOf(content: FreeForm): (typeof LOGIN_FIELDS)[number] | undefined {
  const texts = LOGIN_FIELDS.filter(
    (name) => typeof content[name] === 'string' && content[name] !== '',
  )
  return texts.find((name) => isLoginName(String(content[name]))) ?? texts[0]
}

/** The fields that name an account which is made or renamed, and what is asked of new names holds of: what only is shown isn't. */
export function namingFieldsOf(content: FreeForm): readonly string[] {
  const isThere = (name: string) => typeof content[name] === 'string' && content[name] !== ''
  const named = ['username', 'email'].filter(isThere)
  return named.length > 0 ? named : ['name'].filter(isThere)
}

function isLoginName(text: string): boolean {
  return text.length <= MAX_LOGIN_NAME && LOGIN_NAME.test(text)
}

/**
 * The account that a record is.
 * @throws RecordFault where it has no name that one can log in with
 */
export function accountOf(content: FreeForm, secrets: Secrets): AccountValues {
  const field = loginFieldOf(content)
  if (field === undefined) {
    throw new RecordFault('username', 'is missing: an account logs in by username, email or name')
  }
  const username = String(content[field])
  if (!isLoginName(username)) {
    throw new RecordFault(field, `must have 1 to 254 characters, no colon and no control character`)
  }
  const { email, admin } = content
  if (typeof email === 'string' && email.length > MAX_LOGIN_NAME) {
    throw new RecordFault('email', 'must NOT have more than 254 characters')
  }
  return newUser({
    ...secrets,
    username,
    email: typeof email === 'string' && email !== '' ? email : null,
    admin: admin === true,
  })
}

/**
 * What the store has in an account's place of a record without a password: nobody can log in as it.
 * @param key the record's id as text
 */
export function noAccount(key: string): AccountValues {
  return newUser({ username: NOBODY + key, name: null, passwordHash: null })
}

/** Whether somebody can log in as this. */
export function isAccount({ username }: Pick<User, 'username'>): boolean {
  return !username.startsWith(NOBODY)
}
