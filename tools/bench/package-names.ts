// The child process of `searches.ts`: a store of packages.
import { performance } from 'node:perf_hooks'
import { collections } from '../../store/collections.js'
import { MemoryEngine } from '../../store/memory/engine.js'
import { contains } from '../../store/query.js'
import { random, size } from './child.js'

const TOPICS = [
  'audio',
  'build',
  'cache',
  'react',
  'graph',
  'image',
  'media',
  'parse',
  'query',
  'state',
]
const KINDS = [
  'adapt',
  'batch',
  'cloud',
  'forms',
  'hooks',
  'index',
  'proxy',
  'store',
  'tools',
  'utils',
]

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

/** 20 characters, in one piece in memory, as a request brings it. Each hundredth is of the same topic and kind. */
function nameAt(position: number): string {
  const topic = TOPICS[position % 10]
  const kind = KINDS[Math.floor(position / 10) % 10]
  return JSON.parse(JSON.stringify(`${topic}-${kind}-${serialOf(position)}`))
}

/** Eight digits in the base of 36, such as `k3x09ab1`; each position has its own. */
function serialOf(position: number): string {
  return ((position * 2_654_435_761) % 36 ** 8).toString(36).padStart(8, '0')
}
