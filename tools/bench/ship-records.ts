// The child process of `ship-store.ts`: a store of ships and users.
import { collections, newUser, type Ship } from '../../store/collections.js'
import type { NewRecord } from '../../store/engine.js'
import { all } from '../../store/lookups.js'
import { MemoryEngine } from '../../store/memory/engine.js'
import { answerQuestions, size, timed, usedHeap } from './child.js'
import { newShip } from './ships.js'

const PAGE = 20

const { ships, users } = await new MemoryEngine().open(collections)

const emptyHeap = usedHeap()
for (let position = 0; position < size; position++) await ships.insert(shipAt(position))
const heapPerShip = (usedHeap() - emptyHeap) / size
for (let position = 0; position < size; position++) {
  await users.insert(newUser({ username: nameAt(position), passwordHash: null }))
}

// The yardsticks: what the language itself has for the same.
const list = await all(ships)
const byId = new Map(list.map((ship) => [ship.id, ship]))
const byName = new Map((await all(users)).map((user) => [user.username, user]))

const ids = list.map(({ id }) => id)

answerQuestions(
  {
    get: timed(idAt, (id) => ships.get(id)),
    'plain get': timed(idAt, async (id) => byId.get(id)),
    getBy: timed(nameAt, (username) => users.getBy({ username })),
    'plain getBy': timed(nameAt, async (name) => byName.get(name)),
    page: timed(offsetAt, (offset) => ships.find({ offset, limit: PAGE })),
    'plain page': timed(offsetAt, async (offset) => list.slice(offset, offset + PAGE)),
    change: timed(
      (position) => ({ position, ship: shipAt(position) }),
      async ({ position, ship }) => {
        const { id } = await ships.insert(ship)
        const deleted = await ships.delete(idAt(position))
        ids[position] = id
        return deleted
      },
    ),
  },
  heapPerShip,
)

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
