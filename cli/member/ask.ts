import { chosenDataFile } from '../data-file/find.js'
import { withPrompts } from '../prompts.js'

/** Who, in which project, in which file: what isn't given is asked for. */
export async function askForMember(
  username: string | undefined,
  project: string | undefined,
  { dataFile }: { readonly dataFile?: string },
): Promise<{ file: string; username: string; project: string }> {
  const file = await chosenDataFile(dataFile)
  return withPrompts(async (prompts) => ({
    file,
    username: await prompts.required('username', username),
    project: await prompts.required('project', project),
  }))
}
