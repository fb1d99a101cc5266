import { setTimeout as wait } from 'node:timers/promises'
import { Type } from '@sinclair/typebox'
import { Value } from '@sinclair/typebox/value'
import { ACTORS, type Actor } from './actors.js'
import { Client, Tally } from './client.js'
import { RUDE } from './rude.js'
import { type Figures, Server } from './server.js'

const Workspaces = Type.Array(Type.Object({ name: Type.String() }))

/** How many do each thing at once; of what isn't named here, one does. */
const AT_ONCE: Readonly<Record<string, number>> = {
  reads: 4,
  writes: 2,
  logins: 2,
  registrations: 2,
  files: 2,
  documents: 2,
  workspaces: 2,
  events: 3,
  aborted: 2,
  'slow readers': 3,
}

/** How often the server is asked for its figures, in milliseconds. */
const INTERVAL = 250

/** How long the server may take to be rid of connections that have ended, in milliseconds. */
const SETTLING = 20_000

/** Descriptors that a server may have more than at its start: what it has loaded, and opens once. */
const OPENED_ONCE = 8

export interface Soak {
  readonly seconds: number
  readonly statuses: ReadonlyMap<number | 'none', number>
  readonly heap: { readonly begin: number; readonly most: number; readonly end: number }
  readonly rss: { readonly begin: number; readonly most: number; readonly end: number }
  readonly delay: Figures['delay']
  /** Undefined where the system doesn't tell. */
  readonly descriptors:
    | { readonly begin: number; readonly most: number; readonly end: number }
    | undefined
  /** What must not be, in a line each. */
  readonly faults: readonly string[]
}

/** Does everything at once to a server of its own. */
export async function soak(seconds: number): Promise<Soak> {
  const server = await Server.start()
  const begin = { ...(await server.figures(true)), descriptors: await server.descriptors() }
  const most = { heap: begin.heap, rss: begin.rss, descriptors: begin.descriptors ?? 0 }
  const tally = new Tally()
  const over = AbortSignal.timeout(seconds * 1000)
  const client = new Client(server.url, tally, over)
  const watch = async () => {
    while (!over.aborted) {
      const { heap, rss } = await server.figures()
      most.heap = Math.max(most.heap, heap)
      most.rss = Math.max(most.rss, rss)
      most.descriptors = Math.max(most.descriptors, (await server.descriptors()) ?? 0)
      await client.pause(INTERVAL)
    }
  }
  await Promise.all([watch(), ...Object.entries({ ...ACTORS, ...RUDE }).flatMap(several(client))])

  const { delay } = await server.figures()
  const faults = [...new Set(tally.undocumented)].map((what) => `no document has ${what}`)
  faults.push(...(await workspacesLeft(server.url)))
  const descriptors = await settled(server, begin.descriptors)
  if (descriptors !== undefined && descriptors > limitFor(begin.descriptors))
    faults.push(`${descriptors} descriptors are open, ${begin.descriptors} were at the start`)
  const end = await server.figures(true)

  // A stop has to get past those who read nothing, and those who read for ever.
  const staying = new Client(server.url, new Tally(), AbortSignal.timeout(60_000))
  const stays = [staying.call('GET', '/__slipway/events'), RUDE['slow readers']?.(staying)]
  const { code, left } = await server.stop()
  await Promise.all(stays)
  if (code !== 0) faults.push(`it ended with ${code} in place of 0`)
  if (left.length > 0) faults.push(`it left ${left.join(', ')}`)
  if (faults.length > 0 && server.log !== '') faults.push(`it logged ${server.log}`)
  return {
    seconds,
    statuses: tally.statuses,
    heap: { begin: begin.heap, most: Math.max(most.heap, end.heap), end: end.heap },
    rss: { begin: begin.rss, most: Math.max(most.rss, end.rss), end: end.rss },
    delay,
    descriptors:
      begin.descriptors === undefined || descriptors === undefined
        ? undefined
        : { begin: begin.descriptors, most: most.descriptors, end: descriptors },
    faults,
  }
}

/** Has as many as there are to be do something, each again and again. */
function several(client: Client): (entry: [string, Actor]) => Promise<void>[] {
  return ([name, actor]) =>
    Array.from({ length: AT_ONCE[name] ?? 1 }, async () => {
      while (!client.over.aborted) await actor(client)
    })
}

/** Takes away the workspaces that the soak uses. @returns what there is to say of others, which their users took away */
async function workspacesLeft(url: string): Promise<string[]> {
  const names = async () => {
    const answer = await fetch(`${url}/__slipway/workspaces`)
    return Value.Parse(Workspaces, await answer.json()).map(({ name }) => name)
  }
  // What was under way when the time was over had no time to tidy up.
  for (const name of await names()) {
    await fetch(`${url}/__slipway/workspaces/${name}`, { method: 'DELETE' })
  }
  const left = await names()
  return left.length === 0 ? [] : [`workspaces are left after their deletion: ${left.join(', ')}`]
}

function limitFor(begin = 0): number {
  return begin + OPENED_ONCE
}

/** How many descriptors are open once connections that have ended are closed. */
async function settled(server: Server, begin: number | undefined): Promise<number | undefined> {
  const end = performance.now() + SETTLING
  let open = await server.descriptors()
  while (open !== undefined && open > limitFor(begin) && performance.now() < end) {
    await wait(INTERVAL)
    open = await server.descriptors()
  }
  return open
}
