import { inspect, isDeepStrictEqual } from 'node:util'
import { CONNECTIONS, Load, type Request, requestTo } from './load.js'
import { BenchPostgres } from './postgres.js'
import type { Result } from './result.js'
import { median, spreadOf } from './rounds.js'
import { cpuTimeOf, type Server, startServer, stopServer } from './servers.js'
import { newShip } from './ships.js'

/** How many requests it takes until most of the code is compiled, and how many are a slice. */
const WARM_UP = 3_000
const SLICE = 1_000

const SUBJECTS = ['slipway', 'hand', 'memory'] as const
type Subject = (typeof SUBJECTS)[number]

interface Row {
  readonly what: string
  readonly path: string
  readonly isGuarded?: boolean
  readonly body?: string
}

const ROWS: readonly Row[] = [
  { what: 'GET one', path: '/api/ships/1' },
  { what: 'GET one, with a token', path: '/api/guarded/1', isGuarded: true },
  { what: 'GET a page of a list', path: '/articles?page=1' },
  {
    what: 'POST, with a token',
    path: '/api/ships',
    isGuarded: true,
    body: JSON.stringify(newShip),
  },
]

/** Of a request: its share of a second, and the CPU time of the server and of the database for it, in microseconds. */
interface Sample {
  readonly time: number
  readonly server: number
  readonly database: number
}

/**
 * Slipway on PostgreSQL, beside what one writes by hand on the same, and beside itself in memory. They take turns, since the database
 * is not one of theirs alone.
 * @param processes how many of each server are measured
 * @param slices how often each server of them is measured
 */
export async function compareDatabases(processes: number, slices: number): Promise<Result[]> {
  const measured = new Map<Row, Record<Subject, Sample>[]>(ROWS.map((row) => [row, []]))
  for (let process = 0; process < processes; process++) {
    const postgres = await BenchPostgres.start()
    const settings = { DATABASE_URL: postgres.url }
    const servers = {
      slipway: await startServer('slipway', { settings }),
      hand: await startServer('fastify-postgres', { settings }),
      memory: await startServer('slipway'),
    }
    const tokens = {
      slipway: await tokenOf(servers.slipway),
      hand: await tokenOf(servers.hand),
      memory: await tokenOf(servers.memory),
    }
    for (const [row, all] of measured) {
      const turn = async (amount: number) => {
        const sampleOf = (subject: Subject) =>
          sample(
            servers[subject],
            postgres,
            requestOf(row, servers[subject], tokens[subject]),
            amount,
          )
        return {
          slipway: await sampleOf('slipway'),
          hand: await sampleOf('hand'),
          memory: await sampleOf('memory'),
        }
      }
      await checkAnswers(SUBJECTS.map((each) => requestOf(row, servers[each], tokens[each])))
      await turn(WARM_UP)
      for (let slice = 0; slice < slices; slice++) all.push(await turn(SLICE))
    }
    await Promise.all(Object.values(servers).map(stopServer))
    await postgres.remove()
  }
  return [...measured].map(([row, all]) => resultOf(row, all))
}

/** How many requests a second two processes on one database answer, beside one. */
export async function compareProcesses(slices: number): Promise<Result[]> {
  const postgres = await BenchPostgres.start()
  const settings = { DATABASE_URL: postgres.url }
  const servers = [
    await startServer('slipway', { settings }),
    await startServer('slipway', { settings }),
  ]
  const tokens = await Promise.all(servers.map(tokenOf))
  const results: Result[] = []
  for (const row of ROWS) {
    const rateOf = async (some: readonly Server[], amount: number) => {
      const loads = some.map(
        (server, index) => new Load(server.url, requestOf(row, server, tokens[index] ?? '')),
      )
      await Promise.all(loads.map((load) => load.run(CONNECTIONS)))
      const start = performance.now()
      await Promise.all(loads.map((load) => load.run(amount / some.length)))
      const rate = (amount / (performance.now() - start)) * 1e3
      await Promise.all(loads.map((load) => load.close()))
      return rate
    }
    await rateOf(servers, 2 * WARM_UP)
    const rates: { one: number; two: number }[] = []
    for (let slice = 0; slice < slices; slice++) {
      rates.push({
        one: await rateOf(servers.slice(0, 1), SLICE),
        two: await rateOf(servers, 2 * SLICE),
      })
    }
    const ratios = rates.map(({ one, two }) => two / one)
    results.push({
      what: `${row.what}: two processes beside one`,
      // Two cores have the load and the database too.
      target: { atLeast: 1 },
      reached: median(ratios),
      aside: `${spreadOf(ratios)}; requests a second: ${median(rates.map(({ one }) => one)).toFixed(0)}, ${median(rates.map(({ two }) => two)).toFixed(0)}`,
    })
  }
  await Promise.all(servers.map(stopServer))
  await postgres.remove()
  return results
}

async function sample(
  server: Server,
  postgres: BenchPostgres,
  request: Request,
  amount: number,
): Promise<Sample> {
  const load = new Load(request.url, request)
  // To connect is no part of it.
  await load.run(CONNECTIONS)
  const before = {
    time: performance.now(),
    server: cpuTimeOf(server),
    database: postgres.cpuTime(),
  }
  await load.run(amount)
  const each = (end: number, begin: number) => ((end - begin) / amount) * 1e3
  const taken = {
    time: each(performance.now(), before.time),
    server: each(cpuTimeOf(server), before.server),
    database: each(postgres.cpuTime(), before.database),
  }
  await load.close()
  return taken
}

function requestOf({ path, isGuarded, body }: Row, { url }: Server, token: string): Request {
  return requestTo(url + path, isGuarded ? token : undefined, body)
}

/** Makes sure that the servers do the same work. */
async function checkAnswers(requests: readonly Request[]): Promise<void> {
  const answers: object[] = []
  for (const { url, ...request } of requests) {
    const answer = await fetch(url, request)
    const names = ['etag', 'location'].filter((name) => answer.headers.has(name))
    answers.push({ status: answer.status, names, body: await answer.json() })
  }
  if (answers.some((each) => !isDeepStrictEqual(each, answers[0]))) {
    throw new Error(`The answers differ: ${inspect(answers, { depth: null })}`)
  }
}

function resultOf({ what }: Row, slices: readonly Record<Subject, Sample>[]): Result {
  const rates = (subject: Subject) => slices.map((each) => 1e6 / each[subject].time)
  const ratiosTo = (peer: Subject) => slices.map((each) => each[peer].time / each.slipway.time)
  const cpu = (subject: Subject) =>
    `${median(slices.map((each) => each[subject].server)).toFixed(0)} + ${median(slices.map((each) => each[subject].database)).toFixed(0)}`
  return {
    what: `on PostgreSQL: ${what}, beside what is written by hand`,
    target: { atLeast: 0.8 },
    reached: median(ratiosTo('hand')),
    aside: [
      spreadOf(ratiosTo('hand')),
      `beside memory ${median(ratiosTo('memory')).toFixed(2)}`,
      `requests a second: ${SUBJECTS.map((each) => median(rates(each)).toFixed(0)).join(', ')}`,
      `µs of CPU, server and database: ${SUBJECTS.map(cpu).join(', ')}`,
    ].join('; '),
  }
}

/** A token of the demo's user. */
export async function tokenOf({ url }: Server): Promise<string> {
  const answer = await fetch(`${url}/auth/login`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ username: 'user', password: 'password' }),
  })
  return Object(await answer.json()).access_token
}
