// The child process of `long-lists.ts`: a server with many ships, which tells how long its event loop was held.
import { performance } from 'node:perf_hooks'
import { buildApp } from '../../app.js'
import { size } from './child.js'
import { newShip } from './ships.js'

const BATCH = 10_000

const app = await buildApp({ logLevel: 'silent' })
for (let count = 0; count < size; count += BATCH) {
  await app.store.ships.insertMany(Array.from({ length: BATCH }, () => newShip))
}
const url = await app.listen({ port: 0, host: '127.0.0.1' })

let lastTurn = performance.now()
let longestHold = 0

/** Runs at every turn of the event loop. */
function watch(): void {
  const now = performance.now()
  longestHold = Math.max(longestHold, now - lastTurn)
  lastTurn = now
  setImmediate(watch)
}

process.on('message', (question) => {
  if (question === 'begin') {
    longestHold = 0
    lastTurn = performance.now()
    setImmediate(watch)
  } else {
    process.send?.(longestHold)
    process.exit()
  }
})
process.send?.(`${url}/api/ships`)
