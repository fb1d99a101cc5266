import { createHash } from 'node:crypto'
import { LRUCache } from 'lru-cache'
import { type ApiError, errors } from '../http/errors.js'

/** How long failures count, in milliseconds. */
const WINDOW = 60_000

/** Of how many users and addresses something is remembered, in all worlds: more than can be hashed while failures count. */
const MAX_REMEMBERED = 20_000

/** How many times the limit is looked at where the user has logged in from the same address before. */
const KNOWN_FACTOR = 5

/** Who logs in: a hash of the name that was given and where that was, so that a long name takes no more room than a short one. */
export interface LoginKeys {
  /** Of the name that was given. */
  readonly name: string
  /** Of the account that has it; undefined where there is none. */
  readonly account: string | undefined
}

/**
 * Counts failed logins by user and address, so that nobody can try password after password. Where that user has logged in
 * from that address before, the right password passes beyond the limit too: whoever tests a client isn't locked out by its
 * failures. A wrong one is answered there as if nobody had looked. Somebody else behind the same address could use that to go
 * on trying, so this ends as well, at a multiple of the limit.
 */
export class LoginLimiter {
  readonly #limit: number
  readonly #failures = new LRUCache<string, number>({ max: MAX_REMEMBERED, ttl: WINDOW })
  readonly #known = new LRUCache<string, true>({ max: MAX_REMEMBERED })

  /** @param limit how many failures a minute a user and address may have; 0 for any number */
  constructor(limit: number) {
    this.#limit = limit
  }

  /**
   * Says whether a login is beyond the limit and let through to be looked at all the same.
   * @throws 429
   */
  isBeyond({ name, account }: LoginKeys): boolean {
    const failures = this.#failures.get(name) ?? 0
    if (this.#limit === 0 || failures < this.#limit) return false
    const isKnown = account !== undefined && this.#known.get(account) === true
    if (!isKnown || failures >= this.#limit * KNOWN_FACTOR) throw this.refusal({ name })
    return true
  }

  refusal({ name }: Pick<LoginKeys, 'name'>): ApiError {
    return errors.tooManyFailures(
      Math.max(1, Math.ceil(this.#failures.getRemainingTTL(name) / 1000)),
    )
  }

  addFailure({ name }: LoginKeys): void {
    this.#failures.set(name, (this.#failures.get(name) ?? 0) + 1, { noUpdateTTL: true })
  }

  addSuccess(account: string): void {
    this.#known.set(account, true)
  }
}

/** A key of a fixed length, made of what belongs together. */
export function keyOf(...parts: readonly string[]): string {
  return createHash('sha256').update(parts.join('\n')).digest('base64url')
}
