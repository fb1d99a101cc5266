import type { Store } from '../store/engine.js'
import { count, listed } from './say.js'

/** What a data file holds: `3 users, 15 ships and 12 articles`. Kinds that it has none of are passed over. */
export async function countsOf(store: Store): Promise<string> {
  const numbers: [number, string][] = [
    [(await store.users.find({ limit: 0 })).total, 'user'],
    [(await store.ships.find({ limit: 0 })).total, 'ship'],
    [(await store.articles.find({ limit: 0 })).total, 'article'],
    [(await store.templates.find({ limit: 0 })).total, 'template'],
    [(await store.projects.find({ limit: 0 })).total, 'project'],
    [(await store.memberships.find({ limit: 0 })).total, 'membership'],
    [(await store.dmps.find({ limit: 0 })).total, 'plan'],
    [(await store.applications.find({ limit: 0 })).total, 'application'],
  ]
  const some = numbers.filter(([number]) => number > 0)
  return listed(some.map(([number, thing]) => count(number, thing))) || 'nothing'
}
