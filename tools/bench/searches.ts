import { fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { type Static, Type } from '@sinclair/typebox'
import { Value } from '@sinclair/typebox/value'
import type { Length } from './growth.js'
import type { Result } from './result.js'
import { median } from './rounds.js'

/** In milliseconds. */
const LIMITS = { time: 50, longestHold: 20 }

/** How much is found: no name, one, one in a hundred. */
const SEARCHES = ['none', 'few', 'many']

const Ready = Type.Literal('ready')
const Sample = Type.Object({ time: Type.Number(), longestHold: Type.Number() })
type Samples = Static<typeof Sample>[]

/**
 * Searches for a part of a package's name, and how long other requests wait for a search's next pause.
 * @param processes how many stores are searched, one after the other: each has one first search only
 */
export async function measureSearches(processes: number, length: Length): Promise<Result[]> {
  const samples = new Map<string, Samples>()
  for (let process = 0; process < processes; process++) {
    for (const [what, more] of await searchAll(length)) {
      samples.set(what, [...(samples.get(what) ?? []), ...more])
    }
  }
  return [...samples].flatMap(([what, each]) => [
    resultOf(`search that finds ${what}`, 'time', each),
    resultOf(`search that finds ${what}: longest hold`, 'longestHold', each),
  ])
}

/** By what they find. */
async function searchAll({ rounds, records }: Length): Promise<Map<string, Samples>> {
  const child = fork(fileURLToPath(new URL('./package-names.ts', import.meta.url)), [
    String(records),
  ])
  const end = new AbortController()
  child.once('exit', () => end.abort())
  const answer = async () => {
    const [message]: unknown[] = await once(child, 'message', { signal: end.signal })
    return message
  }
  const search = async (what: string) => {
    child.send(what)
    return Value.Parse(Sample, await answer())
  }

  Value.Parse(Ready, await answer())
  // What a store prepares for its searches, it may leave to the first.
  const samples = new Map([['few, the first of all', [await search('few')]]])
  for (const what of SEARCHES) {
    const each: Samples = []
    for (let round = 0; round < rounds; round++) each.push(await search(what))
    samples.set(what, each)
  }
  child.disconnect()
  return samples
}

function resultOf(what: string, figure: keyof typeof LIMITS, samples: Samples): Result {
  const values = samples.map((sample) => sample[figure])
  return {
    what,
    target: { atMost: 1 },
    reached: median(values) / LIMITS[figure],
    aside: `milliseconds: ${median(values).toFixed(1)}; at most ${Math.max(...values).toFixed(1)}`,
  }
}
