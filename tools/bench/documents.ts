import { fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { Type } from '@sinclair/typebox'
import { Value } from '@sinclair/typebox/value'
import type { Result } from './result.js'
import { median } from './rounds.js'

const MIB = 1024 * 1024

/** Seconds of CPU, MiB in the document's process and in the server, and milliseconds. */
const LIMITS = { words: 3, fields: 5, child: 400, server: 30, hold: 50 }

const PLANS = {
  words: { text: 'lorem ipsum dolor sit amet '.repeat(MIB / 27) },
  fields: Object.fromEntries(
    Array.from({ length: 10_000 }, (_, index) => [`field ${index}`, `value ${index}`]),
  ),
}

const Sample = Type.Object({
  cpuTime: Type.Number(),
  childMemory: Type.Number(),
  serverMemory: Type.Number(),
  longestHold: Type.Number(),
})

/** What a large plan takes to become a Word file and a PDF, beside what it may. On Linux. */
export async function measureDocuments(rounds: number): Promise<Result[]> {
  const words = []
  const fields = []
  for (let round = 0; round < rounds; round++) {
    words.push(await sampleOf(PLANS.words))
    fields.push(await sampleOf(PLANS.fields))
  }
  const all = [...words, ...fields]
  return [
    resultOf(
      '1 MiB of words',
      LIMITS.words,
      words.map(({ cpuTime }) => cpuTime),
      's of CPU',
    ),
    resultOf(
      '10,000 fields',
      LIMITS.fields,
      fields.map(({ cpuTime }) => cpuTime),
      's of CPU',
    ),
    resultOf(
      '1 MiB: its process',
      LIMITS.child,
      words.map(({ childMemory }) => childMemory / MIB),
      'MiB',
    ),
    resultOf(
      'the server',
      LIMITS.server,
      all.map(({ serverMemory }) => serverMemory / MIB),
      'MiB more',
    ),
    resultOf(
      'longest hold',
      LIMITS.hold,
      all.map(({ longestHold }) => longestHold),
      'milliseconds',
    ),
  ]
}

async function sampleOf(plan: object) {
  const file = fileURLToPath(new URL('./document-server.ts', import.meta.url))
  const child = fork(file, { execArgv: [...process.execArgv, '--expose-gc'] })
  child.send(plan)
  const [message]: unknown[] = await once(child, 'message')
  return Value.Parse(Sample, message)
}

function resultOf(what: string, limit: number, values: readonly number[], unit: string): Result {
  const middle = median(values)
  return {
    what: `documents: ${what}`,
    target: { atMost: 1 },
    reached: middle / limit,
    aside: `${unit}: ${middle.toFixed(1)} of ${limit}`,
  }
}
