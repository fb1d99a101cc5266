import { fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import type { Result } from './result.js'
import { median } from './rounds.js'

const SMALL = 1_000

/** In the first rounds the code is still being compiled. */
const WARM_UP = 3

/** How often a question is put in a round: only in some of the answers garbage was collected meanwhile. */
const TIMES = 4

/** What the language itself has for an operation is the yardstick. `change` comes last, because it moves records. */
const OPERATIONS = [
  { operation: 'get', what: 'store: get by id', yardstick: 'Map' },
  { operation: 'getBy', what: 'store: get by unique key', yardstick: 'Map' },
  { operation: 'page', what: 'store: 20 deep in a list', yardstick: 'array' },
  { operation: 'change', what: 'store: insert and delete' },
]

export interface Length {
  readonly rounds: number
  /** How many the large store has. */
  readonly records: number
}

/**
 * The memory engine with a million records beside itself with a thousand. Each has a process to itself, so that it pays
 * for its own garbage only; they take turns, so that what disturbs one disturbs both.
 */
export async function compareStores({ rounds, records }: Length): Promise<Result[]> {
  const large = await openRecords(records)
  const small = await openRecords(SMALL)

  const growthOf = async (question: string): Promise<string> => {
    const ratios: number[] = []
    for (let round = 0; round < WARM_UP + rounds; round++) {
      ratios.push((await large.time(question)) / (await small.time(question)))
    }
    return median(ratios.slice(WARM_UP)).toFixed(2)
  }

  const results: Result[] = []
  for (const { operation, what, yardstick } of OPERATIONS) {
    // Both are asked for a thousand records again and again. Where it is any of a million, time mostly goes by waiting for
    // memory, whatever the store does: that stands aside.
    const few = await growthOf(`${operation}, few`)
    const any = await growthOf(`${operation}, any`)
    const plain = yardstick && [
      await growthOf(`plain ${operation}, few`),
      await growthOf(`plain ${operation}, any`),
    ]
    results.push({
      what,
      target: { atMost: 1.3 },
      reached: Number(few),
      aside: [
        ...(plain ? [`a plain ${yardstick} ${plain[0]}`] : []),
        `any record ${any}`,
        ...(plain ? [`a plain ${yardstick} ${plain[1]}`] : []),
      ].join('; '),
    })
  }
  results.push({
    what: 'store: KiB of heap a ship',
    target: { atMost: 1 },
    reached: large.heapPerShip / 1024,
    aside: `${records} ships`,
  })
  small.close()
  large.close()
  return results
}

async function openRecords(size: number) {
  const child = fork(fileURLToPath(new URL('./records.ts', import.meta.url)), [String(size)], {
    execArgv: [...process.execArgv, '--expose-gc'],
  })
  const end = new AbortController()
  child.once('exit', () => end.abort())
  const answer = async () => {
    const [message]: unknown[] = await once(child, 'message', { signal: end.signal })
    return Number(message)
  }
  return {
    heapPerShip: await answer(),
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
