import { constants } from 'node:fs'
import { access, realpath, stat } from 'node:fs/promises'
import { isDeepStrictEqual } from 'node:util'
import type { SeedFile } from '../../seed/parts.js'
import { decodeText, readBytes, reasonOf } from '../../seed/read.js'
import { Refusal } from '../say.js'
import { type Change, changed } from './change.js'
import { changeText } from './document.js'
import { type Loaded, loadText } from './load.js'
import { withLock } from './lock.js'
import { replaceFile } from './write.js'

const BYTE_ORDER_MARK = '\uFEFF'

/** What an edit does, and what is said of it. */
export interface Decision {
  readonly change: Change
  /** One line. */
  readonly done: string
}

/**
 * Changes a data file: only what the change names, and only if the server takes the file before and after.
 * @param decide from what the file holds while no other edit is under way; what it throws leaves the file as it is
 * @returns what was done
 * @throws SeedError, or Refusal when the file can't be written
 */
export async function editFile(
  file: string,
  decide: (data: SeedFile) => Decision,
): Promise<string> {
  return replaceText(file, async (text, { data }) => {
    const { change, done } = decide(data)
    return { text: await editedText(file, text, data, change), done }
  })
}

/**
 * The text of a data file after a change.
 * @param data what the text means
 * @throws SeedError when the server would not take it
 */
export async function editedText(
  file: string,
  text: string,
  data: SeedFile,
  change: Change,
): Promise<string> {
  const after = changedText(file, text, change)
  const { data: meaning } = await loadText({ name: file, text: after })
  if (!isDeepStrictEqual(meaning, changed(data, change))) {
    throw new Error(`${file}: the edit would have changed something else too`)
  }
  return after
}

function changedText(file: string, text: string, change: Change): string {
  try {
    return changeText(text, change)
  } catch (error) {
    // The parser follows nested values by calling itself, also those that a name which is there twice hides.
    if (error instanceof RangeError) throw new Refusal(`${file}: nested too deeply to be edited`)
    throw error
  }
}

/**
 * Changes the text of a data file that the server takes.
 * @param change what it throws leaves the file as it is
 * @returns what was done
 * @throws SeedError, or Refusal when the file can't be written
 */
export async function replaceText(
  file: string,
  change: (text: string, loaded: Loaded) => Promise<{ text: string; done: string }>,
): Promise<string> {
  await refuseDevice(file)
  // Read first, so that a file that can't be read is told in the same words everywhere.
  await readBytes(file)
  return refusing(file, async () => {
    const target = await realpath(file)
    // A rename would get around a file's write protection.
    await access(target, constants.W_OK)
    return withLock(target, async (isHeld) => {
      const before = await stat(target, { bigint: true })
      const bytes = await readBytes(target)
      const old = decodeText(file, bytes)
      const { text, done } = await change(old, await loadText({ name: file, text: old }))
      const mark = bytes.subarray(0, 3).toString() === BYTE_ORDER_MARK ? BYTE_ORDER_MARK : ''
      await replaceFile(target, mark + text, await stat(target), async () => {
        const now = await stat(target, { bigint: true })
        const isSame = now.ino === before.ino && now.mtimeNs === before.mtimeNs
        if (!isSame || !isHeld()) {
          throw new Refusal(`${file}: somebody else has just changed it: try again`)
        }
      })
      return done
    })
  })
}

/** A pipe or a device would be replaced, not written to. */
async function refuseDevice(file: string): Promise<void> {
  const stats = await stat(file).catch(() => undefined)
  if (stats && !stats.isFile() && !stats.isDirectory()) {
    throw new Refusal(`${file}: not a regular file`)
  }
}

/** Tells what the file system refuses in one line. */
export async function refusing<R>(file: string, work: () => Promise<R>): Promise<R> {
  try {
    return await work()
  } catch (error) {
    if (!(error instanceof Error) || !('syscall' in error)) throw error
    throw new Refusal(`${file}: can't be written (${reasonOf(error)})`)
  }
}
