// The child process of `searches.ts`: a store of packages.
import { performance } from 'node:perf_hooks'
import { collections } from '../../store/collections.js'
import { MemoryEngine } from '../../store/memory/engine.js'
import { contains } from '../../store/query.js'
import { random, size } from './child.js'
import { nameAt, serialOf } from './names.js'

const { packages } = await new MemoryEngine().open(collections)
for (let position = 0; position < size; position++) {
  await packages.insert({ name: nameAt(position), userId: null })
}

/** What is looked for, and how many names have it. */
const searches: Readonly<Record<string, () => { text: string; total: number }>> = {
  few: () => ({ text: serialOf(random(size)), total: 1 }),
  none: () => ({ text: 'react-formz', total: 0 }),
  many: () => ({ text: 'react-forms', total: size / 100 }),
}

let isWatching = false
let lastTurn = 0
let longestHold = 0

process.on('message', async (question) => {
  const search = searches[String(question)]
  if (!search) throw new Error(`There is no search ${question}`)
  const { text, total } = search()
  isWatching = true
  longestHold = 0
  const start = performance.now()
  lastTurn = start
  setImmediate(watch)
  const found = await packages.find({
    where: contains('name', text),
    limit: Number.POSITIVE_INFINITY,
  })
  watch()
  isWatching = false
  if (found.total !== total) throw new Error(`${found.total} names have ${text}`)
  process.send?.({ time: lastTurn - start, longestHold })
})
process.send?.('ready')

/** Runs at every turn of the event loop, where a search lets other work in too. */
function watch(): void {
  if (!isWatching) return
  const now = performance.now()
  longestHold = Math.max(longestHold, now - lastTurn)
  lastTurn = now
  setImmediate(watch)
}
