import type { SeedFile } from '../../seed/parts.js'
import { placesOf, removal } from '../data-file/change.js'
import { type Decision, editFile } from '../data-file/edit.js'
import { chosenDataFile } from '../data-file/find.js'
import { findProject } from '../data-file/records.js'
import { withPrompts } from '../prompts.js'
import { count, say } from '../say.js'

/** Removes a project from the data file, with its memberships. */
export async function removeProject(
  name: string | undefined,
  flags: { readonly dataFile?: string },
): Promise<void> {
  const file = await chosenDataFile(flags.dataFile)
  const project = await withPrompts((prompts) => prompts.required('project', name))
  say(await editFile(file, (data) => projectRemoval(file, data, project)))
}

/**
 * What removes a project and its memberships.
 * @throws Refusal
 */
export function projectRemoval(file: string, data: SeedFile, name: string): Decision {
  const { projects = [], memberships = [] } = data
  const { index, id } = findProject(data, name)
  const gone = placesOf(memberships, ({ project_id }) => project_id === id)
  const what = gone.size > 0 ? `, with ${count(gone.size, 'membership')}` : ''
  return {
    change: {
      projects: removal(projects, new Set([index])),
      memberships: removal(memberships, gone),
    },
    done: `removed the project "${name}" from ${file}${what}`,
  }
}
