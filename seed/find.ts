import { access } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'

const NAME = 'data.json'

/** The data file when none is named: `data.json` in the working folder, or else the one that Slipway ships with. */
export async function findDataFile(): Promise<string> {
  try {
    await access(NAME)
    return NAME
  } catch {
    return join(dirname(createRequire(import.meta.url).resolve('slipway/package.json')), NAME)
  }
}
