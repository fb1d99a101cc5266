import { replaceText } from './data-file/edit.js'
import { editedDataFile } from './data-file/find.js'
import { load, loadText } from './data-file/load.js'
import { countsOf, emptyText } from './parts.js'
import { withPrompts } from './prompts.js'
import { say } from './say.js'

/**
 * Deletes everything in a data file, and leaves it empty. It does not go itself: without one the server would start with
 * the data that Slipway ships, and its users.
 */
export async function drop(
  named: string | undefined,
  { yes = false }: { readonly yes?: boolean },
): Promise<void> {
  const file = await editedDataFile(named)
  const counts = await countsOf((await load(file)).store)
  if (!yes) {
    await withPrompts((prompts) => prompts.confirm(`Delete all of ${file}: ${counts}?`))
  }
  const done = await replaceText(file, async (text) => {
    const { store } = await loadText({ name: file, text })
    const gone = await countsOf(store)
    return { text: emptyText, done: `deleted all of ${file}: ${gone}` }
  })
  say(done)
}
