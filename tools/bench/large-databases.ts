import { collections, newUser, type Store } from '../../store/collections.js'
import { PostgresEngine } from '../../store/postgres/engine.js'
import { nameAt, serialOf } from './names.js'
import { BenchPostgres } from './postgres.js'
import type { Result } from './result.js'
import { median } from './rounds.js'
import { type Server, startServer, stopServer } from './servers.js'

/** How many records are beside how many. */
const FEW = 1_000

/** How many articles each user has. */
const EACH = 100

/** How many records go into the database at once. */
const BATCH = 2_000

/** What a search may take, in milliseconds. */
const SEARCH = 100

/** How often each is asked, after as many that don't count. */
const ROUNDS = 25

/**
 * Pages of many articles beside page 1 of a thousand, and searches of as many names, all through a server.
 * @param many how many are many
 */
export async function measureLargeDatabases(many: number): Promise<Result[]> {
  const postgres = await BenchPostgres.start()
  const few = await filledServer(postgres, 'few', FEW)
  const large = await filledServer(postgres, 'many', many)
  const page = Math.min(10_000, many / 20)
  const first = await timeOf(few, '/articles?page=1')
  const pages = [
    { what: `page ${page} of ${many} articles`, path: `/articles?page=${page}` },
    { what: `a user's page of ${many} articles`, path: '/users/500/articles' },
  ]
  const results: Result[] = []
  for (const { what, path } of pages) {
    const time = await timeOf(large, path)
    results.push({
      what: `on PostgreSQL: ${what}, beside page 1 of ${FEW}`,
      target: { atMost: 2 },
      reached: time / first,
      aside: `milliseconds: ${time.toFixed(2)}, ${first.toFixed(2)}`,
    })
  }
  const searches = {
    none: 'react-formz',
    one: serialOf(many / 2),
    'one in a hundred': 'react-forms',
  }
  for (const [what, text] of Object.entries(searches)) {
    const time = await timeOf(large, `/api/v1/packages?search=${text}`)
    results.push({
      what: `on PostgreSQL: a search of ${many} names that finds ${what}`,
      target: { atMost: 1 },
      reached: time / SEARCH,
      aside: `milliseconds: ${time.toFixed(1)}`,
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
        userId: authors[index % authors.length]?.id ?? null,
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

/** The median of the times of some calls, one after the other, in milliseconds. */
async function timeOf({ url }: Server, path: string): Promise<number> {
  const times: number[] = []
  for (let round = 0; round < 2 * ROUNDS; round++) {
    const start = performance.now()
    const answer = await fetch(url + path)
    await answer.arrayBuffer()
    if (!answer.ok) throw new Error(`${path} answered ${answer.status}`)
    if (round >= ROUNDS) times.push(performance.now() - start)
  }
  return median(times)
}
