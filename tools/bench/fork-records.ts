// The child process of `forks.ts`: a store of articles, which have the most indexes, whose forks are timed and weighed.
import { performance } from 'node:perf_hooks'
import { type Article, collections, newUser } from '../../store/collections.js'
import type { NewRecord } from '../../store/engine.js'
import { MemoryEngine } from '../../store/memory/engine.js'
import { declareOwn } from '../../store/own.js'
import { random, size, usedHeap } from './child.js'

/** How many forks there are at once, and how many records each of them adds, and changes. */
const FORKS = 1_000
const WRITES = 10

const AUTHORS = 100

const own = declareOwn({ pointers: [] })
const engine = new MemoryEngine()
const store = await engine.open({ ...collections, 'own/posts': own, 'own/comments': own })
await store.users.insertMany(
  Array.from({ length: AUTHORS }, (_, at) =>
    newUser({ username: `author ${at}`, passwordHash: null }),
  ),
)
await store.articles.insertMany(Array.from({ length: size }, (_, at) => articleAt(at)))

/** Forks: the milliseconds and the bytes that one takes, and the bytes that all take after their writes. */
async function fork(): Promise<{ time: number; bare: number; written: number }> {
  const before = usedHeap()
  const start = performance.now()
  const forks = []
  for (let count = 0; count < FORKS; count++) forks.push(await store.fork())
  const time = (performance.now() - start) / FORKS
  const bare = (usedHeap() - before) / FORKS
  for (const { articles } of forks) {
    for (let write = 0; write < WRITES; write++) {
      await articles.insert(articleAt(size + write))
      await articles.update(1 + random(size), { title: 'Another title' })
    }
  }
  const written = usedHeap() - before
  for (const each of forks) await each.close()
  return { time, bare, written }
}

/** The first is the oldest. */
function articleAt(position: number): NewRecord<Article> {
  return {
    title: `Title ${position}`,
    text: `The text of article ${position}`,
    userId: 1 + random(AUTHORS),
    postedAt: new Date(position * 1000).toISOString(),
  }
}

// In the first, code is still being compiled.
await fork()
process.send?.(await fork())
process.disconnect()
