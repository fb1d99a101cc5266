import { fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { median } from './rounds.js'

const SMALL = 1_000

/** In the first rounds the code is still being compiled. */
const WARM_UP = 3

/** How often a question is put in a round: only in some of the answers garbage was collected meanwhile. */
const TIMES = 4

export interface Length {
  readonly rounds: number
  /** How many the large store has. */
  readonly records: number
}

/** How an operation's time grows from a small store to a large one. */
export interface Growth {
  /** @returns the large store's time as a multiple of the small one's */
  of(question: string): Promise<number>
  /** In the large store, in bytes. */
  readonly heapPerRecord: number
  close(): void
}

/**
 * Fills a large store and a small one. Each has a process to itself, so that it pays for its own garbage only; they take
 * turns, so that what disturbs one disturbs both.
 * @param child the file of the process
 */
export async function openGrowth(child: string, { rounds, records }: Length): Promise<Growth> {
  const large = await openStore(child, records)
  const small = await openStore(child, SMALL)
  return {
    of: async (question) => {
      const ratios: number[] = []
      for (let round = 0; round < WARM_UP + rounds; round++) {
        ratios.push((await large.time(question)) / (await small.time(question)))
      }
      return median(ratios.slice(WARM_UP))
    },
    heapPerRecord: large.heapPerRecord,
    close: () => {
      small.close()
      large.close()
    },
  }
}

async function openStore(file: string, size: number) {
  const child = fork(fileURLToPath(new URL(file, import.meta.url)), [String(size)], {
    execArgv: [...process.execArgv, '--expose-gc'],
  })
  const end = new AbortController()
  child.once('exit', () => end.abort())
  const answer = async () => {
    const [message]: unknown[] = await once(child, 'message', { signal: end.signal })
    return Number(message)
  }
  return {
    heapPerRecord: await answer(),
    close: () => child.disconnect(),
    time: async (question: string) => {
      let total = 0
      for (let time = 0; time < TIMES; time++) {
        child.send(question)
        total += await answer()
      }
      return total / TIMES
    },
  }
}
