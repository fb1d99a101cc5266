import type { SeedFile } from '../../seed/parts.js'
import { type Decision, editFile } from '../data-file/edit.js'
import { nextId } from '../data-file/ids.js'
import { findMembership } from '../data-file/records.js'
import { Refusal, say } from '../say.js'
import { askForMember } from './ask.js'

/** Makes a user a member of a project in the data file. */
export async function addMember(
  username: string | undefined,
  project: string | undefined,
  flags: { readonly dataFile?: string },
): Promise<void> {
  const member = await askForMember(username, project, flags)
  say(await editFile(member.file, (data) => memberAddition(data, member.username, member.project)))
}

/**
 * What makes a user a member of a project.
 * @throws Refusal
 */
export function memberAddition(data: SeedFile, username: string, project: string): Decision {
  const { memberships = [] } = data
  const { userId, projectId, places } = findMembership(data, username, project)
  if (places.size > 0) throw new Refusal(`"${username}" is a member of "${project}" already`)
  const id = nextId(memberships)
  return {
    change: { memberships: { added: { id, user_id: userId, project_id: projectId } } },
    done: `"${username}" is a member of "${project}" now`,
  }
}
