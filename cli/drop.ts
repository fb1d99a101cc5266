import { replaceText } from './data-file/edit.js'
import { editedDataFile } from './data-file/find.js'
import { load, loadText } from './data-file/load.js'
import { countsOf, emptyText } from './parts.js'
import { withPrompts } from './prompts.js'
import { say } from './say.js'
import { databaseOf, type TargetFlags } from './target.js'

export interface DropFlags extends TargetFlags {
  readonly yes?: boolean
}

/** Deletes everything in a data file, or a database. */
export async function drop({ yes = false, ...flags }: DropFlags): Promise<void> {
  const config = databaseOf(flags)
  if (config) {
    const { dropTables, readTables } = await import('./database.js')
    if (!yes) await confirm('the database', await readTables(config, countsOf))
    say(await dropTables(config))
  } else {
    const file = await editedDataFile(flags.dataFile)
    const counts = await countsOf((await load(file)).store)
    if (!yes) await confirm(file, counts)
    say(await replaceText(file, (text) => emptied(file, text)))
  }
}

async function confirm(name: string, counts: string): Promise<void> {
  await withPrompts((prompts) => prompts.confirm(`Delete all of ${name}: ${counts}?`))
}

/**
 * An empty data file. It does not go itself: without one the server would start with the data that Slipway ships, and its
 * users.
 */
async function emptied(file: string, text: string): Promise<{ text: string; done: string }> {
  const { store } = await loadText({ name: file, text })
  const gone = await countsOf(store)
  return { text: emptyText, done: `deleted all of ${file}: ${gone}` }
}
