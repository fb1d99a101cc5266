import { type Length, openGrowth } from './growth.js'
import type { Result } from './result.js'

/** What the language itself has for an operation is the yardstick. `change` comes last, because it moves records. */
const OPERATIONS = [
  { operation: 'get', what: 'store: get by id', yardstick: 'Map' },
  { operation: 'getBy', what: 'store: get by unique key', yardstick: 'Map' },
  { operation: 'page', what: 'store: 20 deep in a list', yardstick: 'array' },
  { operation: 'change', what: 'store: insert and delete' },
]

/** The memory engine with a million ships beside itself with a thousand. */
export async function compareShipStores(length: Length): Promise<Result[]> {
  const growth = await openGrowth('./ship-records.ts', length)
  const results: Result[] = []
  for (const { operation, what, yardstick } of OPERATIONS) {
    // Both are asked for a thousand records again and again. Where it is any of a million, time mostly goes by waiting for
    // memory, whatever the store does: that stands aside.
    const few = await growth.of(`${operation}, few`)
    const any = await growth.of(`${operation}, any`)
    const plain = yardstick && [
      await growth.of(`plain ${operation}, few`),
      await growth.of(`plain ${operation}, any`),
    ]
    results.push({
      what,
      target: { atMost: 1.3 },
      reached: few,
      aside: [
        ...(plain ? [`a plain ${yardstick} ${plain[0]?.toFixed(2)}`] : []),
        `any record ${any.toFixed(2)}`,
        ...(plain ? [`a plain ${yardstick} ${plain[1]?.toFixed(2)}`] : []),
      ].join('; '),
    })
  }
  results.push({
    what: 'store: KiB of heap a ship',
    target: { atMost: 1 },
    reached: growth.heapPerRecord / 1024,
    aside: `${length.records} ships`,
  })
  growth.close()
  return results
}
