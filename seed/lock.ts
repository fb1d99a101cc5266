import { randomInt } from 'node:crypto'
import { setTimeout as delay } from 'node:timers/promises'
import { lock } from 'proper-lockfile'
import { codeOf } from './read.js'
import { uninterrupted } from './write.js'

/** How old the lock of a process may be that shows no life, in milliseconds: it has been killed then. */
const STALE = 10_000

/** How long to wait for others, in milliseconds. */
const PATIENCE = 60_000

/** A lock that others hold for too long. The message is one line for the user. */
export class LockHeld extends Error {
  override readonly name = 'LockHeld'
}

/**
 * Does something while no other edit of the file is under way. The lock is a folder beside the file, `data.json.lock`.
 * @param file without a symbolic link on its way
 * @param work asks before it writes whether the lock is still its own
 * @throws LockHeld when others take too long
 */
export async function withLock<R>(
  file: string,
  work: (isHeld: () => boolean) => Promise<R>,
): Promise<R> {
  let isHeld = true
  const onCompromised = () => {
    isHeld = false
  }
  const deadline = performance.now() + PATIENCE
  let release = await tryLock(file, onCompromised)
  while (!release) {
    if (performance.now() > deadline) {
      throw new LockHeld(`${file}: another edit holds ${file}.lock for too long`)
    }
    // Each waits for another time, or those that wait would meet again and again.
    await delay(randomInt(10, 50))
    release = await tryLock(file, onCompromised)
  }
  try {
    return await work(() => isHeld)
  } finally {
    // proper-lockfile forgets a lock before it takes it away, and what ends the process then would leave it.
    if (isHeld) await uninterrupted(release)
  }
}

async function tryLock(
  file: string,
  onCompromised: () => void,
): Promise<(() => Promise<void>) | undefined> {
  try {
    return await lock(file, { realpath: false, stale: STALE, onCompromised })
  } catch (error) {
    if (codeOf(error) === 'ELOCKED') return undefined
    throw error
  }
}
