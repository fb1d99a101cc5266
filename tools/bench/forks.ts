import { fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { Type } from '@sinclair/typebox'
import { Value } from '@sinclair/typebox/value'
import type { Result } from './result.js'
import { median } from './rounds.js'

const RECORDS = 100_000

const Sample = Type.Object({
  time: Type.Number(),
  bare: Type.Number(),
  written: Type.Number(),
})

/** What a fork of a store costs, beside what it may: its making, and its memory before and after writes to records at random. */
export async function measureForks(processes: number): Promise<Result[]> {
  const times: number[] = []
  const bare: number[] = []
  const written: number[] = []
  for (let process = 0; process < processes; process++) {
    const child = fork(
      fileURLToPath(new URL('./fork-records.ts', import.meta.url)),
      [String(RECORDS)],
      {
        execArgv: [...globalThis.process.execArgv, '--expose-gc'],
      },
    )
    const [message]: unknown[] = await once(child, 'message')
    const sample = Value.Parse(Sample, message)
    times.push(sample.time)
    bare.push(sample.bare / 1024)
    written.push(sample.written / 1024 / 1024)
  }
  return [
    resultWithin('fork of 100,000 records', 2, times, 'milliseconds'),
    resultWithin('fork: memory', 20, bare, 'KiB'),
    resultWithin('fork: memory of 1,000, after 20 writes each', 64, written, 'MiB'),
  ]
}

/** Some values beside what they may be. */
export function resultWithin(
  what: string,
  limit: number,
  values: readonly number[],
  unit: string,
): Result {
  const middle = median(values)
  return {
    what,
    target: { atMost: 1 },
    reached: middle / limit,
    aside: `${unit}: ${middle.toFixed(2)} of ${limit}`,
  }
}
