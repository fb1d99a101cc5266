import { totalmem } from 'node:os'

const MIB = 1024 * 1024

/** The share of all memory that documents may take together: the rest is the server's. */
const SHARE = 1 / 2

/** Each takes one core: a second one goes on where a large plan takes its time. */
const MOST_AT_ONCE = 2

/** What all but large documents make do with, in MiB. */
const ENOUGH = 256

/** Twice what the largest takes, in MiB. */
const MOST = 1024

/** What documents may take of a machine. */
export interface Capacity {
  /** Documents at once. */
  readonly atOnce: number
  /** How much memory one may take, in MiB. */
  readonly memoryLimit: number
}

/**
 * How many documents a machine renders at once, and what memory it has for each: together no more than half of all.
 * @param memory the machine's, or the container's where that is less, in bytes
 */
export function capacityOf(memory = ownMemory()): Capacity {
  const share = Math.floor((memory * SHARE) / MIB)
  const atOnce = Math.min(MOST_AT_ONCE, Math.max(1, Math.floor(share / ENOUGH)))
  return { atOnce, memoryLimit: Math.min(MOST, Math.floor(share / atOnce)) }
}

function ownMemory(): number {
  // 0 where nothing is known of a limit.
  return Math.min(totalmem(), process.constrainedMemory() || Number.POSITIVE_INFINITY)
}
