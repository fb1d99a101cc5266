// The child process of `forks.ts`: a store of ships whose forks are timed and weighed.
import { performance } from 'node:perf_hooks'
import { collections } from '../../store/collections.js'
import { MemoryEngine } from '../../store/memory/engine.js'
import { random, size, usedHeap } from './child.js'
import { newShip } from './ships.js'

/** How many forks a figure is the mean of. */
const FORKS = 100

/** How many writes each of them then gets. */
const WRITES = 10

const store = await new MemoryEngine().open(collections)
await store.ships.insertMany(Array.from({ length: size }, () => newShip))

/** Forks, one after the other: the milliseconds that one took, and the bytes that it keeps after its writes. */
async function fork(): Promise<{ time: number; kept: number }> {
  const before = usedHeap()
  const start = performance.now()
  const forks = await Promise.all(Array.from({ length: FORKS }, () => store.fork()))
  const time = (performance.now() - start) / FORKS
  for (const { ships } of forks) {
    for (let write = 0; write < WRITES; write++) await ships.update(1 + random(size), { crew: 2 })
  }
  const kept = (usedHeap() - before) / FORKS
  for (const each of forks) await each.close()
  return { time, kept }
}

// In the first, code is still being compiled.
await fork()
process.send?.(await fork())
process.disconnect()
