import type { SeedUser } from '../../seed/format.js'
import type { SeedFile } from '../../seed/parts.js'
import { Refusal } from '../say.js'
import { placesOf } from './change.js'
import { idsOf } from './ids.js'

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

/**
 * The project of a data file that has a name.
 * @returns the project's place in the list, and its id
 * @throws Refusal when none has it
 */
export function findProject(
  { projects = [] }: SeedFile,
  name: string,
): { index: number; id: number } {
  const index = projects.findIndex((project) => project.name === name)
  const id = idsOf(projects)[index]
  if (id === undefined) throw new Refusal(`no project has the name "${name}"`)
  return { index, id }
}

/**
 * The membership of a user in a project, by the names of both.
 * @returns the ids of both, and the membership's place in the list: none where there is no membership
 * @throws Refusal when there is no such user or project
 */
export function findMembership(
  data: SeedFile,
  username: string,
  project: string,
): { userId: number; projectId: number; places: Set<number> } {
  const { id: userId } = findUser(data, username)
  const { id: projectId } = findProject(data, project)
  const places = placesOf(
    data.memberships ?? [],
    (each) => each.user_id === userId && each.project_id === projectId,
  )
  return { userId, projectId, places }
}
