import type { SeedFile } from '../../seed/format.js'
import { placesOf } from '../data-file/change.js'
import { findProject } from '../project/name.js'
import { findUser } from '../user/name.js'

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
