import { fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { Type } from '@sinclair/typebox'
import { Value } from '@sinclair/typebox/value'
import type { Result } from './result.js'
import { median } from './rounds.js'

const RECORDS = 100_000

/** In milliseconds, and in KiB. */
const LIMITS = { time: 2, kept: 100 }

const Sample = Type.Object({ time: Type.Number(), kept: Type.Number() })

/** What a fork of a store costs, beside what it may: its making, and its memory after ten writes to records at random. */
export async function measureForks(processes: number): Promise<Result[]> {
  const times: number[] = []
  const kept: number[] = []
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
    kept.push(sample.kept / 1024)
  }
  return [
    resultOf('fork of 100,000 records', LIMITS.time, times, 'milliseconds'),
    resultOf('fork: memory after 10 writes', LIMITS.kept, kept, 'KiB'),
  ]
}

function resultOf(what: string, limit: number, values: readonly number[], unit: string): Result {
  const middle = median(values)
  return {
    what,
    target: { atMost: 1 },
    reached: middle / limit,
    aside: `${unit}: ${middle.toFixed(2)} of ${limit}`,
  }
}
