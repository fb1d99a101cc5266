import { countOf } from '../../store/lookups.js'
import { equal } from '../../store/query.js'
import { findProject, type Operation } from '../operation.js'
import { withPrompts } from '../prompts.js'
import { count, say } from '../say.js'
import { editedTarget, type TargetFlags } from '../target.js'

/** Removes a project, with its memberships. */
export async function removeProject(name: string | undefined, flags: TargetFlags): Promise<void> {
  const target = await editedTarget(flags)
  const project = await withPrompts((prompts) => prompts.required('project', name))
  say(await target.edit(projectRemoval(target.name, project)))
}

/** Removes a project, and its memberships with it. */
export function projectRemoval(target: string, name: string): Operation {
  return async (store) => {
    const { id } = await findProject(store, name)
    const members = await countOf(store.memberships, { where: equal({ projectId: id }) })
    await store.projects.delete(id)
    const what = members > 0 ? `, with ${count(members, 'membership')}` : ''
    return { done: `removed the project "${name}" from ${target}${what}` }
  }
}
