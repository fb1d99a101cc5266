import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { reasonOf } from '../seed/read.js'
import { createFile } from '../seed/write.js'

/**
 * Writes a state into a folder, as a data file that a server can start with.
 * @returns the file's path: `db-`, and the moment
 */
export async function writeSnapshot(folder: string, state: object): Promise<string> {
  const moment = new Date().toISOString().replace(/[:.]/g, '-')
  const file = join(folder, `db-${moment}.json`)
  await createFile(file, `${JSON.stringify(state, null, 2)}\n`)
  return file
}

/**
 * Writes a snapshot whenever somebody types `s` and Enter.
 * @param input what they type into
 * @param say prints a line
 * @returns ends it
 */
export function takeSnapshots(
  folder: string,
  read: () => Promise<object>,
  input: NodeJS.ReadableStream,
  say: (line: string) => void,
): () => void {
  const lines = createInterface({ input })
  lines.on('line', async (line) => {
    if (line.trim().toLowerCase() !== 's') return
    try {
      say(`the state is in ${await writeSnapshot(folder, await read())}`)
    } catch (error) {
      say(`no snapshot could be written into ${folder} (${reasonOf(error)})`)
    }
  })
  return () => lines.close()
}
