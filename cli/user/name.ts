import type { SeedFile, SeedUser } from '../../seed/format.js'
import { idsOf } from '../data-file/ids.js'
import { Refusal } from '../errors.js'

/** A user's name, whichever way the file has it. */
export function nameOf({ username, name }: SeedUser): string | undefined {
  return username ?? name
}

/**
 * The user of a data file who has a name.
 * @returns the user's place in the list, and their id
 * @throws Refusal when nobody has it
 */
export function findUser(
  { users = [] }: SeedFile,
  username: string,
): { index: number; id: number } {
  const index = users.findIndex((user) => nameOf(user) === username)
  const id = idsOf(users)[index]
  if (id === undefined) throw new Refusal(`no user has the name "${username}"`)
  return { index, id }
}
