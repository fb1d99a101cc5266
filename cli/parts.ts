import { PART_NAMES, type PartName, parts } from '../seed/parts.js'
import type { Store } from '../store/collections.js'
import { count, listed } from './say.js'

/** What a data file holds: `3 users, 15 ships and 12 articles`. */
export async function countsOf(store: Store): Promise<string> {
  return listed(await countsIn(store)) || 'nothing'
}

/** How many records each part has; those that have none are passed over. */
export async function countsIn(store: Store): Promise<readonly string[]> {
  const counts: string[] = []
  for (const name of PART_NAMES) {
    const { total } = await store[name].find({ limit: 0 })
    if (total > 0) counts.push(count(total, parts[name].thing))
  }
  return counts
}

/** The text of a data file that holds nothing: every list is there, and empty. */
export const emptyText = textOf(() => [])

/**
 * The text of a data file for a beginning, which `slipway init` writes. No user is in it, since everybody could know the
 * password.
 */
export const starterText = textOf((name) => [parts[name].example ?? []].flat())

function textOf(recordsOf: (name: PartName) => readonly object[]): string {
  // A new file is better without an empty object.
  const lists = PART_NAMES.filter((name) => parts[name].schema.type === 'array')
  const data = Object.fromEntries(lists.map((name) => [name, recordsOf(name)]))
  return `${JSON.stringify(data, null, 2)}\n`
}
