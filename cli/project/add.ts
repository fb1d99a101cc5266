import type { SeedFile } from '../../seed/parts.js'
import { type Decision, editFile } from '../data-file/edit.js'
import { chosenDataFile } from '../data-file/find.js'
import { nextId } from '../data-file/ids.js'
import { withPrompts } from '../prompts.js'
import { Refusal, say } from '../say.js'
import { checkDescription, checkProjectName } from '../values.js'

export interface ProjectFlags {
  readonly dataFile?: string
  readonly description?: string
  /** Whether a description that isn't given is asked for. */
  readonly asksDescription?: boolean
}

/** Adds a project to the data file. */
export async function addProject(name: string | undefined, flags: ProjectFlags): Promise<void> {
  const file = await chosenDataFile(flags.dataFile)
  const project = await withPrompts(async (prompts) => ({
    name: checkProjectName(await prompts.required('project', name)),
    description: flags.asksDescription
      ? await prompts.optional('description', flags.description)
      : flags.description,
  }))
  if (project.description) checkDescription(project.description)
  say(await editFile(file, (data) => projectAddition(file, data, project)))
}

/**
 * What adds a project with a name that is free.
 * @throws Refusal
 */
export function projectAddition(
  file: string,
  { projects = [] }: SeedFile,
  { name, description }: { readonly name: string; readonly description: string | undefined },
): Decision {
  if (projects.some((project) => project.name === name)) {
    throw new Refusal(`the project's name "${name}" is taken`)
  }
  const id = nextId(projects)
  return {
    change: { projects: { added: { id, name, ...(description ? { description } : {}) } } },
    done: `added the project "${name}" with the id ${id} to ${file}`,
  }
}
