import fp from 'fastify-plugin'
import type { User } from '../../store/collections.js'
import { type ApiError, errors } from '../http/errors.js'
import { failure } from '../openapi/responses.js'

declare module 'fastify' {
  interface FastifyInstance {
    /**
     * Finds the user whom a name and a password belong to.
     * @param wrong makes what is thrown when they belong to nobody; it gets the user of that name
     * @throws 429 when this address has failed too often as this user, 503 when too many logins are waiting
     */
    readonly logIn: (
      request: FastifyRequest,
      username: string,
      password: string,
      wrong?: (user: User | undefined) => ApiError,
    ) => Promise<User>
  }
}

export interface LoginOptions {
  /** How many failures a minute a user and address may have; 0 for any number. */
  readonly loginLimit: number
}

/** The answers of a route that logs in, when it doesn't. */
export const loginRefusals = (wrong: ApiError) => ({
  401: failure('No user has this name and password', wrong),
  429: failure('This user failed too often from this address', errors.tooManyFailures(42)),
  503: failure('Too many logins wait', errors.overloaded()),
})

/** How long failures count, in milliseconds. */
const WINDOW = 60_000

/** Of how many users and addresses failures are remembered: more than can be hashed in that time. */
const MAX_REMEMBERED = 100_000

interface Failures {
  count: number
  readonly until: number
}

/** Counts failed logins by user and address, so that nobody can try password after password. */
export class LoginLimiter {
  readonly #limit: number
  readonly #now: () => number
  /** In the order in which they end. */
  readonly #failures = new Map<string, Failures>()

  /** @param now the clock: milliseconds since 1970 */
  constructor(limit: number, now: () => number = Date.now) {
    this.#limit = limit
    this.#now = now
  }

  /** @throws 429 when there were too many failures */
  check(key: string): void {
    const failures = this.#current(key)
    if (this.#limit > 0 && failures && failures.count >= this.#limit) {
      throw errors.tooManyFailures(Math.ceil((failures.until - this.#now()) / 1000))
    }
  }

  addFailure(key: string): void {
    const failures = this.#current(key)
    if (failures) failures.count += 1
    else this.#failures.set(key, { count: 1, until: this.#now() + WINDOW })
    for (const [oldest, { until }] of this.#failures) {
      if (until > this.#now() && this.#failures.size <= MAX_REMEMBERED) break
      this.#failures.delete(oldest)
    }
  }

  #current(key: string): Failures | undefined {
    const failures = this.#failures.get(key)
    if (failures && failures.until <= this.#now()) {
      this.#failures.delete(key)
      return undefined
    }
    return failures
  }
}

/** Logging in by name and password, the same for every API. */
export default fp<LoginOptions>(
  async (app, { loginLimit }) => {
    const limiter = new LoginLimiter(loginLimit)

    app.decorate('logIn', async (request, username, password, wrong = errors.credentialsWrong) => {
      const key = `${request.ip} ${username}`
      limiter.check(key)
      const user = await request.store.users.getBy({ username })
      const isRight = await app.passwords.verify(user, password)
      // Others of the same key may have failed while this one was being checked.
      limiter.check(key)
      if (user && isRight) return user
      limiter.addFailure(key)
      throw wrong(user)
    })
  },
  { name: 'login', dependencies: ['passwords', 'store'] },
)
