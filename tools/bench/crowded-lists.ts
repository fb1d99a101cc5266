import { fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { Type } from '@sinclair/typebox'
import { Value } from '@sinclair/typebox/value'
import type { Result } from './result.js'

const READERS = 20

/** In milliseconds. */
const LONGEST_HOLD = 100

/** How much more memory there may be than the list has bytes. */
const MOST_MEMORY = 2

const Server = Type.Object({ url: Type.String(), token: Type.String() })
const Held = Type.Object({ longestHold: Type.Number(), grown: Type.Number() })

/** What twenty readers at once of a long list and of a heavy one cost others. */
export async function measureCrowdedLists(): Promise<Result[]> {
  return [
    ...(await measure('users', 200_000, '200,000 users')),
    ...(await measure('plans', 600, '600 plans of 1 MB')),
  ]
}

async function measure(kind: string, records: number, what: string): Promise<Result[]> {
  const file = fileURLToPath(new URL('./crowded-list-records.ts', import.meta.url))
  const execArgv = [...process.execArgv, '--expose-gc', '--max-old-space-size=3072']
  const child = fork(file, [kind, String(records)], { execArgv })
  const [server]: unknown[] = await once(child, 'message')
  const { url, token } = Value.Parse(Server, server)
  child.send('begin')
  const sizes = await Promise.all(Array.from({ length: READERS }, () => sizeOf(url, token)))
  child.send('end')
  const [held]: unknown[] = await once(child, 'message')
  const { longestHold, grown } = Value.Parse(Held, held)
  const [size = 0] = sizes
  const mib = (bytes: number) => `${(bytes / 1024 / 1024).toFixed(0)} MiB`
  return [
    {
      what: `${what}, ${READERS} readers: longest hold`,
      target: { atMost: 1 },
      reached: longestHold / LONGEST_HOLD,
      aside: `${longestHold.toFixed(1)} milliseconds`,
    },
    {
      what: `${what}, ${READERS} readers: memory beside the list`,
      target: { atMost: MOST_MEMORY },
      reached: grown / size,
      aside: `${mib(grown)}, the list ${mib(size)}`,
    },
  ]
}

async function sizeOf(url: string, token: string): Promise<number> {
  const { body } = await fetch(url, { headers: { authorization: `Bearer ${token}` } })
  let size = 0
  for await (const chunk of body ?? []) size += chunk.length
  return size
}
