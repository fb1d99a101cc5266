import { Type } from '@sinclair/typebox'
import { Value } from '@sinclair/typebox/value'
import { CONNECTIONS, Load, type Request, requestTo } from './load.js'
import { profileOf } from './profile.js'
import type { Result } from './result.js'
import { median, spreadOf } from './rounds.js'
import { cpuTimeOf, pinLoad, type Server, startServer, stopServer } from './servers.js'
import { newShip } from './ships.js'

/** How many requests it takes until most of the code is compiled. */
const WARM_UP = 10_000

/** A slice is short, so that what disturbs one server disturbs the next one as much. */
const SLICE = 2_000

/** Below this share of a core, something other than the server was the bottleneck. */
const BUSY = 0.9

/** What is measured, by what serves it. `open` is Slipway too, without the guard and the token. */
const SUBJECTS = {
  slipway: { server: 'slipway', isGuarded: true },
  open: { server: 'slipway', isGuarded: false },
  usual: { server: 'usual', isGuarded: true },
  fastify: { server: 'fastify', isGuarded: false },
  node: { server: 'node', isGuarded: false },
} as const
const SUBJECT_NAMES = ['slipway', 'open', 'usual', 'fastify', 'node'] as const
type Subject = (typeof SUBJECT_NAMES)[number]
type ServerName = (typeof SUBJECTS)[Subject]['server']

const PEERS = { fastify: 'bare Fastify', open: 'the same without', usual: 'the usual plugins' }
const PEER_NAMES = ['fastify', 'open', 'usual'] as const
type Peer = (typeof PEER_NAMES)[number]

interface Row {
  readonly what: string
  readonly path: string
  /** Where it is behind a guard, in servers that have one. */
  readonly guardedPath?: string
  /** Where Slipway has the same without. */
  readonly openPath?: string
  readonly body?: string
  /** What the ratio is to be at least, beside whom. */
  readonly atLeast: Readonly<Partial<Record<Peer, number>>>
}

const ROWS: readonly Row[] = [
  { what: 'GET one ship', path: '/api/ships/1', atLeast: { fastify: 0.88, usual: 1.3 } },
  { what: 'GET 15 ships', path: '/api/ships', atLeast: { fastify: 1.1, usual: 1.3 } },
  {
    what: 'GET one ship, with a token',
    path: '/api/ships/1',
    guardedPath: '/api/guarded/1',
    openPath: '/api/open/1',
    atLeast: { open: 0.78, usual: 1.3 },
  },
  // Last, because the ships that it adds are in the list.
  {
    what: 'POST a ship, with a token',
    path: '/api/ships',
    guardedPath: '/api/ships',
    body: JSON.stringify(newShip),
    atLeast: { fastify: 0.78, usual: 1.3 },
  },
]

interface Sample {
  /** CPU time for a request, in microseconds. */
  readonly cpuTime: number
  /** CPU time by clock time: 1 for one core at full load. */
  readonly busy: number
}

/** The samples of one slice, by what was measured. */
type Slice = ReadonlyMap<Subject, Sample>

/**
 * Slipway's answers beside those of its peers. Each server has one core, the same for all, and the load has the others.
 * @param processes how many of each server are measured: Node compiles some of its own code in one of two ways, at random
 * in each process
 * @param slices how often each server of them is measured, in turn
 * @throws when servers don't answer alike, or a guard guards nothing
 */
export async function compareRequests(processes: number, slices: number): Promise<Result[]> {
  const measured = new Map<Row, Slice[]>(ROWS.map((row) => [row, []]))
  const unpin = pinLoad()
  for (let process = 0; process < processes; process++) {
    const servers = {
      slipway: await startServer('slipway', { isPinned: true }),
      usual: await startServer('usual', { isPinned: true }),
      fastify: await startServer('fastify', { isPinned: true }),
      node: await startServer('node', { isPinned: true }),
    }
    const tokens = { slipway: await logIn(servers.slipway), usual: await logIn(servers.usual) }
    for (const [row, all] of measured) all.push(...(await measure(row, servers, tokens, slices)))
    await Promise.all(Object.values(servers).map(stopServer))
  }
  unpin()
  return [...measured].flatMap(([row, all]) => resultsOf(row, all))
}

/** Asks every server of a process, in turn. */
async function measure(
  row: Row,
  servers: Readonly<Record<ServerName, Server>>,
  tokens: Tokens,
  slices: number,
): Promise<Slice[]> {
  const subjects = SUBJECT_NAMES.filter(
    (name) => name === 'slipway' || name === 'node' || name in row.atLeast,
  )
  const serverOf = (name: Subject) => servers[SUBJECTS[name].server]
  const requests = new Map(
    subjects.map((name) => [name, requestOf(row, name, serverOf(name).url, tokens)]),
  )
  await checkAnswers([...requests.values()])
  for (const [name, request] of requests) await sampleOf(serverOf(name), request, WARM_UP)
  const measured: Slice[] = []
  for (let slice = 0; slice < slices; slice++) {
    const samples = new Map<Subject, Sample>()
    for (const [name, request] of requests) {
      samples.set(name, await sampleOf(serverOf(name), request, SLICE))
    }
    measured.push(samples)
  }
  return measured
}

async function sampleOf(server: Server, request: Request, amount: number): Promise<Sample> {
  const load = new Load(request.url, request)
  // To connect is no part of it.
  await load.run(CONNECTIONS)
  const start = performance.now()
  const before = cpuTimeOf(server)
  await load.run(amount)
  const cpuTime = cpuTimeOf(server) - before
  const time = performance.now() - start
  await load.close()
  return { cpuTime: (cpuTime / amount) * 1e3, busy: cpuTime / time }
}

/** One token all along, as a client sends it: from the second time on its signature is known. */
type Tokens = Readonly<Partial<Record<ServerName, string>>>

function requestOf(row: Row, subject: Subject, url: string, tokens: Tokens): Request {
  const { path, guardedPath, openPath = path, body } = row
  const { server, isGuarded } = SUBJECTS[subject]
  const token = isGuarded && guardedPath ? tokens[server] : undefined
  const own = token ? guardedPath : subject === 'open' ? openPath : path
  return requestTo(`${url}${own}`, token, body)
}

/** Makes sure that the servers do the same work, and that guards guard. */
async function checkAnswers(requests: readonly Request[]): Promise<void> {
  const texts = new Set<string>()
  for (const { url, ...request } of requests) {
    const answer = await fetch(url, request)
    if (!answer.ok) throw new Error(`${url} answered ${answer.status}`)
    texts.add(await answer.text())
    const { authorization, ...others } = request.headers ?? {}
    if (!authorization) continue
    const { status } = await fetch(url, { ...request, headers: others })
    if (status !== 401) throw new Error(`${url} answered ${status} without a token`)
  }
  if (texts.size > 1) throw new Error(`The answers differ: ${[...texts].join('\n')}`)
}

function resultsOf(row: Row, slices: readonly Slice[]): Result[] {
  const valuesOf = (name: Subject, of: keyof Sample) =>
    slices.map((samples) => samples.get(name)?.[of] ?? Number.NaN)
  const own = valuesOf('slipway', 'cpuTime')
  return PEER_NAMES.flatMap((peer) => {
    const atLeast = row.atLeast[peer]
    if (atLeast === undefined) return []
    const theirs = valuesOf(peer, 'cpuTime')
    const ratios = own.map((time, index) => (theirs[index] ?? Number.NaN) / time)
    const busy = median([...valuesOf('slipway', 'busy'), ...valuesOf(peer, 'busy')])
    return [
      {
        what: `${row.what}, beside ${PEERS[peer]}`,
        target: { atLeast },
        reached: median(ratios),
        aside: [
          spreadOf(ratios),
          `µs: ${[own, theirs, valuesOf('node', 'cpuTime')].map((all) => median(all).toFixed(1)).join(', ')}`,
          ...(busy < BUSY ? [`disturbed: ${Math.round(busy * 100)} % of a core`] : []),
        ].join('; '),
        profile: () => profileOf('slipway', (server) => keepBusy(row, server)),
      },
    ]
  })
}

async function keepBusy(row: Row, server: Server): Promise<void> {
  const token = await logIn(server)
  await sampleOf(server, requestOf(row, 'slipway', server.url, { slipway: token }), 4 * WARM_UP)
}

async function logIn({ url }: Server): Promise<string> {
  const answer = await fetch(`${url}/auth/login`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ username: 'user', password: 'password' }),
  })
  return Value.Parse(Type.Object({ access_token: Type.String() }), await answer.json()).access_token
}
