import { compareArticleStores } from './article-store.js'
import { compareRequests } from './requests.js'
import { table } from './result.js'
import { measureSearches } from './searches.js'
import { compareShipStores } from './ship-store.js'
import { compareStarts } from './starts.js'
import { compareTransfers } from './transfers.js'

const isQuick = process.argv.includes('--quick')

const length = { rounds: isQuick ? 3 : 9, records: isQuick ? 100_000 : 1_000_000 }

const results = [
  ...(await compareRequests(isQuick ? 1 : 4)),
  ...(await compareStarts(isQuick ? 3 : 9)),
  ...(await compareTransfers(isQuick ? 1 : 3, 5)),
  ...(await compareShipStores(length)),
  ...(await compareArticleStores(length)),
  ...(await measureSearches(isQuick ? 1 : 3, length)),
]
process.stdout.write(`${table(results)}

Requests beside bare Fastify by CPU time (on Linux), starts and transfers by clock time; the store beside itself with 1000
records; a search and its longest hold of the event loop beside 50 and 20 ms.
Absolute figures are Slipway's, bare Fastify's and node:http's, and hold for this machine in this minute.
`)
