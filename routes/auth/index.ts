import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import type { FastifyInstance, FastifyRequest } from 'fastify'
import { bearer } from '../../plugins/auth/carriers.js'
import guards, { type Guard } from '../../plugins/auth/guards.js'
import { loginRefusals } from '../../plugins/auth/login.js'
import { errors } from '../../plugins/http/errors.js'
import { failure, success } from '../../plugins/openapi/responses.js'
import { addRoute } from '../../plugins/route.js'
import { missingField } from '../../store/check.js'
import type { User } from '../../store/collections.js'
import type { FreeForm } from '../../store/free-form.js'
import { ref } from '../../store/schema.js'
import sessions from '../sessions.js'
import { AnyCredentials, LoggedIn, Profile, Registered, Registration } from './schemas.js'

/** How accounts are made and shown: they are an API's, or the user's own. */
export interface Accounts {
  /**
   * Makes an account of a registration.
   * @throws 400, 403, 409, 503
   */
  readonly register: (request: FastifyRequest, body: FreeForm) => Promise<User>
  readonly show: (user: User) => FreeForm
  /** Who may register; everybody without it. */
  readonly guard?: (app: Pick<FastifyInstance, 'guards'>) => Guard | undefined
}

export interface AuthOptions {
  readonly accounts: Accounts
  /** Whether the session routes are here; an API that is mounted may have them already. */
  readonly hasSessions: boolean
  /** Whether a name at the top is a collection of the user's own: it comes before what json-server-auth has there. */
  readonly isTaken: (name: string) => boolean
}

const TAG = 'auth'

const refusals = {
  403: failure('It would be an admin, and you are none', errors.adminOnly()),
  409: failure('Another user has this name or email', errors.taken(['username'])),
  503: failure('Too many passwords wait to be hashed', errors.overloaded()),
}

/** Accounts for whoever brings their own data: registering, logging in, and who one is. */
const auth: FastifyPluginAsyncTypebox<AuthOptions> = async (
  app,
  { accounts, hasSessions, isTaken },
) => {
  await app.register(guards, { carriers: [bearer] })
  const guard = accounts.guard?.(app)
  for (const schema of [AnyCredentials, Registration, Profile, Registered, LoggedIn]) {
    app.addSchema(schema)
  }

  if (hasSessions) {
    await app.register(sessions, {
      prefix: '/auth',
      tag: TAG,
      credentials: AnyCredentials,
      nameIn,
      description: 'With `username`, `email` or `name`, and the password.',
      next: ['whoAmI'],
    })
  }

  addRoute(app, {
    method: 'POST',
    url: '/auth/register',
    guard,
    schema: {
      operationId: 'registerUser',
      summary: 'Make an account',
      description: "It logs in by its username, email or name. Other fields become the record's.",
      tags: [TAG],
      body: ref(Registration),
      response: {
        201: success('The account, logged in', Registered, ['cache-control']),
        ...refusals,
      },
    },
    handler: async (request, reply) => {
      const user = await accounts.register(request, request.body)
      reply.code(201).header('cache-control', 'no-store')
      return {
        access_token: app.tokens.issue(request.world, user, 'access'),
        refresh_token: app.tokens.issue(request.world, user, 'refresh'),
        user: accounts.show(user),
      }
    },
  })

  addRoute(app, {
    method: 'GET',
    url: '/auth/me',
    guard: app.guards.access,
    schema: {
      operationId: 'whoAmI',
      summary: 'Who am I?',
      description: 'The record of the user whose token it is.',
      tags: [TAG],
      response: { 200: success('Your own record', Profile) },
    },
    handler: async ({ user }) => accounts.show(user),
  })

  // As json-server-auth has them, each under two names.
  for (const name of ['register', 'signup']) {
    if (app.hasRoute({ method: 'POST', url: `/${name}` }) || isTaken(name)) continue
    addRoute(app, {
      method: 'POST',
      url: `/${name}`,
      guard,
      schema: {
        operationId: name,
        summary: 'Make an account, as with json-server-auth',
        description: 'The same as `registerUser`, with the answer that its clients read.',
        tags: [TAG],
        body: ref(Registration),
        response: {
          201: success('The account, logged in', LoggedIn, ['cache-control']),
          ...refusals,
        },
      },
      handler: async (request, reply) => {
        const user = await accounts.register(request, request.body)
        reply.code(201).header('cache-control', 'no-store')
        return {
          accessToken: app.tokens.issue(request.world, user, 'access'),
          user: accounts.show(user),
        }
      },
    })
  }
  for (const name of ['login', 'signin']) {
    if (app.hasRoute({ method: 'POST', url: `/${name}` }) || isTaken(name)) continue
    addRoute(app, {
      method: 'POST',
      url: `/${name}`,
      keepsData: true,
      schema: {
        operationId: name,
        summary: 'Log in, as with json-server-auth',
        description: 'The same as `logIn`, with the answer that its clients read.',
        tags: [TAG],
        body: ref(AnyCredentials),
        response: {
          200: success('A token', LoggedIn, ['cache-control']),
          ...loginRefusals(errors.credentialsWrong()),
        },
      },
      handler: async (request, reply) => {
        const { body } = request
        const user = await app.logIn(request, nameIn(body), body.password)
        reply.header('cache-control', 'no-store')
        return {
          accessToken: app.tokens.issue(request.world, user, 'access'),
          user: accounts.show(user),
        }
      },
    })
  }
}

/** @throws 400 where there is none */
function nameIn(credentials: object): string {
  const { username, email, name }: Readonly<Record<string, unknown>> = { ...credentials }
  const given = [username, email, name].find((text) => typeof text === 'string' && text !== '')
  if (typeof given === 'string') return given
  throw errors.invalid('body', missingField('username'))
}

export default auth
