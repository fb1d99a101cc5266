import { compareArticleStores } from './article-store.js'
import { compareRequests } from './requests.js'
import { table } from './result.js'
import { compareShipStores } from './ship-store.js'
import { compareStarts } from './starts.js'

const isQuick = process.argv.includes('--quick')

const length = { rounds: isQuick ? 3 : 9, records: isQuick ? 100_000 : 1_000_000 }

const results = [
  ...(await compareRequests(isQuick ? 1 : 4)),
  ...(await compareStarts(isQuick ? 3 : 9)),
  ...(await compareShipStores(length)),
  ...(await compareArticleStores(length)),
]
process.stdout.write(`${table(results)}

Requests beside bare Fastify by CPU time (on Linux), starts by clock time; the store beside itself with 1000 records.
Absolute figures are Slipway's, bare Fastify's and node:http's, and hold for this machine in this minute.
`)
