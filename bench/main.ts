import { compareRequests } from './requests.js'
import { table } from './result.js'
import { compareStarts } from './starts.js'
import { compareStores } from './stores.js'

const isQuick = process.argv.includes('--quick')

const results = [
  ...(await compareRequests(isQuick ? 1 : 4)),
  ...(await compareStarts(isQuick ? 3 : 9)),
  ...(await compareStores({ rounds: isQuick ? 3 : 9, records: isQuick ? 100_000 : 1_000_000 })),
]
process.stdout.write(`${table(results)}

Requests beside bare Fastify by CPU time (on Linux), starts by clock time; the store beside itself with 1000 records.
Absolute figures are Slipway's, bare Fastify's and node:http's, and hold for this machine in this minute.
`)
