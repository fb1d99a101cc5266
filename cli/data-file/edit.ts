import { constants } from 'node:fs'
import { access, realpath, stat } from 'node:fs/promises'
import { isDeepStrictEqual } from 'node:util'
import type { Source } from '../../seed/errors.js'
import { LockHeld, withLock } from '../../seed/lock.js'
import { decodeText, readBytes, reasonOf } from '../../seed/read.js'
import { replaceFile } from '../../seed/write.js'
import type { Operation } from '../operation.js'
import { Refusal } from '../say.js'
import { type Change, changed, differenceFrom } from './change.js'
import { changeText } from './document.js'
import { type Loaded, loadText } from './load.js'

const BYTE_ORDER_MARK = '\uFEFF'

/**
 * Changes a data file: only what an operation does, and only if the server takes the file before and after.
 * @param operation runs while no other edit is under way; what it throws leaves the file as it is
 * @returns what was done
 * @throws SeedError, or Refusal when the file can't be written
 */
export async function editFile(file: string, operation: Operation): Promise<string> {
  return replaceText(file, async (text) => {
    const source = { name: file, text }
    return editText(source, await loadText(source), operation)
  })
}

/**
 * The text of a data file after an operation.
 * @param loaded what the text means; the operation changes it
 * @throws SeedError when the server would not take it
 */
export async function editText(
  { name, text }: Required<Source>,
  loaded: Loaded,
  operation: Operation,
): Promise<{ text: string; done: string }> {
  const { done, added } = await operation(loaded.store, loaded.data)
  const change = await differenceFrom(loaded, added)
  const after = changedText(name, text, change)
  const { data: meaning } = await loadText({ name, text: after })
  if (!isDeepStrictEqual(meaning, changed(loaded.data, change))) {
    throw new Error(`${name}: the edit would have changed something else too`)
  }
  return { text: after, done }
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
 * Changes the text of a data file.
 * @param change what it throws leaves the file as it is
 * @returns what was done
 * @throws SeedError, or Refusal when the file can't be written
 */
export async function replaceText(
  file: string,
  change: (text: string) => Promise<{ text: string; done: string }>,
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
      const { text, done } = await change(old)
      if (text === old) return done
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
    if (error instanceof LockHeld) throw new Refusal(error.message)
    if (!(error instanceof Error) || !('syscall' in error)) throw error
    throw new Refusal(`${file}: can't be written (${reasonOf(error)})`)
  }
}
