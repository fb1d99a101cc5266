import { newUser } from '../../store/collections.js'
import { userNamed } from '../../store/lookups.js'
import { insertNew, type Operation } from '../operation.js'
import { readPassword } from '../password-input.js'
import { type Prompts, withPrompts } from '../prompts.js'
import { Refusal, say } from '../say.js'
import { editedTarget, type TargetFlags } from '../target.js'
import { checkEmail, checkPassword, checkUsername } from '../values.js'

export interface UserFlags extends TargetFlags {
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

/** Adds a user, with a hash of their password. */
export async function addUser(username: string | undefined, flags: UserFlags): Promise<void> {
  const target = await editedTarget(flags)
  const account = await target.read((store) =>
    withPrompts(async (prompts) => {
      const name = checkUsername(await prompts.required('username', username))
      // Nobody is asked for more in vain.
      if (await userNamed(store, name)) throw new Refusal(taken(name))
      return { username: name, ...(await askedFor(prompts, flags)) }
    }),
  )
  const { password, email, ...rest } = account
  const { hashPassword } = await import('../../plugins/auth/argon2id.js')
  const user = { ...rest, email: email || undefined, passwordHash: await hashPassword(password) }
  say(await target.edit(userAddition(target.name, user)))
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

/** Adds a user with a name that is free. */
export function userAddition(
  target: string,
  { username, passwordHash, email, admin }: Account,
): Operation {
  return async (store, { users = [] }) => {
    const user = newUser({ username, passwordHash, email, admin })
    const { id, publicId, registeredAt } = await insertNew(store.users, user, taken(username))
    const added = {
      id,
      // As the file has it already.
      [users.at(-1)?.username === undefined ? 'name' : 'username']: username,
      passwordHash,
      ...(email === undefined ? {} : { email }),
      ...(admin ? { admin } : {}),
      // Without them each start would give others.
      public_id: publicId,
      date_registered: registeredAt,
    }
    const kind = admin ? 'admin' : 'user'
    return {
      added: { users: added },
      done: `added the ${kind} "${username}" with the id ${id} to ${target}`,
    }
  }
}

function taken(username: string): string {
  return `the username "${username}" is taken`
}
