import { Type } from '@sinclair/typebox'
import type { FastifyRequest } from 'fastify'
import fp from 'fastify-plugin'
import { MAX_LOGIN_NAME } from '../../seed/own-accounts.js'
import { type Attempt, type Attempts, countedName, type Failures } from '../../store/attempts.js'
import { compile } from '../../store/check.js'
import type { User } from '../../store/collections.js'
import { LoginMemory } from '../../store/memory/attempts.js'
import { type ApiError, errors } from '../http/errors.js'
import { failure } from '../openapi/responses.js'
import { PerWorld } from '../workspaces/world.js'
import { findByOtherName } from './accounts.js'

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

/** The longest that a name and a password of any account are: what is longer is nobody's, and nothing is kept of it. */
const isPossible = compile(
  Type.Object({
    username: Type.String({ maxLength: MAX_LOGIN_NAME }),
    password: Type.String({ maxLength: 1024 }),
  }),
)
/** How many times the limit is looked at where the user has logged in from the same address before. */
const KNOWN_FACTOR = 5

/**
 * Bounds failed logins by user and address, so that nobody can try password after password. Where that user has logged in
 * from that address before, the right password passes beyond the limit too: whoever tests a client isn't locked out by its
 * failures. A wrong one is answered there as if nobody had looked. Somebody else behind the same address could use that to go
 * on trying, so this ends as well, at a multiple of the limit.
 */
class LoginLimiter {
  /** How many may fail. */
  readonly limit: number

  /** @param limit 0 for any number */
  constructor(limit: number) {
    this.limit = limit === 0 ? Number.POSITIVE_INFINITY : limit
  }

  /** @throws 429 where a login isn't to be looked at */
  requireRoom({ failures, remaining, isKnown }: Attempt): void {
    if (failures >= (isKnown ? this.limit * KNOWN_FACTOR : this.limit)) throw refusal(remaining)
  }

  /**
   * @param failures with the one that is to be answered: of many at once some are beyond the limit
   * @throws 429 where one is to be answered as if nobody had looked
   */
  requireWithin({ failures, remaining }: Failures): void {
    if (failures > this.limit) throw refusal(remaining)
  }
}

function refusal(remaining: number): ApiError {
  return errors.tooManyFailures(Math.max(1, Math.ceil(remaining / 1000)))
}

/** Logging in by name and password, the same for every API. */
export default fp<LoginOptions>(
  async (app, { loginLimit, hasOwnUsers }) => {
    const limiter = new LoginLimiter(loginLimit)
    /** How many have failed in this process, as whoever it was. */
    let failed = 0
    // In all worlds together there is one bound.
    const memory = new LoginMemory()
    const attempts = new PerWorld<Attempts>(
      ({ store }) => app.database?.attempts ?? memory.attemptsOn(store),
    )

    /** What is known of a login, by whichever of its names an account is tried. */
    const attemptOf = async ({ ip, store, world }: FastifyRequest, name: string) => {
      const attempt = await attempts.of(world).of(name, ip)
      if (attempt.user || !hasOwnUsers) return attempt
      const user = await findByOtherName(store, name)
      return user ? attempts.of(world).of(user.username, ip) : attempt
    }

    app.decorate('logIn', async (request, username, password, wrong = errors.credentialsWrong) => {
      if (!isPossible({ username, password })) throw wrong(undefined)
      const { ip, world } = request
      const before = failed
      const attempt = await attemptOf(request, username)
      limiter.requireRoom(attempt)
      const { user } = attempt
      const isRight = await app.passwords.verify(world, user, password)
      if (user && isRight) {
        // Others of the same name may have failed while this one was being checked.
        if (!attempt.isKnown || failed !== before) {
          limiter.requireRoom(await attempts.of(world).addSuccess(user, ip, limiter.limit))
        }
        return user
      }
      failed++
      limiter.requireWithin(await attempts.of(world).addFailure(countedName(user, username), ip))
      throw wrong(user)
    })
  },
  { name: 'login', dependencies: ['passwords', 'store'] },
)
