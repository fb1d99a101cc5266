import type { SeedFile } from '../../seed/format.js'
import { idsOf } from '../data-file/ids.js'
import { Refusal } from '../errors.js'

/**
 * The project of a data file that has a name.
 * @returns the project's place in the list, and its id
 * @throws Refusal when none has it
 */
export function findProject(
  { projects = [] }: SeedFile,
  name: string,
): { index: number; id: number } {
  const index = projects.findIndex((project) => project.name === name)
  const id = idsOf(projects)[index]
  if (id === undefined) throw new Refusal(`no project has the name "${name}"`)
  return { index, id }
}
