import { randomUUID } from 'node:crypto'
import { LRUCache } from 'lru-cache'
import { type Attempt, type Attempts, countedName, digestOf, WINDOW } from '../attempts.js'
import type { Store, User } from '../collections.js'
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
    const failuresOf = (key: string) => ({
      failures: this.#failures.get(key) ?? 0,
      remaining: this.#failures.getRemainingTTL(key),
    })
    // Not by its name, which another can have once this one is deleted.
    const knownKey = ({ publicId }: User, address: string) => keyOf(publicId, address)
    const attemptOf = (user: User | undefined, name: string, address: string): Attempt => ({
      user,
      ...failuresOf(keyOf(name, address)),
      isKnown: user !== undefined && this.#known.get(knownKey(user, address)) === true,
    })
    return {
      of: async (username, address) => {
        const user = await userNamed(store, username)
        return attemptOf(user, countedName(user, username), address)
      },
      addFailure: async (name, address) => {
        const key = keyOf(name, address)
        this.#failures.set(key, failuresOf(key).failures + 1, { noUpdateTTL: true })
        return failuresOf(key)
      },
      addSuccess: async (user, address, limit) => {
        const { failures } = failuresOf(keyOf(user.username, address))
        if (failures < limit) this.#known.set(knownKey(user, address), true)
        return attemptOf(user, user.username, address)
      },
    }
  }
}
