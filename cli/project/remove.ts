import { countOf } from '../../store/lookups.js'
import { equal } from '../../store/query.js'
import { editFile, type Operation } from '../data-file/edit.js'
import { editedDataFile } from '../data-file/find.js'
import { findProject } from '../data-file/records.js'
import { withPrompts } from '../prompts.js'
import { count, say } from '../say.js'

/** Removes a project from the data file, with its memberships. */
export async function removeProject(
  name: string | undefined,
  flags: { readonly dataFile?: string },
): Promise<void> {
  const file = await editedDataFile(flags.dataFile)
  const project = await withPrompts((prompts) => prompts.required('project', name))
  say(await editFile(file, projectRemoval(file, project)))
}

/** Removes a project, and its memberships with it. */
export function projectRemoval(file: string, name: string): Operation {
  return async (store) => {
    const { id } = await findProject(store, name)
    const members = await countOf(store.memberships, { where: equal({ projectId: id }) })
    await store.projects.delete(id)
    const what = members > 0 ? `, with ${count(members, 'membership')}` : ''
    return { done: `removed the project "${name}" from ${file}${what}` }
  }
}
