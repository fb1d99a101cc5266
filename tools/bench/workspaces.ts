import { fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { Type } from '@sinclair/typebox'
import { Value } from '@sinclair/typebox/value'
import { resultWithin } from './forks.js'
import { Load, type Request } from './load.js'
import { post } from './own-records.js'
import type { Result } from './result.js'
import { median, spreadOf } from './rounds.js'
import { cpuTimeOf, type Server } from './servers.js'

const RECORDS = 100_000
const WORKSPACES = 1_000

/** How many records each workspace adds, and changes. */
const WRITES = 10

/** How many requests warm a server up, and how many are a slice. */
const WARM_UP = 10_000
const SLICE = 2_000

const READS = { 'GET one': '/posts/777', 'GET a list of 15': '/posts?_page=50&_limit=15' }

const Url = Type.String()
const Memory = Type.Number()

interface Measured extends Server {
  /** In bytes. */
  readonly memory: () => Promise<number>
}

/**
 * What a workspace costs a server, through all of it: to read in one beside the same outside, to make it, and its memory before
 * and after writes to records at random.
 */
export async function measureWorkspaces(processes: number, slices: number): Promise<Result[]> {
  const ratios = new Map<string, number[]>(Object.keys(READS).map((what) => [what, []]))
  const times: number[] = []
  const made: number[] = []
  const written: number[] = []
  for (let process = 0; process < processes; process++) {
    const server = await start()
    for (const [what, path] of Object.entries(READS)) {
      ratios.get(what)?.push(...(await readsIn(server, path, slices)))
    }
    const empty = await server.memory()
    const outside = await timeOf(server, WORKSPACES, () => ({ url: `${server.url}/posts/1` }))
    const first = await timeOf(server, WORKSPACES, (index) => ({
      url: `${inWorkspace(server, index)}/posts/1`,
    }))
    times.push(first - outside)
    made.push(((await server.memory()) - empty) / WORKSPACES / 1024)
    const writes = WORKSPACES * WRITES * 2
    await timeOf(server, writes, (index) => writeAt(server, index))
    written.push(((await server.memory()) - empty) / 1024 / 1024)
    server.process.disconnect()
  }
  return [
    ...[...ratios].map(([what, all]) => ({
      what: `workspaces: ${what}, beside the same outside`,
      target: { atMost: 1.1 },
      reached: median(all),
      aside: spreadOf(all),
    })),
    resultWithin('workspaces: the making of one', 2, times, 'milliseconds'),
    resultWithin('workspaces: memory of one', 20, made, 'KiB'),
    resultWithin('workspaces: memory of 1,000, after 20 writes each', 64, written, 'MiB'),
  ]
}

async function start(): Promise<Measured> {
  const file = fileURLToPath(new URL('./workspace-server.ts', import.meta.url))
  const child = fork(file, [String(RECORDS)], { execArgv: [...process.execArgv, '--expose-gc'] })
  const end = new AbortController()
  child.once('exit', () => end.abort())
  const answer = async () => {
    const [message]: unknown[] = await once(child, 'message', { signal: end.signal })
    return message
  }
  const memory = async () => {
    child.send('memory')
    return Value.Parse(Memory, await answer())
  }
  return { url: Value.Parse(Url, await answer()), process: child, memory }
}

/** The CPU time of a read in a workspace that has written, beside one outside, slice by slice. */
async function readsIn(server: Server, path: string, slices: number): Promise<number[]> {
  const workspace = `${server.url}/~read`
  await timeOf(server, WRITES, () => creation(workspace))
  const ratios: number[] = []
  const timesOf = async (amount: number) => ({
    outside: await timeOf(server, amount, () => ({ url: server.url + path })),
    inside: await timeOf(server, amount, () => ({ url: workspace + path })),
  })
  await timesOf(WARM_UP)
  for (let slice = 0; slice < slices; slice++) {
    const { outside, inside } = await timesOf(SLICE)
    ratios.push(inside / outside)
  }
  return ratios
}

/** The CPU time of a request, in milliseconds. */
async function timeOf(
  server: Server,
  amount: number,
  requestAt: (index: number) => Request,
): Promise<number> {
  let index = 0
  const load = new Load(server.url, () => requestAt(index++))
  const before = cpuTimeOf(server)
  await load.run(amount)
  const time = cpuTimeOf(server) - before
  await load.close()
  return time / amount
}

function inWorkspace({ url }: Server, index: number): string {
  return `${url}/~w${index % WORKSPACES}`
}

/** A write in one workspace after the other: half of all add a record, the others change one. */
function writeAt(server: Server, index: number): Request {
  const workspace = inWorkspace(server, index)
  const round = Math.floor(index / WORKSPACES)
  if (round % 2 === 0) return creation(workspace)
  const id = 1 + ((index * 7_919) % RECORDS)
  return { ...sending(post(id)), method: 'PUT', url: `${workspace}/posts/${id}` }
}

function creation(workspace: string): Request {
  const { id: _, ...record } = post(7)
  return { ...sending(record), method: 'POST', url: `${workspace}/posts` }
}

function sending(record: object): Pick<Request, 'headers' | 'body'> {
  return { headers: { 'content-type': 'application/json' }, body: JSON.stringify(record) }
}
