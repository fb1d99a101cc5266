import type { SeedFile } from '../../seed/parts.js'
import { removal } from '../data-file/change.js'
import { type Decision, editFile } from '../data-file/edit.js'
import { findMembership } from '../data-file/records.js'
import { Refusal, say } from '../say.js'
import { askForMember } from './ask.js'

/** Ends a user's membership of a project in the data file. */
export async function removeMember(
  username: string | undefined,
  project: string | undefined,
  flags: { readonly dataFile?: string },
): Promise<void> {
  const member = await askForMember(username, project, flags)
  say(await editFile(member.file, (data) => memberRemoval(data, member.username, member.project)))
}

/**
 * What ends a user's membership of a project.
 * @throws Refusal
 */
export function memberRemoval(data: SeedFile, username: string, project: string): Decision {
  const { memberships = [] } = data
  const { places } = findMembership(data, username, project)
  if (places.size === 0) throw new Refusal(`"${username}" is not a member of "${project}"`)
  return {
    change: { memberships: removal(memberships, places) },
    done: `"${username}" is no longer a member of "${project}"`,
  }
}
