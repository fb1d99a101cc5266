// The child process of `weights.ts`: records of one kind, with what they weigh by the store's estimate, and in the heap.
import { collections, newDmp, newUser } from '../../store/collections.js'
import { MemoryEngine } from '../../store/memory/engine.js'
import { weightOfRecord } from '../../store/memory/records.js'
import { usedHeap } from './child.js'

const PLANS = 20

/** Plans as a request could bring them, each a burden in another way. */
const contents: Readonly<Record<string, (plan: number) => object>> = {
  'empty objects': () => ({ list: listOf(19_000, () => ({})) }),
  'empty lists': () => ({ list: listOf(19_000, () => []) }),
  fractions: () => ({ list: listOf(19_000, (at) => at + 0.5) }),
  'fields of their own': (plan) => ({
    list: listOf(9_000, (at) => ({ [`key ${plan} ${at}`]: 1 })),
  }),
  'many fields': (plan) =>
    Object.fromEntries(listOf(19_000, (at) => [`key ${plan} ${at}`, 1] as const)),
  'short texts': (plan) => ({ list: listOf(19_000, (at) => `text ${plan} ${at}`) }),
  'Latin text': () => ({ text: 'x'.repeat(300_000) }),
  'Cyrillic text': () => ({ text: '\u044f'.repeat(300_000) }),
}

const store = await new MemoryEngine().open(collections)
const user = await store.users.insert(newUser({ username: 'user', passwordHash: null }))
const shares: Record<string, number> = {}

for (const [name, contentOf] of Object.entries(contents)) {
  shares[name] = await measure(PLANS, (plan) =>
    store.dmps.insert(newDmp(user.id, JSON.parse(JSON.stringify(contentOf(plan))))),
  )
}
shares.users = await measure(20_000, (at) =>
  store.users.insert(newUser({ username: `user ${at}`, passwordHash: null })),
)
process.send?.(shares)
process.disconnect()

/** What some records weigh beside what the heap grows by. */
async function measure(count: number, insert: (at: number) => Promise<object>): Promise<number> {
  const before = usedHeap()
  let weight = 0
  for (let at = 0; at < count; at++) weight += weightOfRecord(Object(await insert(at)))
  return weight / (usedHeap() - before)
}

function listOf<T>(length: number, valueAt: (at: number) => T): T[] {
  return Array.from({ length }, (_, at) => valueAt(at))
}
