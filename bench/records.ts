// The child process of `stores.ts`: fills a store, tells what a ship takes up, then how long the operation takes that it
// is asked for.
import { performance } from 'node:perf_hooks'
import { newUser, type Ship } from '../store/collections.js'
import { MemoryEngine } from '../store/memory/engine.js'
import { type NewRecord, openStore } from '../store/store.js'
import { newShip } from './ships.js'

/** How many operations a question is answered from: a larger list of their inputs would be large to the collector too. */
const OPERATIONS = 10_000

/** As many records as the small store has. */
const FEW = 1_000

const PAGE = 20

let seed = 1

const size = Number(process.argv[2])
const { ships, users } = openStore(new MemoryEngine())

const emptyHeap = usedHeap()
for (let position = 0; position < size; position++) await ships.insert(shipAt(position))
const heapPerShip = (usedHeap() - emptyHeap) / size
for (let position = 0; position < size; position++) {
  await users.insert(newUser({ username: nameAt(position), passwordHash: null }))
}

// The yardsticks: what the language itself has for the same.
const list = [...(await ships.find()).items]
const byId = new Map(list.map((ship) => [ship.id, ship]))
const byName = new Map((await users.find()).items.map((user) => [user.username, user]))

const ids = list.map(({ id }) => id)

const operations = new Map([
  ['get', timed(idAt, (id) => ships.get(id))],
  ['plain get', timed(idAt, async (id) => byId.get(id))],
  ['getBy', timed(nameAt, (username) => users.getBy({ username }))],
  ['plain getBy', timed(nameAt, async (name) => byName.get(name))],
  ['page', timed(offsetAt, (offset) => ships.find({ offset, limit: PAGE }))],
  ['plain page', timed(offsetAt, async (offset) => list.slice(offset, offset + PAGE))],
  [
    'change',
    timed(
      (position) => ({ position, ship: shipAt(position) }),
      async ({ position, ship }) => {
        const { id } = await ships.insert(ship)
        const deleted = await ships.delete(idAt(position))
        ids[position] = id
        return deleted
      },
    ),
  ],
])

process.on('message', async (question) => {
  const [operation = '', reach] = String(question).split(', ')
  const positions = Array.from({ length: OPERATIONS }, () =>
    reach === 'any' ? random(size) : (random(FEW) * size) / FEW,
  )
  process.send?.(await operations.get(operation)?.(positions))
})
process.send?.(heapPerShip)

/** Makes what does an operation at each of some positions in the store, and gives the nanoseconds that one took. */
function timed<T>(
  inputAt: (position: number) => T,
  operate: (input: T) => Promise<object | undefined>,
): (positions: readonly number[]) => Promise<number> {
  return async (positions) => {
    const inputs = positions.map(inputAt)
    const start = performance.now()
    for (const input of inputs) {
      if (!(await operate(input))) throw new Error(`Nothing was found for ${input}`)
    }
    return ((performance.now() - start) / inputs.length) * 1e6
  }
}

function idAt(position: number): number {
  return ids[position] ?? 0
}

function nameAt(position: number): string {
  return `Captain ${position}`
}

/** In the list's second half. */
function offsetAt(position: number): number {
  return size - PAGE - (position >> 1)
}

/** A ship as a request brings it: each of its texts is its own. */
function shipAt(position: number): NewRecord<Ship> {
  return JSON.parse(JSON.stringify({ ...newShip, model: `T-65 X-Wing ${position}` }))
}

function usedHeap(): number {
  globalThis.gc?.()
  return process.memoryUsage().heapUsed
}

/** A whole number from 0 to below `limit`; the same ones in every run (mulberry32). */
function random(limit: number): number {
  seed = (seed + 0x6d2b79f5) | 0
  let mixed = Math.imul(seed ^ (seed >>> 15), 1 | seed)
  mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
  return ((mixed ^ (mixed >>> 14)) >>> 0) % limit
}
