import { isDeepStrictEqual } from 'node:util'
import { Load, type Request } from './load.js'
import { post } from './own-records.js'
import { OWN_CONTENDERS, type OwnContender, startOwn, writePosts } from './own-servers.js'
import type { Result } from './result.js'
import { median, spreadOf } from './rounds.js'
import { cpuTimeOf, pinLoad, type Server, stopServer } from './servers.js'

const RECORDS = 10_000

/** The CPU time that a server spends on a kind of request before it is measured, and then in a slice, in milliseconds. */
const WARM_UP = 2_000
const SLICE = 200

interface Row {
  readonly what: string
  readonly method?: Request['method']
  /** The requests are not alike, so that none is answered from what the last one left. */
  readonly path: (index: number) => string
  /** The same for json-server 1.0, where it says it in another way; null where it can't. */
  readonly newPath?: ((index: number) => string) | null
  readonly body?: (index: number) => object
  /** How many requests are sent at most for a warm-up: what is written must leave enough. */
  readonly most?: number
  readonly atLeast: number
}

/** A record's id, all over the list. */
const idAt = (index: number) => ((index * 7919) % RECORDS) + 1
const { id: _, ...newPost } = post(7)

const ROWS: readonly Row[] = [
  { what: 'GET one', path: (index) => `/posts/${idAt(index)}`, atLeast: 10 },
  {
    what: 'GET a list of 15',
    path: (index) => `/posts?_page=${idAt(index) % 600}&_limit=15`,
    newPath: (index) => `/posts?_page=${idAt(index) % 600}&_per_page=15`,
    atLeast: 10,
  },
  {
    what: 'filter on a field',
    path: (index) => `/posts?author=Author%20${idAt(index) % 1000}`,
    atLeast: 10,
  },
  {
    what: 'filter, sort, page',
    path: (index) =>
      `/posts?published=true&_sort=views&_order=desc&_page=${idAt(index) % 100}&_limit=10`,
    newPath: (index) =>
      `/posts?published=true&_sort=-views&_page=${idAt(index) % 100}&_per_page=10`,
    atLeast: 10,
  },
  {
    what: 'q',
    path: (index) => `/posts?q=record%20${100 + (idAt(index) % 900)}`,
    newPath: null,
    atLeast: 10,
  },
  {
    what: '_embed in a list of 15',
    path: (index) => `/posts?_embed=comments&_page=${idAt(index) % 600}&_limit=15`,
    newPath: (index) => `/posts?_embed=comments&_page=${idAt(index) % 600}&_per_page=15`,
    atLeast: 10,
  },
  {
    what: '_embed in one',
    path: (index) => `/posts/${idAt(index)}?_embed=comments`,
    atLeast: 10,
  },
  {
    what: 'PUT',
    method: 'PUT',
    path: (index) => `/posts/${idAt(index)}`,
    body: (index) => ({ ...newPost, views: index }),
    atLeast: 20,
  },
  {
    what: 'POST',
    method: 'POST',
    path: () => '/posts',
    body: (index) => ({ ...newPost, views: index }),
    most: 2_000,
    atLeast: 20,
  },
  {
    what: 'DELETE',
    method: 'DELETE',
    path: (index) => `/posts/${RECORDS - index}`,
    most: 2_000,
    atLeast: 20,
  },
]

/** CPU time for a request in microseconds, by who answered. */
type Slice = Readonly<Partial<Record<OwnContender, number>>>

/**
 * Slipway's answers from a file beside json-server's, by the CPU time of each server for one.
 * @param processes how many of each server are measured
 * @param slices how often each server of them is measured, in turn
 * @throws when Slipway and json-server 0.17 don't answer alike
 */
export async function compareOwnRequests(processes: number, slices: number): Promise<Result[]> {
  const file = await writePosts('requests.json', RECORDS)
  const measured = new Map<Row, Slice[]>(ROWS.map((row) => [row, []]))
  const unpin = pinLoad()
  for (let process = 0; process < processes; process++) {
    const servers = {
      slipway: await startOwn('slipway', file, { isPinned: true }),
      old: await startOwn('old', file, { isPinned: true }),
      new: await startOwn('new', file, { isPinned: true }),
    }
    for (const [row, all] of measured) all.push(...(await measure(row, servers, slices)))
    await Promise.all(Object.values(servers).map(stopServer))
  }
  unpin()
  return [...measured].map(([row, all]) => resultOf(row, all))
}

async function measure(
  row: Row,
  servers: Readonly<Record<OwnContender, Server>>,
  slices: number,
): Promise<Slice[]> {
  if (!row.method) await checkAnswers(row, servers)
  const subjects = []
  for (const name of OWN_CONTENDERS) {
    if (name === 'new' && row.newPath === null) continue
    subjects.push({ name, sample: await warmUp(row, name, servers[name]) })
  }
  const measured: Slice[] = []
  for (let slice = 0; slice < slices; slice++) {
    const times: Partial<Record<OwnContender, number>> = {}
    for (const { name, sample } of subjects) times[name] = await sample()
    measured.push(times)
  }
  return measured
}

/**
 * Asks a server until most of its code is compiled.
 * @returns measures a slice: the CPU time of a request, in microseconds
 */
async function warmUp(row: Row, name: OwnContender, server: Server) {
  let index = 0
  /** The CPU time of a request, in milliseconds. */
  const timeOf = async (amount: number) => {
    const load = new Load(server.url, () => requestOf(row, name, server, index++))
    const before = cpuTimeOf(server)
    await load.run(amount)
    const time = cpuTimeOf(server) - before
    await load.close()
    return time / amount
  }
  const { most = Number.POSITIVE_INFINITY } = row
  let amount = 1
  let time = 0
  for (let spent = 0; index < most && spent < WARM_UP; spent += time * amount) {
    amount = Math.min(amount * 2, 500)
    time = await timeOf(amount)
  }
  const sliced = Math.ceil(Math.min(SLICE / time, most / 10))
  return async () => (await timeOf(sliced)) * 1e3
}

function requestOf(row: Row, name: OwnContender, { url }: Server, index: number): Request {
  const path = (name === 'new' && row.newPath) || row.path
  return {
    url: url + path(index),
    ...(row.method ? { method: row.method } : {}),
    ...(row.body
      ? {
          headers: { 'content-type': 'application/json' },
          body: JSON.stringify(row.body(index)),
        }
      : {}),
  }
}

/** Makes sure that the two do the same work. */
async function checkAnswers(
  row: Row,
  servers: Readonly<Record<OwnContender, Server>>,
): Promise<void> {
  for (const index of [0, 1, 2]) {
    const bodies: unknown[] = []
    for (const name of ['slipway', 'old'] as const) {
      const answer = await fetch(requestOf(row, name, servers[name], index).url)
      if (!answer.ok) throw new Error(`${row.what}: ${name} answered ${answer.status}`)
      bodies.push(await answer.json())
    }
    if (!isDeepStrictEqual(bodies[0], bodies[1])) throw new Error(`${row.what}: answers differ`)
  }
}

function resultOf({ what, atLeast }: Row, slices: readonly Slice[]): Result {
  const timesOf = (name: OwnContender) => slices.map((slice) => slice[name] ?? Number.NaN)
  const own = timesOf('slipway')
  const ratiosTo = (name: OwnContender) =>
    timesOf(name).map((time, index) => time / (own[index] ?? Number.NaN))
  const ratios = ratiosTo('old')
  const beside = median(ratiosTo('new'))
  const medians = [own, timesOf('old'), timesOf('new')].map((times) => median(times).toFixed(0))
  return {
    what: `own: ${what}, beside json-server 0.17`,
    target: { atLeast },
    reached: median(ratios),
    aside: [
      spreadOf(ratios),
      `beside 1.0 beta: ${Number.isNaN(beside) ? 'has none' : beside.toFixed(1)}`,
      `µs: ${medians.join(', ')}`,
    ].join('; '),
  }
}
