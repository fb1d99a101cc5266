import { codeOf } from '../seed/read.js'
import { createFile } from '../seed/write.js'
import { refusing } from './data-file/edit.js'
import { newDataFile } from './data-file/find.js'
import { starterText } from './parts.js'
import { Refusal, say } from './say.js'

/** Writes a data file to begin with. One that is there is never overwritten. */
export async function initialize(named: string | undefined): Promise<void> {
  const file = newDataFile(named)
  await refusing(file, async () => {
    try {
      await createFile(file, starterText)
    } catch (error) {
      if (codeOf(error) === 'EEXIST') throw new Refusal(`${file} is there already`)
      throw error
    }
  })
  say(`wrote ${file}: add users to it with "slipway user add"`)
}
