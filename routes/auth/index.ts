import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { Type } from '@sinclair/typebox'
import type { FastifyRequest } from 'fastify'
import { bearer } from '../../plugins/auth/carriers.js'
import guards from '../../plugins/auth/guards.js'
import { loginRefusals } from '../../plugins/auth/login.js'
import { exampleToken } from '../../plugins/auth/tokens.js'
import { errors } from '../../plugins/http/errors.js'
import { failure, success } from '../../plugins/openapi/responses.js'
import { addRoute } from '../../plugins/route.js'
import { missingField } from '../../store/check.js'
import type { User } from '../../store/collections.js'
import type { FreeForm } from '../../store/free-form.js'
import { ref } from '../../store/schema.js'
import sessions from '../sessions.js'

/** How accounts are made and shown: they are an API's, or the user's own. */
export interface Accounts {
  /**
   * Makes an account of a registration.
   * @throws 400, 403, 409, 503
   */
  readonly register: (request: FastifyRequest, body: FreeForm) => Promise<User>
  readonly show: (user: User) => FreeForm
}

export interface AuthOptions {
  readonly accounts: Accounts
  /** Whether the session routes are here; an API that is mounted may have them already. */
  readonly hasSessions: boolean
}

const TAG = 'auth'

/** The names that an account can have: the first of them that is there counts. */
const nameFields = {
  username: Type.Optional(Type.String({ maxLength: 128, description: "The user's name" })),
  email: Type.Optional(Type.String({ maxLength: 254, description: 'The email, in its place' })),
  name: Type.Optional(Type.String({ maxLength: 128, description: 'Or the name' })),
}

const password = Type.String({ minLength: 1, maxLength: 1024, description: 'The password' })

const AnyCredentials = Type.Object(
  { ...nameFields, password },
  {
    $id: 'AnyCredentials',
    additionalProperties: true,
    examples: [{ email: 'ann@example.com', password: 'password' }],
  },
)

const Registration = Type.Object(
  { ...nameFields, password },
  {
    $id: 'Registration',
    // The other fields are the record's.
    additionalProperties: true,
    examples: [{ email: 'bob@example.com', password: 'password', name: 'Bob' }],
  },
)

const Profile = Type.Unsafe<FreeForm>(
  Type.Object(
    {},
    {
      $id: 'UserProfile',
      additionalProperties: true,
      description: 'The record of a user, without the password',
      examples: [{ id: 1, email: 'ann@example.com', name: 'Ann' }],
    },
  ),
)

const token = Type.String({ description: 'For `Authorization: Bearer`' })

const Registered = Type.Object(
  {
    access_token: token,
    refresh_token: Type.String({ description: 'Gets a new access token' }),
    user: ref(Profile),
  },
  {
    $id: 'Registered',
    additionalProperties: false,
    examples: [
      {
        access_token: exampleToken,
        refresh_token: exampleToken,
        user: { id: 2, email: 'bob@example.com', name: 'Bob' },
      },
    ],
  },
)

const LoggedIn = Type.Object(
  { accessToken: token, user: ref(Profile) },
  {
    $id: 'LoggedIn',
    additionalProperties: false,
    examples: [{ accessToken: exampleToken, user: { id: 1, email: 'ann@example.com' } }],
  },
)

const refusals = {
  403: failure('It would be an admin, and you are none', errors.adminOnly()),
  409: failure('Another user has this name or email', errors.taken(['username'])),
  503: failure('Too many passwords wait to be hashed', errors.overloaded()),
}

/** Accounts for whoever brings their own data: registering, logging in, and who one is. */
const auth: FastifyPluginAsyncTypebox<AuthOptions> = async (app, { accounts, hasSessions }) => {
  await app.register(guards, { carriers: [bearer] })
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
        access_token: app.tokens.issue(user, 'access'),
        refresh_token: app.tokens.issue(user, 'refresh'),
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
      tags: [TAG],
      response: { 200: success('Your own record', Profile) },
    },
    handler: async ({ user }) => accounts.show(user),
  })

  // As json-server-auth has them.
  if (!app.hasRoute({ method: 'POST', url: '/register' })) {
    addRoute(app, {
      method: 'POST',
      url: '/register',
      schema: {
        operationId: 'register',
        summary: 'Make an account, as with json-server-auth',
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
        return { accessToken: app.tokens.issue(user, 'access'), user: accounts.show(user) }
      },
    })
  }
  if (!app.hasRoute({ method: 'POST', url: '/login' })) {
    addRoute(app, {
      method: 'POST',
      url: '/login',
      schema: {
        operationId: 'logInByEmail',
        summary: 'Log in, as with json-server-auth',
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
        return { accessToken: app.tokens.issue(user, 'access'), user: accounts.show(user) }
      },
    })
  }
}

/** @throws 400 where there is none */
function nameIn(credentials: object): string {
  const { username, email, name }: Readonly<Record<string, unknown>> = { ...credentials }
  const given = username ?? email ?? name
  if (typeof given === 'string' && given !== '') return given
  throw errors.invalid('body', missingField('username'))
}

export default auth
