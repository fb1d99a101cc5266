import { access } from 'node:fs/promises'
import { readEnvironment } from '../../config.js'
import { isEditable } from '../../seed/read.js'
import { Refusal } from '../say.js'

const NAME = 'data.json'

/**
 * The data file that a command is about: the one that is named, `DATA_FILE`, or `data.json` in the working folder. Never
 * the one that Slipway ships with, which is not the user's to edit.
 * @throws Refusal when none is named, and none is here
 */
export async function chosenDataFile(named: string | undefined): Promise<string> {
  const file = namedDataFile(named)
  if (file !== undefined) return file
  try {
    await access(NAME)
    return NAME
  } catch {
    throw new Refusal(
      `no ${NAME} in this folder: make one with "slipway init", or name another with --data-file or DATA_FILE`,
    )
  }
}

/**
 * The data file that a command is to edit, found as `chosenDataFile` does.
 * @throws Refusal also when its format is none that is edited
 */
export async function editedDataFile(named: string | undefined): Promise<string> {
  const file = await chosenDataFile(named)
  if (isEditable(file)) return file
  throw new Refusal(`${file}: only .json and .jsonc files can be edited by a command`)
}

/** The data file to make: the one that is named, `DATA_FILE`, or `data.json` in the working folder. */
export function newDataFile(named: string | undefined): string {
  return namedDataFile(named) ?? NAME
}

function namedDataFile(named: string | undefined): string | undefined {
  return named ?? readEnvironment().dataFile
}
