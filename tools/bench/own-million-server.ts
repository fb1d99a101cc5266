// The child process of `own-million.ts`: a server with many posts, which tells how long its event loop was held.
import { performance } from 'node:perf_hooks'
import { buildApp } from '../../app.js'
import { size, usedHeap } from './child.js'
import { post } from './own-records.js'

const BATCH = 1_000

const app = await buildApp({
  logLevel: 'silent',
  data: { posts: [post(1)] },
  bodyLimit: 1024 * BATCH,
})
const before = usedHeap()
for (let count = 1; count < size; count += BATCH) {
  const length = Math.min(BATCH, size - count)
  const body = Array.from({ length }, (_, at) => post(count + at + 1))
  const { statusCode } = await app.inject({ method: 'POST', url: '/posts', payload: body })
  if (statusCode !== 201) throw new Error(`The posts are answered with ${statusCode}`)
}
const heapPerRecord = (usedHeap() - before) / (size - 1)
const url = await app.listen({ port: 0, host: '127.0.0.1' })

let last = now()
let longestHold = 0
let isWatched = false

/** By the clock, and the CPU time of the process: where others have the core, only one of the two goes on. */
function now() {
  const { user, system } = process.cpuUsage()
  return { time: performance.now(), cpuTime: (user + system) / 1000 }
}

/** Runs at every turn of the event loop. */
function watch(): void {
  const { time, cpuTime } = now()
  longestHold = Math.max(longestHold, Math.min(time - last.time, cpuTime - last.cpuTime))
  last = { time, cpuTime }
  if (isWatched) setImmediate(watch)
}

process.on('message', (question) => {
  isWatched = question === 'begin'
  if (isWatched) {
    longestHold = 0
    last = now()
    setImmediate(watch)
  } else {
    process.send?.(longestHold)
  }
})
process.once('disconnect', () => process.exit())
process.send?.({ url, heapPerRecord })
