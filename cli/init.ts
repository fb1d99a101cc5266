import { codeOf } from '../seed/read.js'
import { createFile } from '../seed/write.js'
import { refusing } from './data-file/edit.js'
import { newDataFile } from './data-file/find.js'
import { starterText } from './parts.js'
import { Refusal, say } from './say.js'
import { databaseOf, type TargetFlags } from './target.js'

/** Makes the tables of a database, or else writes a data file, with something to begin with; never over what is there. */
export async function initialize(flags: TargetFlags): Promise<void> {
  const config = databaseOf(flags)
  say(
    config
      ? await (await import('./database.js')).createTables(config)
      : await writeFile(newDataFile(flags.dataFile)),
  )
}

async function writeFile(file: string): Promise<string> {
  await refusing(file, async () => {
    try {
      await createFile(file, starterText)
    } catch (error) {
      if (codeOf(error) === 'EEXIST') throw new Refusal(`${file} is there already`)
      throw error
    }
  })
  return `wrote ${file}: add users to it with "slipway user add"`
}
