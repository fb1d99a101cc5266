import { findProject, findUser, type Operation } from '../operation.js'
import { Refusal, say } from '../say.js'
import type { TargetFlags } from '../target.js'
import { askForMember } from './add.js'

/** Ends a user's membership of a project. */
export async function removeMember(
  username: string | undefined,
  project: string | undefined,
  flags: TargetFlags,
): Promise<void> {
  const member = await askForMember(username, project, flags)
  say(await member.target.edit(memberRemoval(member.username, member.project)))
}

/** Ends a user's membership of a project. */
export function memberRemoval(username: string, project: string): Operation {
  return async (store) => {
    const { id: userId } = await findUser(store, username)
    const { id: projectId } = await findProject(store, project)
    const membership = await store.memberships.getBy({ userId, projectId })
    if (!membership) throw new Refusal(`"${username}" is not a member of "${project}"`)
    await store.memberships.delete(membership.id)
    return { done: `"${username}" is no longer a member of "${project}"` }
  }
}
