// What the child processes have in common that fill a store and tell how long its operations take.
import { performance } from 'node:perf_hooks'

/** How many operations a question is answered from: a larger list of their inputs would be large to the collector too. */
const OPERATIONS = 10_000

/** As many records as the small store has. */
const FEW = 1_000

/** Does an operation at each of some positions in the store; gives the nanoseconds that one took. */
export type Timed = (positions: readonly number[]) => Promise<number>

/** How many records the store is to have. */
export const size = Number(process.argv[2])

let seed = 1

/**
 * Makes what times an operation.
 * @param inputAt what the operation is given for a position in the store
 */
export function timed<T>(
  inputAt: (position: number) => T,
  operate: (input: T) => Promise<object | undefined>,
): Timed {
  return async (positions) => {
    const inputs = positions.map(inputAt)
    const start = performance.now()
    for (const input of inputs) {
      if (!(await operate(input))) throw new Error(`Nothing was found for ${input}`)
    }
    return ((performance.now() - start) / inputs.length) * 1e6
  }
}

/**
 * Answers the parent's questions, such as `get, few`: by a thousand records spread over the store; `get, any`: by any.
 * @param heapPerRecord in bytes; told first
 */
export function answerQuestions(
  operations: Readonly<Record<string, Timed>>,
  heapPerRecord: number,
): void {
  process.on('message', async (question) => {
    const [operation = '', reach] = String(question).split(', ')
    const positions = Array.from({ length: OPERATIONS }, () =>
      reach === 'any' ? random(size) : (random(FEW) * size) / FEW,
    )
    process.send?.(await operations[operation]?.(positions))
  })
  process.send?.(heapPerRecord)
}

export function usedHeap(): number {
  globalThis.gc?.()
  return process.memoryUsage().heapUsed
}

/** A whole number from 0 to below `limit`; the same ones in every run (mulberry32). */
export function random(limit: number): number {
  seed = (seed + 0x6d2b79f5) | 0
  let mixed = Math.imul(seed ^ (seed >>> 15), 1 | seed)
  mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
  return ((mixed ^ (mixed >>> 14)) >>> 0) % limit
}
