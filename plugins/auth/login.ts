import { Type } from '@sinclair/typebox'
import fp from 'fastify-plugin'
import { LRUCache } from 'lru-cache'
import type { User } from '../../store/collections.js'
import { type ApiError, errors } from '../http/errors.js'
import { failure } from '../openapi/responses.js'
import { PerWorld } from '../workspaces/world.js'
import { findAccount } from './accounts.js'

/** What one logs in with. */
export const Credentials = Type.Object(
  {
    username: Type.String({ minLength: 1, maxLength: 128, description: "The user's name" }),
    password: Type.String({ minLength: 1, maxLength: 1024, description: "The user's password" }),
  },
  {
    $id: 'Credentials',
    additionalProperties: false,
    examples: [{ username: 'user', password: 'password' }],
  },
)

declare module 'fastify' {
  interface FastifyInstance {
    /**
     * Finds the user whom a name and a password belong to.
     * @param wrong makes what is thrown when they belong to nobody; it gets the user of that name
     * @throws 429 when this address has failed too often as this user, unless it logs in as one it has been before; 503 when too many logins are waiting
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
  /** Whether accounts are the user's own. */
  readonly hasOwnUsers: boolean
}

/** The answers of a route that logs in, when it doesn't. */
export const loginRefusals = (wrong: ApiError) => ({
  401: failure('No user has this name and password', wrong),
  429: failure('This user failed too often from this address', errors.tooManyFailures(42)),
  503: failure('Too many logins wait', errors.overloaded()),
})

/** How long failures count, in milliseconds. */
const WINDOW = 60_000

/** Of how many users and addresses something is remembered: more than can be hashed while failures count. */
const MAX_REMEMBERED = 20_000

/** How many times the limit is looked at where the user has logged in from the same address before. */
const KNOWN_FACTOR = 5

/**
 * Counts failed logins by user and address, so that nobody can try password after password. Where that user has logged in
 * from that address before, the right password passes beyond the limit too: whoever tests a client isn't locked out by its
 * failures. A wrong one is answered there as if nobody had looked. Somebody else behind the same address could use that to go
 * on trying, so this ends as well, at a multiple of the limit.
 */
class LoginLimiter {
  readonly #limit: number
  readonly #failures = new LRUCache<string, number>({ max: MAX_REMEMBERED, ttl: WINDOW })
  readonly #known = new LRUCache<string, true>({ max: MAX_REMEMBERED })

  constructor(limit: number) {
    this.#limit = limit
  }

  /**
   * Says whether a login is beyond the limit and let through to be looked at all the same.
   * @param name the address and the name that was given
   * @param account the address and the account of that name, if there is one
   * @throws 429
   */
  isBeyond(name: string, account: string | undefined): boolean {
    const failures = this.#failures.get(name) ?? 0
    if (this.#limit === 0 || failures < this.#limit) return false
    const isKnown = account !== undefined && this.#known.get(account) === true
    if (!isKnown || failures >= this.#limit * KNOWN_FACTOR) throw this.refusal(name)
    return true
  }

  refusal(name: string): ApiError {
    return errors.tooManyFailures(
      Math.max(1, Math.ceil(this.#failures.getRemainingTTL(name) / 1000)),
    )
  }

  addFailure(name: string): void {
    this.#failures.set(name, (this.#failures.get(name) ?? 0) + 1, { noUpdateTTL: true })
  }

  addSuccess(account: string): void {
    this.#known.set(account, true)
  }
}

/** Logging in by name and password, the same for every API. */
export default fp<LoginOptions>(
  async (app, { loginLimit, hasOwnUsers }) => {
    const limiters = new PerWorld(() => new LoginLimiter(loginLimit))

    app.decorate('logIn', async (request, username, password, wrong = errors.credentialsWrong) => {
      const limiter = limiters.of(request.world)
      const user = await findAccount(request.store, username, hasOwnUsers)
      // By whichever of its names somebody tries, it is one account.
      const name = `${request.ip} ${user?.username ?? username}`
      // Not by its name, which another can have once this one is deleted.
      const account = user && `${request.ip} ${user.publicId}`
      limiter.isBeyond(name, account)
      const isRight = await app.passwords.verify(request.world, user, password)
      // Others of the same name may have failed while this one was being checked.
      const isBeyond = limiter.isBeyond(name, account)
      if (user && account && isRight) {
        limiter.addSuccess(account)
        return user
      }
      limiter.addFailure(name)
      throw isBeyond ? limiter.refusal(name) : wrong(user)
    })
  },
  { name: 'login', dependencies: ['passwords', 'store'] },
)
