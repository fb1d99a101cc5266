// The child process of `crowded-lists.ts`: a server with a long list or a heavy one, which tells how long its event loop was held
// while it was read, and by how much its memory grew.
import { performance } from 'node:perf_hooks'
import { buildApp } from '../../app.js'
import { newDmp, newUser } from '../../store/collections.js'

const BATCH = 10_000

const [, , kind, count] = process.argv
const size = Number(count)

const app = await buildApp({ logLevel: 'silent', recordLimit: '4GiB', userRecordLimit: '4GiB' })
const { users, dmps } = app.store
if (kind === 'users') {
  for (let begun = 0; begun < size; begun += BATCH) {
    await users.insertMany(
      Array.from({ length: BATCH }, (_, at) =>
        newUser({ username: `user ${begun + at}`, passwordHash: null }),
      ),
    )
  }
} else {
  for (let number = 0; number < size; number++) {
    await dmps.insert(newDmp(1, { number, text: `${number}`.padEnd(1024 * 1024, 'x') }))
  }
}
const url = await app.listen({ port: 0, host: '127.0.0.1' })
const reader = await users.get(1)
if (!reader) throw new Error('There is no user')
const token = app.tokens.issue(app.worlds.own, reader, 'access')

let lastTurn = performance.now()
let lastUse = process.cpuUsage()
let longestHold = 0
let memory = 0

/** Runs at every turn of the event loop. */
function watch(): void {
  const now = performance.now()
  const { user, system } = process.cpuUsage(lastUse)
  // By the clock alone, what the machine does beside would count.
  longestHold = Math.max(longestHold, Math.min(now - lastTurn, (user + system) / 1000))
  lastTurn = now
  lastUse = process.cpuUsage()
  setImmediate(watch)
}

process.on('message', (question) => {
  if (question === 'begin') {
    globalThis.gc?.()
    memory = process.memoryUsage.rss()
    longestHold = 0
    lastTurn = performance.now()
    lastUse = process.cpuUsage()
    setImmediate(watch)
  } else {
    const grown = process.resourceUsage().maxRSS * 1024 - memory
    process.send?.({ longestHold, grown })
    process.exit()
  }
})
process.send?.({ url: url + (kind === 'users' ? '/api/users' : '/dmps'), token })
