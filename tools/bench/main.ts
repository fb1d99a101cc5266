import { parseArgs } from 'node:util'
import { NO_POSTGRES } from '../../test/fixtures/postgres.js'
import { compareArticleStores } from './article-store.js'
import { measureCrowdedLists } from './crowded-lists.js'
import { compareDatabases, compareProcesses } from './databases.js'
import { measureDocuments } from './documents.js'
import { measureForks } from './forks.js'
import { JsonServerMissing } from './json-server.js'
import { measureLargeDatabases } from './large-databases.js'
import { measureLongLists } from './long-lists.js'
import { measureOwnMillion } from './own-million.js'
import { compareOwnRequests } from './own-requests.js'
import { compareOwnStarts } from './own-starts.js'
import { compareRequests } from './requests.js'
import { isMet, type Result, table } from './result.js'
import { measureSearches } from './searches.js'
import { compareShipStores } from './ship-store.js'
import { compareStarts } from './starts.js'
import { compareTransfers } from './transfers.js'
import { measureWeights } from './weights.js'
import { measureWorkspaces } from './workspaces.js'

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    quick: { type: 'boolean', default: false },
    profile: { type: 'boolean', default: false },
  },
})
const isQuick = values.quick
const length = { rounds: isQuick ? 3 : 9, records: isQuick ? 100_000 : 1_000_000 }

/** What can be run by itself, in the order in which all of it runs. */
const groups = new Map<string, () => Promise<Result[]>>([
  ['requests', () => (isQuick ? compareRequests(2, 5) : compareRequests(5, 12))],
  ['start', () => compareStarts(isQuick ? 5 : 15)],
  ['transfers', () => compareTransfers(isQuick ? 1 : 3, 5)],
  [
    'stores',
    async () => [...(await compareShipStores(length)), ...(await compareArticleStores(length))],
  ],
  ['forks', () => measureForks(isQuick ? 1 : 5)],
  ['documents', () => measureDocuments(isQuick ? 1 : 5)],
  ['workspaces', () => (isQuick ? measureWorkspaces(1, 5) : measureWorkspaces(3, 12))],
  ['lists', () => measureLongLists(isQuick ? 1 : 3, length.records)],
  ['crowds', measureCrowdedLists],
  ['weights', measureWeights],
  ['searches', () => measureSearches(isQuick ? 1 : 3, length)],
  [
    'databases',
    () =>
      withPostgres(async () => [
        ...(await (isQuick ? compareDatabases(1, 7) : compareDatabases(3, 12))),
        ...(await compareProcesses(isQuick ? 5 : 12)),
      ]),
  ],
  ['large-databases', () => withPostgres(() => measureLargeDatabases(length.records))],
  [
    'own',
    async () => [
      ...(await unlessMissing(() => compareOwnStarts(isQuick ? 5 : 15))),
      ...(await unlessMissing(() => compareOwnRequests(isQuick ? 1 : 3, 5))),
      ...(await measureOwnMillion(isQuick ? 1 : 3, length.records)),
    ],
  ],
])

/** What needs PostgreSQL is left out, with a word on it, where there is none. */
async function withPostgres(measure: () => Promise<Result[]>): Promise<Result[]> {
  if (!NO_POSTGRES) return measure()
  process.stdout.write(`SKIPPED: ${NO_POSTGRES}\n`)
  return []
}

/** What is measured beside json-server is left out, with a word on it, where that can't be had. */
async function unlessMissing(measure: () => Promise<Result[]>): Promise<Result[]> {
  try {
    return await measure()
  } catch (error) {
    if (!(error instanceof JsonServerMissing)) throw error
    process.stdout.write(`SKIPPED: ${error.message}\n`)
    return []
  }
}

const results: Result[] = []
for (const name of positionals.length > 0 ? positionals : groups.keys()) {
  const run = groups.get(name)
  if (!run) throw new Error(`${name} is none of ${[...groups.keys()].join(', ')}`)
  results.push(...(await run()))
}
process.stdout.write(`${table(results)}

Requests and starts by CPU time (on Linux): the median of all processes and slices, with what the middle half of them lies
between. Transfers by the clock; the store beside itself with 1000 records; forks and workspaces
beside 2 ms, 20 KiB and 64 MiB, the longest that a list of everything holds the event loop beside 50 ms, a search and its longest hold
beside 50 and 20 ms; twenty readers of a list beside 100 ms and twice its bytes. Absolute figures are Slipway's, its peer's and node:http's, and hold for this machine in this minute.
`)

for (const result of values.profile ? results : []) {
  if (isMet(result) || !result.profile) continue
  process.stdout.write(`\n${result.what}:\n${await result.profile()}\n`)
}
