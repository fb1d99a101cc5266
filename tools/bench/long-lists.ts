import { fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import type { Result } from './result.js'
import { median } from './rounds.js'

/** In milliseconds. */
const LIMIT = 50

/** The longest that others wait while a list of everything is answered. */
export async function measureLongLists(processes: number, records: number): Promise<Result[]> {
  const holds: number[] = []
  for (let process = 0; process < processes; process++) holds.push(await longestHold(records))
  return [
    {
      what: 'a list of everything: longest hold',
      target: { atMost: 1 },
      reached: median(holds) / LIMIT,
      aside: `${records} ships; milliseconds: ${holds.map((hold) => hold.toFixed(1)).join(', ')}`,
    },
  ]
}

async function longestHold(records: number): Promise<number> {
  const file = fileURLToPath(new URL('./long-list-records.ts', import.meta.url))
  const child = fork(file, [String(records)])
  const [url]: unknown[] = await once(child, 'message')
  child.send('begin')
  const { body } = await fetch(String(url))
  let size = 0
  for await (const chunk of body ?? []) size += chunk.length
  if (size < records) throw new Error(`The list has ${size} bytes`)
  child.send('end')
  const [hold]: unknown[] = await once(child, 'message')
  return Number(hold)
}
