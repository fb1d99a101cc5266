import { setTimeout as delay } from 'node:timers/promises'
import { collections, newUser, type Store } from '../../store/collections.js'
import { PostgresEngine } from '../../store/postgres/engine.js'
import { tokenOf } from './databases.js'
import { requestTo } from './load.js'
import { nameAt, serialOf } from './names.js'
import { BenchPostgres } from './postgres.js'
import type { Result } from './result.js'
import { median } from './rounds.js'
import { cpuTimeOf, type Server, startServer, stopServer } from './servers.js'

/** How many records are beside how many. */
const FEW = 1_000

/** How many articles each user has; but for the first, who has one in ten. */
const EACH = 100
const BUSY = 10

/** How many records go into the database at once. */
const BATCH = 2_000

/** What a search may take, in milliseconds. */
const SEARCH = 100

/** How often each is asked, after some that don't count: the kernel counts CPU time in ticks of ten milliseconds. */
const WARM_UP = 20
const ROUNDS = { page: 250, search: 25 }

/**
 * Pages of many articles beside page 1 of a thousand, and searches of as many names, all through a server.
 * @param many how many are many
 */
export async function measureLargeDatabases(many: number): Promise<Result[]> {
  const postgres = await BenchPostgres.start()
  const few = await filledServer(postgres, 'few', FEW)
  const large = await filledServer(postgres, 'many', many)
  const page = Math.min(10_000, many / 20)
  const first = await costOf(few, postgres, '/articles?page=1', ROUNDS.page)
  const busy = await busyAuthor(postgres)
  const pages = [
    { what: `page 1 of ${many} articles`, path: '/articles?page=1' },
    { what: `page ${page} of ${many} articles`, path: `/articles?page=${page}` },
    { what: `a user's page of ${many} articles`, path: '/users/500/articles' },
    {
      what: `page 1 of a user's ${many / BUSY} articles`,
      path: `/users/${busy}/articles`,
    },
    {
      what: `page ${page / BUSY} of a user's ${many / BUSY} articles`,
      path: `/users/${busy}/articles?page=${page / BUSY}`,
    },
  ]
  const results: Result[] = []
  for (const { what, path } of pages) {
    await answerOf(large, path)
    await counted(postgres)
    const cost = await costOf(large, postgres, path, ROUNDS.page)
    results.push({
      what: `on PostgreSQL: ${what}, beside page 1 of ${FEW}`,
      target: { atMost: 2 },
      reached: cost.cpu / first.cpu,
      aside: [cost, first].map(told).join('; '),
    })
  }
  const searches = {
    none: 'react-formz',
    one: serialOf(many / 2),
    'one in a hundred': 'react-forms',
  }
  const token = await tokenOf(large)
  for (const [what, text] of Object.entries(searches)) {
    const path = `/api/v1/packages?search=${text}`
    const cost = await costOf(large, postgres, path, ROUNDS.search, token)
    results.push({
      what: `on PostgreSQL: a search of ${many} names that finds ${what}`,
      target: { atMost: 1 },
      reached: cost.cpu / SEARCH,
      aside: told(cost),
    })
  }
  await Promise.all([few, large].map(stopServer))
  await postgres.remove()
  return results
}

/** A server on a schema of its own, with that many articles and packages. */
async function filledServer(
  postgres: BenchPostgres,
  schema: string,
  size: number,
): Promise<Server> {
  // The first process fills it with the data that is shipped.
  const settings = { DATABASE_URL: postgres.url, DATABASE_SCHEMA: schema }
  const server = await startServer('cli', { settings })
  const engine = new PostgresEngine({ url: postgres.url, schema })
  await fill(await engine.open(collections), size)
  await engine.close()
  await postgres.query('vacuum analyze')
  return server
}

async function fill({ users, articles, packages }: Store, size: number): Promise<void> {
  const authors = await inBatches(size / EACH, (from, to) =>
    users.insertMany(
      range(from, to).map((index) => newUser({ username: `author ${index}`, passwordHash: null })),
    ),
  )
  await inBatches(size, (from, to) =>
    articles.insertMany(
      range(from, to).map((index) => ({
        title: `Title ${index}`,
        text: `The text of article ${index}`,
        userId: authors[index % BUSY === 0 ? 0 : index % authors.length]?.id ?? null,
        postedAt: new Date(index * 1000).toISOString(),
      })),
    ),
  )
  await inBatches(size, (from, to) =>
    packages.insertMany(range(from, to).map((index) => ({ name: nameAt(index), userId: null }))),
  )
}

async function inBatches<T>(
  size: number,
  add: (from: number, to: number) => Promise<readonly T[]>,
): Promise<T[]> {
  const all: T[] = []
  for (let from = 0; from < size; from += BATCH) {
    all.push(...(await add(from, Math.min(size, from + BATCH))))
  }
  return all
}

function range(from: number, to: number): number[] {
  return Array.from({ length: to - from }, (_, index) => from + index)
}

/** The id of the user with most articles. */
async function busyAuthor(postgres: BenchPostgres): Promise<number> {
  const [row] = await postgres.query(`select id from many.users where username = 'author 0'`)
  return Number(Object(row).id)
}

/** Waits until what was asked for the first time is counted, which goes on after the answer. */
async function counted(postgres: BenchPostgres): Promise<void> {
  for (;;) {
    await delay(100)
    const under = await postgres.query(
      `select from pg_stat_activity where state <> 'idle' and query like '%/count"(%' and pid <> pg_backend_pid()`,
    )
    if (under.length === 0) return
  }
}

/** Of a call, in milliseconds: the CPU time of the server and of the database together, and the median by the clock. */
interface Cost {
  readonly cpu: number
  readonly clock: number
}

/** What calls cost, one after the other. */
async function costOf(
  server: Server,
  postgres: BenchPostgres,
  path: string,
  rounds: number,
  token?: string,
): Promise<Cost> {
  for (let round = 0; round < WARM_UP; round++) await answerOf(server, path, token)
  const cpuTime = () => cpuTimeOf(server) + postgres.cpuTime()
  const before = cpuTime()
  const times: number[] = []
  for (let round = 0; round < rounds; round++) {
    const start = performance.now()
    await answerOf(server, path, token)
    times.push(performance.now() - start)
  }
  return { cpu: (cpuTime() - before) / rounds, clock: median(times) }
}

function told({ cpu, clock }: Cost): string {
  return `${cpu.toFixed(2)} ms of CPU, ${clock.toFixed(2)} ms by the clock`
}

async function answerOf({ url }: Server, path: string, token?: string): Promise<void> {
  const { url: target, ...request } = requestTo(url + path, token)
  const answer = await fetch(target, request)
  await answer.arrayBuffer()
  if (!answer.ok) throw new Error(`${path} answered ${answer.status}`)
}
