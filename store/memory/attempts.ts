import { randomUUID } from 'node:crypto'
import { LRUCache } from 'lru-cache'
import { type Attempts, countedName, digestOf, WINDOW } from '../attempts.js'
import type { Store } from '../collections.js'
import { userNamed } from '../lookups.js'

/** Of how many users and addresses something is remembered, in all worlds: more than can be hashed while failures count. */
const MAX_REMEMBERED = 20_000

/** The logins to all views of this process. */
export class LoginMemory {
  readonly #failures = new LRUCache<string, number>({ max: MAX_REMEMBERED, ttl: WINDOW })
  readonly #known = new LRUCache<string, true>({ max: MAX_REMEMBERED })

  /** Those to one view, from now on: it has names of its own. */
  attemptsOn(store: Pick<Store, 'users'>): Attempts {
    const scope = randomUUID()
    const keyOf = (name: string, address: string) => digestOf(scope, address, name)
    return {
      of: async (username, address) => {
        const user = await userNamed(store, username)
        const key = keyOf(countedName(user, username), address)
        return {
          user,
          failures: this.#failures.get(key) ?? 0,
          remaining: this.#failures.getRemainingTTL(key),
          isKnown: user !== undefined && this.#known.get(keyOf(user.publicId, address)) === true,
        }
      },
      addFailure: async (name, address) => {
        const key = keyOf(name, address)
        this.#failures.set(key, (this.#failures.get(key) ?? 0) + 1, { noUpdateTTL: true })
      },
      // Not by its name, which another can have once this one is deleted.
      addSuccess: async ({ publicId }, address) => {
        this.#known.set(keyOf(publicId, address), true)
      },
    }
  }
}
