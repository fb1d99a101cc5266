import { randomBytes } from 'node:crypto'
import type { Stats } from 'node:fs'
import { constants, copyFile, link, open, readdir, rename, rm } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { codeOf } from './read.js'

/** Who owns a file, and who may do what with it. */
export type Attributes = Pick<Stats, 'mode' | 'uid' | 'gid'>

/** Signals that ask a process to end. */
const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const

/**
 * Puts new content in the place of a file's, so that at every moment the old or the new one is there, whole.
 * @param file without a symbolic link on its way
 * @param attributes what the file has, and keeps
 * @param beforeRename what it throws leaves the file as it is
 */
export async function replaceFile(
  file: string,
  content: string,
  attributes: Attributes,
  beforeRename: () => Promise<void>,
): Promise<void> {
  await removeLeftovers(file)
  await withTemporary(file, content, attributes, async (temporary) => {
    await beforeRename()
    await rename(temporary, file)
  })
}

/**
 * Writes a file that is not there yet, whole or not at all.
 * @throws an error with the code EEXIST when there is one, also when it has only just come
 */
export async function createFile(file: string, content: string): Promise<void> {
  await withTemporary(file, content, undefined, async (temporary) => {
    try {
      await link(temporary, file)
    } catch (error) {
      if (codeOf(error) === 'EEXIST') throw error
      // Some file systems know no links.
      await copyFile(temporary, file, constants.COPYFILE_EXCL)
    }
  })
}

async function withTemporary(
  file: string,
  content: string,
  attributes: Attributes | undefined,
  use: (temporary: string) => Promise<void>,
): Promise<void> {
  const id = randomBytes(ID_BYTES).toString('hex')
  const temporary = join(dirname(file), `${prefixOf(file)}${id}${SUFFIX}`)
  await uninterrupted(async () => {
    try {
      await writeDurably(temporary, content, attributes)
      await use(temporary)
    } finally {
      await rm(temporary, { force: true })
    }
    await syncFolder(dirname(file))
  })
}

async function writeDurably(file: string, content: string, attributes?: Attributes): Promise<void> {
  // What a file may hold can be for its owner alone.
  const handle = await open(file, 'wx', attributes ? 0o600 : 0o666)
  try {
    if (attributes) await copyAttributes(handle, attributes)
    await handle.writeFile(content)
    await handle.sync()
  } finally {
    await handle.close()
  }
}

async function copyAttributes(
  handle: Awaited<ReturnType<typeof open>>,
  { mode, uid, gid }: Attributes,
): Promise<void> {
  const own = await handle.stat()
  if (own.uid !== uid || own.gid !== gid) {
    try {
      await handle.chown(uid, gid)
    } catch (error) {
      // Only root can give a file away; who may write to it is decided already.
      if (codeOf(error) !== 'EPERM') throw error
    }
  }
  await handle.chmod(mode & 0o7777)
}

/** Without it a rename could be lost with the power. */
async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r').catch(() => undefined)
  try {
    await handle?.sync()
  } catch {
    // Not every system can do that to a folder. The file is there all the same.
  } finally {
    await handle?.close()
  }
}

const SUFFIX = '.slipway'
const ID_BYTES = 6

function prefixOf(file: string): string {
  return `.${basename(file)}.`
}

/** Removes the temporary files of processes that were killed. The file's lock has to be held. */
async function removeLeftovers(file: string): Promise<void> {
  const prefix = prefixOf(file)
  const names = await readdir(dirname(file))
  const leftovers = names.filter(
    (name) =>
      name.startsWith(prefix) &&
      name.endsWith(SUFFIX) &&
      name.length === prefix.length + ID_BYTES * 2 + SUFFIX.length,
  )
  for (const name of leftovers) await rm(join(dirname(file), name), { force: true })
}

/** Lets a signal wait until the work is done, so that neither a temporary file nor a lock stays. */
export async function uninterrupted(work: () => Promise<void>): Promise<void> {
  let received: NodeJS.Signals | undefined
  const keep = (signal: NodeJS.Signals) => {
    received = signal
  }
  // A limit on the size of files comes as a signal too, which proper-lockfile would end the process for.
  const ignore = () => {}
  for (const signal of SIGNALS) process.on(signal, keep)
  process.on('SIGXFSZ', ignore)
  try {
    await work()
  } finally {
    for (const signal of SIGNALS) process.off(signal, keep)
    process.off('SIGXFSZ', ignore)
    if (received) process.kill(process.pid, received)
  }
}
