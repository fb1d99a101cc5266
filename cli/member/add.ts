import { findProject, findUser, insertNew, type Operation } from '../operation.js'
import { withPrompts } from '../prompts.js'
import { say } from '../say.js'
import { editedTarget, type Target, type TargetFlags } from '../target.js'

/** Makes a user a member of a project. */
export async function addMember(
  username: string | undefined,
  project: string | undefined,
  flags: TargetFlags,
): Promise<void> {
  const member = await askForMember(username, project, flags)
  say(await member.target.edit(memberAddition(member.username, member.project)))
}

/** Makes a user a member of a project. */
export function memberAddition(username: string, project: string): Operation {
  return async (store) => {
    const { id: userId } = await findUser(store, username)
    const { id: projectId } = await findProject(store, project)
    const taken = `"${username}" is a member of "${project}" already`
    const { id } = await insertNew(store.memberships, { userId, projectId }, taken)
    return {
      added: { memberships: { id, user_id: userId, project_id: projectId } },
      done: `"${username}" is a member of "${project}" now`,
    }
  }
}

/** Who, in which project, and where that is kept: what isn't given is asked for. */
export async function askForMember(
  username: string | undefined,
  project: string | undefined,
  flags: TargetFlags,
): Promise<{ target: Target; username: string; project: string }> {
  const target = await editedTarget(flags)
  return withPrompts(async (prompts) => ({
    target,
    username: await prompts.required('username', username),
    project: await prompts.required('project', project),
  }))
}
