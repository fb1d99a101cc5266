import { Type } from '@sinclair/typebox'
import { Value } from '@sinclair/typebox/value'
import autocannon from 'autocannon'
import type { Result } from './result.js'
import { CONTENDERS, type Contender, measureInTurn, median, type Round } from './rounds.js'
import { cpuTimeOf, type Server, startServer, stopServer } from './servers.js'
import { newShip } from './ships.js'

const CONNECTIONS = 10

/** How many requests it takes until most of the code is compiled. */
const WARM_UP = 20_000

const ROUNDS = 4
const REQUESTS = 8_000

/** Below this share of a core, something other than the server was the bottleneck. */
const BUSY = 0.9

interface Row {
  readonly what: string
  readonly atLeast: number
  readonly path: string
  /** Where Slipway has the same behind a guard. */
  readonly guardedPath?: string
  readonly body?: string
}

const READS: readonly Row[] = [
  { what: 'GET one ship', atLeast: 0.9, path: '/api/ships/1' },
  { what: 'GET 15 ships', atLeast: 1.2, path: '/api/ships' },
  {
    what: 'GET one ship, with a token',
    atLeast: 0.8,
    path: '/api/ships/1',
    guardedPath: '/api/guarded/1',
  },
]

/** They come last, because the ships that they add are in the list. */
const WRITES: readonly Row[] = [
  {
    what: 'POST a ship, with a token',
    atLeast: 0.75,
    path: '/api/ships',
    guardedPath: '/api/ships',
    body: JSON.stringify(newShip),
  },
]

interface Request {
  readonly url: string
  readonly headers: Readonly<Record<string, string>>
  readonly method?: 'POST'
  readonly body?: string
}

interface Sample {
  readonly perSecond: number
  /** CPU time for a request, in microseconds. */
  readonly cpuTime: number
  /** CPU time by clock time: 1 for one core at full load. */
  readonly busy: number
}

/**
 * Slipway's answers beside those of bare Fastify, which the targets are about, and of `node:http`.
 * @param processes how many of each server are measured, one after the other: the best of each counts, because Node 20
 * compiles `process.nextTick` in one of two ways, at random in each process, and one takes 2 µs more for a request
 * @throws when a server answers anything but 2xx, or not what the others do
 */
export async function compareRequests(processes: number): Promise<Result[]> {
  const samples = new Map<Row, Round<Sample>[]>()
  for (let process = 0; process < processes; process++) {
    const servers = {
      slipway: await startServer('slipway'),
      fastify: await startServer('fastify'),
      node: await startServer('node'),
    }
    // One token all along, as a client sends it: from the second time on its signature is known.
    const token = await logIn(servers.slipway)
    for (const rows of [READS, WRITES]) {
      for (const row of rows) await warmUp(requestsOf(row, servers, token), servers)
      for (const row of rows) {
        const sample = await measure(requestsOf(row, servers, token), servers)
        samples.set(row, [...(samples.get(row) ?? []), sample])
      }
    }
    for (const name of CONTENDERS) await stopServer(servers[name])
  }
  return [...samples].map(([row, each]) => resultOf(row, each))
}

async function warmUp(requests: Round<Request>, servers: Round<Server>): Promise<void> {
  await checkAnswers(requests)
  for (const name of CONTENDERS) await load(servers[name], requests[name], WARM_UP)
}

async function measure(requests: Round<Request>, servers: Round<Server>): Promise<Round<Sample>> {
  const rounds = await measureInTurn(ROUNDS, (name) =>
    load(servers[name], requests[name], REQUESTS),
  )
  const middleOf = (name: Contender) => ({
    perSecond: median(rounds.map((round) => round[name].perSecond)),
    cpuTime: median(rounds.map((round) => round[name].cpuTime)),
    busy: median(rounds.map((round) => round[name].busy)),
  })
  return { slipway: middleOf('slipway'), fastify: middleOf('fastify'), node: middleOf('node') }
}

function requestsOf(row: Row, servers: Round<Server>, token: string): Round<Request> {
  return {
    slipway: row.guardedPath
      ? requestOf(row, servers.slipway.url + row.guardedPath, token)
      : requestOf(row, servers.slipway.url + row.path),
    fastify: requestOf(row, servers.fastify.url + row.path),
    node: requestOf(row, servers.node.url + row.path),
  }
}

function requestOf({ body }: Row, url: string, token?: string): Request {
  const authorization = token ? { authorization: `Bearer ${token}` } : {}
  return body
    ? {
        url,
        method: 'POST',
        headers: { ...authorization, 'content-type': 'application/json' },
        body,
      }
    : { url, headers: authorization }
}

/** Makes sure that the servers do the same work, and that a guard guards. */
async function checkAnswers(requests: Round<Request>): Promise<void> {
  const texts = new Set<string>()
  for (const { url, ...request } of Object.values(requests)) {
    const answer = await fetch(url, request)
    if (!answer.ok) throw new Error(`${url} answered ${answer.status}`)
    texts.add(await answer.text())
  }
  if (texts.size > 1) throw new Error(`The answers differ: ${[...texts].join('\n')}`)
  const { url, headers, ...request } = requests.slipway
  if (!headers.authorization) return
  const { authorization: _, ...others } = headers
  const { status } = await fetch(url, { ...request, headers: others })
  if (status !== 401) throw new Error(`${url} answered ${status} without a token`)
}

async function load(server: Server, request: Request, amount: number): Promise<Sample> {
  const cpuBefore = cpuTimeOf(server)
  const result = await autocannon({
    ...request,
    amount,
    connections: CONNECTIONS,
    // autocannon notices the end at its next sample only.
    sampleInt: 2,
  })
  const cpuTime = cpuTimeOf(server) - cpuBefore
  const { errors, non2xx, '2xx': answers, start, finish } = result
  if (errors + non2xx > 0) {
    throw new Error(`${request.url}: ${non2xx} wrong answers, ${errors} errors`)
  }
  const time = finish.getTime() - start.getTime()
  return {
    perSecond: (answers / time) * 1e3,
    cpuTime: (cpuTime / answers) * 1e3,
    busy: cpuTime / time,
  }
}

/**
 * The target is held against CPU time: where a server has a core to itself it gives the same ratio as throughput, which
 * stands aside, and on a shared machine it still does from run to run.
 */
function resultOf({ what, atLeast }: Row, samples: readonly Round<Sample>[]): Result {
  const perSecond = (name: Contender) => Math.max(...samples.map((each) => each[name].perSecond))
  const cpuTime = (name: Contender) => Math.min(...samples.map((each) => each[name].cpuTime))
  const busy = median(samples.map(({ slipway, fastify }) => Math.min(slipway.busy, fastify.busy)))
  const byCpuTime = cpuTime('fastify') / cpuTime('slipway')
  const byThroughput = perSecond('slipway') / perSecond('fastify')
  return {
    what,
    target: { atLeast },
    reached: process.platform === 'linux' ? byCpuTime : byThroughput,
    aside: [
      `by throughput ${byThroughput.toFixed(2)}`,
      `µs: ${CONTENDERS.map((name) => cpuTime(name).toFixed(1)).join(', ')}`,
      `a second: ${CONTENDERS.map((name) => Math.round(perSecond(name))).join(', ')}`,
      ...(busy < BUSY ? [`disturbed: a server had ${Math.round(busy * 100)} % of a core`] : []),
    ].join('; '),
  }
}

async function logIn({ url }: Server): Promise<string> {
  const answer = await fetch(`${url}/auth/login`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ username: 'user', password: 'password' }),
  })
  return Value.Parse(Type.Object({ access_token: Type.String() }), await answer.json()).access_token
}
