import { fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { Type } from '@sinclair/typebox'
import { Value } from '@sinclair/typebox/value'
import type { Result } from './result.js'

/** What the store takes records to weigh, which its limits go by, beside what they take of the heap. */
export async function measureWeights(): Promise<Result[]> {
  const file = fileURLToPath(new URL('./weight-records.ts', import.meta.url))
  const child = fork(file, [], { execArgv: [...process.execArgv, '--expose-gc'] })
  const [message]: unknown[] = await once(child, 'message')
  const shares = Value.Parse(Type.Record(Type.String(), Type.Number()), message)
  return Object.entries(shares).map(([name, share]) => ({
    what: `estimated weight: ${name}`,
    target: { atLeast: 0.8 },
    reached: share,
    aside: 'of what the heap grows by',
  }))
}
