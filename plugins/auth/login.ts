import { randomUUID } from 'node:crypto'
import { Type } from '@sinclair/typebox'
import fp from 'fastify-plugin'
import { MAX_LOGIN_NAME } from '../../seed/own-accounts.js'
import { compile } from '../../store/check.js'
import type { User } from '../../store/collections.js'
import { type ApiError, errors } from '../http/errors.js'
import { failure } from '../openapi/responses.js'
import { PerWorld } from '../workspaces/world.js'
import { findAccount } from './accounts.js'
import { keyOf, LoginLimiter } from './login-limiter.js'

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

/** Logging in by name and password, the same for every API. */
export default fp<LoginOptions>(
  async (app, { loginLimit, hasOwnUsers }) => {
    const limiter = new LoginLimiter(loginLimit)
    // In all worlds together there is one bound, so each has a name of its own, and another after a reset.
    const scopes = new PerWorld(() => randomUUID())

    app.decorate('logIn', async (request, username, password, wrong = errors.credentialsWrong) => {
      if (!isPossible({ username, password })) throw wrong(undefined)
      const user = await findAccount(request.store, username, hasOwnUsers)
      const scope = scopes.of(request.world)
      const keys = {
        // By whichever of its names somebody tries, it is one account.
        name: keyOf(scope, request.ip, user?.username ?? username),
        // Not by its name, which another can have once this one is deleted.
        account: user && keyOf(scope, request.ip, user.publicId),
      }
      limiter.isBeyond(keys)
      const isRight = await app.passwords.verify(request.world, user, password)
      // Others of the same name may have failed while this one was being checked.
      const isBeyond = limiter.isBeyond(keys)
      if (user && keys.account && isRight) {
        limiter.addSuccess(keys.account)
        return user
      }
      limiter.addFailure(keys)
      throw isBeyond ? limiter.refusal(keys) : wrong(user)
    })
  },
  { name: 'login', dependencies: ['passwords', 'store'] },
)
