import type { SeedFile } from '../../seed/parts.js'
import { newUser } from '../../store/collections.js'
import { type Decision, editFile } from '../data-file/edit.js'
import { chosenDataFile } from '../data-file/find.js'
import { nextId } from '../data-file/ids.js'
import { load } from '../data-file/load.js'
import { nameOf } from '../data-file/records.js'
import { readPassword } from '../password-input.js'
import { type Prompts, withPrompts } from '../prompts.js'
import { Refusal, say } from '../say.js'
import { checkEmail, checkPassword, checkUsername } from '../values.js'

export interface UserFlags {
  readonly dataFile?: string
  readonly email?: string
  readonly admin?: boolean
  readonly passwordStdin?: boolean
  /** Whether an email that isn't given is asked for. */
  readonly asksEmail?: boolean
}

interface Account {
  readonly username: string
  readonly passwordHash: string
  readonly email: string | undefined
  readonly admin: boolean
}

/** Adds a user to the data file, with a hash of their password. */
export async function addUser(username: string | undefined, flags: UserFlags): Promise<void> {
  const file = await chosenDataFile(flags.dataFile)
  const { store } = await load(file)
  const account = await withPrompts(async (prompts) => {
    const name = checkUsername(await prompts.required('username', username))
    // Nobody is asked for more in vain.
    if (await store.users.getBy({ username: name })) throw taken(name)
    return { username: name, ...(await askedFor(prompts, flags)) }
  })
  const { password, email, ...rest } = account
  const { hashPassword } = await import('../../plugins/auth/argon2id.js')
  const user = { ...rest, email: email || undefined, passwordHash: await hashPassword(password) }
  say(await editFile(file, (data) => userAddition(file, data, user)))
}

async function askedFor(
  prompts: Prompts,
  { email, admin = false, passwordStdin, asksEmail }: UserFlags,
): Promise<{ password: string; email: string | undefined; admin: boolean }> {
  if (email !== undefined) checkEmail(email)
  const password = passwordStdin ? await readPassword() : await prompts.newPassword()
  checkPassword(password)
  const address = asksEmail ? await prompts.optional('email', email) : email
  return { password, email: address && checkEmail(address), admin }
}

/**
 * What adds a user with a name that is free.
 * @throws Refusal
 */
export function userAddition(
  file: string,
  { users = [] }: SeedFile,
  { username, passwordHash, email, admin }: Account,
): Decision {
  if (users.some((user) => nameOf(user) === username)) throw taken(username)
  const last = users.at(-1)
  const id = nextId(users)
  const { publicId, registeredAt } = newUser({ username, passwordHash })
  const added = {
    id,
    // As the file has it already.
    [last?.username === undefined ? 'name' : 'username']: username,
    passwordHash,
    ...(email === undefined ? {} : { email }),
    ...(admin ? { admin } : {}),
    // Without them each start would give others.
    public_id: publicId,
    date_registered: registeredAt,
  }
  const kind = admin ? 'admin' : 'user'
  return {
    change: { users: { added } },
    done: `added the ${kind} "${username}" with the id ${id} to ${file}`,
  }
}

function taken(username: string): Refusal {
  return new Refusal(`the username "${username}" is taken`)
}
