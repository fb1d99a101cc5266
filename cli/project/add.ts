import { editFile, type Operation } from '../data-file/edit.js'
import { editedDataFile } from '../data-file/find.js'
import { insertNew } from '../data-file/records.js'
import { withPrompts } from '../prompts.js'
import { say } from '../say.js'
import { checkDescription, checkProjectName } from '../values.js'

export interface ProjectFlags {
  readonly dataFile?: string
  readonly description?: string
  /** Whether a description that isn't given is asked for. */
  readonly asksDescription?: boolean
}

/** Adds a project to the data file. */
export async function addProject(name: string | undefined, flags: ProjectFlags): Promise<void> {
  const file = await editedDataFile(flags.dataFile)
  const project = await withPrompts(async (prompts) => ({
    name: checkProjectName(await prompts.required('project', name)),
    description: flags.asksDescription
      ? await prompts.optional('description', flags.description)
      : flags.description,
  }))
  if (project.description) checkDescription(project.description)
  say(await editFile(file, projectAddition(file, project)))
}

/** Adds a project with a name that is free. */
export function projectAddition(
  file: string,
  { name, description }: { readonly name: string; readonly description: string | undefined },
): Operation {
  return async ({ projects }) => {
    const project = { name, description: description || null }
    const { id } = await insertNew(projects, project, `the project's name "${name}" is taken`)
    return {
      added: { projects: { id, name, ...(description ? { description } : {}) } },
      done: `added the project "${name}" with the id ${id} to ${file}`,
    }
  }
}
