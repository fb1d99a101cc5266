import type { Denylist } from '../engine.js'
import { SortedList } from './sorted-list.js'

interface Entry {
  readonly jti: string
  readonly expiresAt: number
}

/** Revoked tokens in memory, sorted by their end, so that what has expired goes without a search. */
export class MemoryDenylist implements Denylist {
  readonly #now: () => number
  readonly #revoked = new Set<string>()
  readonly #byEnd = new SortedList<Entry>(
    (a, b) => a.expiresAt - b.expiresAt || (a.jti < b.jti ? -1 : a.jti > b.jti ? 1 : 0),
  )

  /** @param now the clock: milliseconds since 1970 */
  constructor(now: () => number = Date.now) {
    this.#now = now
  }

  get size(): number {
    return this.#revoked.size
  }

  async add(jti: string, expiresAt: number): Promise<void> {
    this.#forgetExpired()
    if (this.#revoked.has(jti) || expiresAt <= this.#now()) return
    this.#revoked.add(jti)
    this.#byEnd.add({ jti, expiresAt })
  }

  async has(jti: string): Promise<boolean> {
    return this.#revoked.has(jti)
  }

  #forgetExpired(): void {
    const now = this.#now()
    for (
      let entry = this.#byEnd.first;
      entry && entry.expiresAt <= now;
      entry = this.#byEnd.first
    ) {
      this.#byEnd.remove(entry)
      this.#revoked.delete(entry.jti)
    }
  }
}
