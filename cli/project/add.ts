import { insertNew, type Operation } from '../operation.js'
import { withPrompts } from '../prompts.js'
import { say } from '../say.js'
import { editedTarget, type TargetFlags } from '../target.js'
import { checkDescription, checkProjectName } from '../values.js'

export interface ProjectFlags extends TargetFlags {
  readonly description?: string
  /** Whether a description that isn't given is asked for. */
  readonly asksDescription?: boolean
}

/** Adds a project. */
export async function addProject(name: string | undefined, flags: ProjectFlags): Promise<void> {
  const target = await editedTarget(flags)
  const project = await withPrompts(async (prompts) => ({
    name: checkProjectName(await prompts.required('project', name)),
    description: flags.asksDescription
      ? await prompts.optional('description', flags.description)
      : flags.description,
  }))
  if (project.description) checkDescription(project.description)
  say(await target.edit(projectAddition(target.name, project)))
}

/** Adds a project with a name that is free. */
export function projectAddition(
  target: string,
  { name, description }: { readonly name: string; readonly description: string | undefined },
): Operation {
  return async ({ projects }) => {
    const project = { name, description: description || null }
    const { id } = await insertNew(projects, project, `the project's name "${name}" is taken`)
    return {
      added: { projects: { id, name, ...(description ? { description } : {}) } },
      done: `added the project "${name}" with the id ${id} to ${target}`,
    }
  }
}
