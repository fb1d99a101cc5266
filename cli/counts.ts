import type { Store } from '../store/collections.js'
import { countOf } from '../store/lookups.js'
import { count, listed } from './say.js'

/** What a data file holds: `3 users, 15 ships and 12 articles`. Kinds that it has none of are passed over. */
export async function countsOf(store: Store): Promise<string> {
  const numbers: [number, string][] = [
    [await countOf(store.users), 'user'],
    [await countOf(store.ships), 'ship'],
    [await countOf(store.articles), 'article'],
    [await countOf(store.templates), 'template'],
    [await countOf(store.projects), 'project'],
    [await countOf(store.memberships), 'membership'],
    [await countOf(store.dmps), 'plan'],
    [await countOf(store.applications), 'application'],
  ]
  const some = numbers.filter(([number]) => number > 0)
  return listed(some.map(([number, thing]) => count(number, thing))) || 'nothing'
}
