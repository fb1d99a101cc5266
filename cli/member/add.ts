import { editFile, type Operation } from '../data-file/edit.js'
import { editedDataFile } from '../data-file/find.js'
import { findProject, findUser, insertNew } from '../data-file/records.js'
import { withPrompts } from '../prompts.js'
import { say } from '../say.js'

/** Makes a user a member of a project in the data file. */
export async function addMember(
  username: string | undefined,
  project: string | undefined,
  flags: { readonly dataFile?: string },
): Promise<void> {
  const member = await askForMember(username, project, flags)
  say(await editFile(member.file, memberAddition(member.username, member.project)))
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

/** Who, in which project, in which file: what isn't given is asked for. */
export async function askForMember(
  username: string | undefined,
  project: string | undefined,
  { dataFile }: { readonly dataFile?: string },
): Promise<{ file: string; username: string; project: string }> {
  const file = await editedDataFile(dataFile)
  return withPrompts(async (prompts) => ({
    file,
    username: await prompts.required('username', username),
    project: await prompts.required('project', project),
  }))
}
