import { fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { type Static, Type } from '@sinclair/typebox'
import { Value } from '@sinclair/typebox/value'
import { Load } from './load.js'
import type { Result } from './result.js'
import { median } from './rounds.js'
import { cpuTimeOf, type Server } from './servers.js'

const FEW = 1_000

/** In milliseconds, and in bytes. */
const LIMITS = { hold: 50, record: 1024 }

/** How many requests for one of a field's values are a slice, and how many slices there are after the warm-up. */
const AMOUNT = 2_000
const SLICES = 5
const WARM_UP = 3

/** What goes through all records. */
const SEARCHES: Readonly<Record<string, string>> = {
  q: '/posts?q=record%20777&_limit=10',
  _like: '/posts?title_like=7.*7.7$&_limit=10',
  'a sort by a number': '/posts?_sort=views&_limit=10',
  'a sort by a text': '/posts?_sort=body&_order=desc&_limit=10',
  'a far page of a sort': '/posts?_sort=body,views&_page=90000&_limit=10',
}

const Ready = Type.Object({ url: Type.String(), heapPerRecord: Type.Number() })
const Hold = Type.Number()

type Ready = Static<typeof Ready>
interface Many extends Server, Omit<Ready, 'url'> {
  readonly answer: () => Promise<unknown>
}

/** Slipway with a million records of one's own: beside a thousand, how long it holds the event loop, and its memory. */
export async function measureOwnMillion(processes: number, records: number): Promise<Result[]> {
  const ratios: number[] = []
  const heaps: number[] = []
  const holds = new Map<string, number[]>(Object.keys(SEARCHES).map((name) => [name, []]))
  for (let process = 0; process < processes; process++) {
    const many = await start(records)
    const few = await start(FEW)
    heaps.push(many.heapPerRecord)
    for (let slice = 0; slice < WARM_UP + SLICES; slice++) {
      const ratio = (await timeOfOne(many, records)) / (await timeOfOne(few, FEW))
      if (slice >= WARM_UP) ratios.push(ratio)
    }
    // Each twice: the first of all has more to prepare.
    for (const [name, all] of [...holds, ...holds]) all.push(await holdOf(many, SEARCHES[name]))
    for (const { process: child } of [many, few]) child.disconnect()
  }
  const heap = median(heaps)
  return [
    {
      what: 'own: a value of a field, many records beside 1,000',
      target: { atMost: 2 },
      reached: median(ratios),
      aside: `${records} records; from ${Math.min(...ratios).toFixed(2)} to ${Math.max(...ratios).toFixed(2)}`,
    },
    ...[...holds].map(([name, all]) => ({
      what: `own: ${name}: longest hold`,
      target: { atMost: 1 },
      reached: Math.max(...all) / LIMITS.hold,
      aside: `milliseconds: ${all.map((hold) => hold.toFixed(1)).join(', ')}`,
    })),
    {
      what: 'own: memory of a record',
      target: { atMost: 1 },
      reached: heap / LIMITS.record,
      aside: `bytes: ${heap.toFixed(0)}`,
    },
  ]
}

async function start(records: number): Promise<Many> {
  const file = fileURLToPath(new URL('./own-million-server.ts', import.meta.url))
  const child = fork(file, [String(records)], {
    execArgv: [...process.execArgv, '--expose-gc'],
  })
  const end = new AbortController()
  child.once('exit', () => end.abort())
  const answer = async () => {
    const [message]: unknown[] = await once(child, 'message', { signal: end.signal })
    return message
  }
  return { ...Value.Parse(Ready, await answer()), process: child, answer }
}

/** The CPU time of a request for the one record that has a title. */
async function timeOfOne(server: Many, records: number): Promise<number> {
  let index = 0
  const load = new Load(server.url, () => ({
    url: `${server.url}/posts?title=Title%20number%20${((index++ * 7919) % records) + 1}`,
  }))
  const before = cpuTimeOf(server)
  await load.run(AMOUNT)
  const time = cpuTimeOf(server) - before
  await load.close()
  return time / AMOUNT
}

/** In milliseconds. */
async function holdOf({ process: child, url, answer }: Many, path = ''): Promise<number> {
  child.send('begin')
  const { ok } = await fetch(url + path)
  if (!ok) throw new Error(`${path} is not answered`)
  child.send('end')
  return Value.Parse(Hold, await answer())
}
