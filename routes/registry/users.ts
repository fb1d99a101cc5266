import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { Type } from '@sinclair/typebox'
import { creationRefusals } from '../../plugins/auth/accounts.js'
import { loginRefusals } from '../../plugins/auth/login.js'
import { exampleToken } from '../../plugins/auth/tokens.js'
import { errors } from '../../plugins/http/errors.js'
import { answerList } from '../../plugins/http/list.js'
import { Id } from '../../plugins/http/record.js'
import { linked, to } from '../../plugins/openapi/links.js'
import { failure, list, Message, success } from '../../plugins/openapi/responses.js'
import { addRoute } from '../../plugins/route.js'
import type { User } from '../../store/collections.js'
import { NewUsername, Username } from '../../store/names.js'
import { ref } from '../../store/schema.js'

const RegistryUser = Type.Object(
  { id: Id, username: Username },
  { $id: 'RegistryUser', additionalProperties: false, examples: [{ id: 1, username: 'user' }] },
)

const password = Type.String({
  minLength: 1,
  maxLength: 1024,
  description: 'One character or more',
})

const RegistryCredentials = Type.Object(
  { username: Username, password },
  {
    $id: 'RegistryCredentials',
    additionalProperties: false,
    examples: [{ username: 'user', password: 'password' }],
  },
)

const RegistryUserInput = Type.Object(
  { username: NewUsername, password },
  {
    $id: 'RegistryUserInput',
    additionalProperties: false,
    examples: [{ username: 'another user', password: 'password' }],
  },
)

const RegistryToken = Type.Object(
  { token: Type.String({ description: 'For the header `token`' }) },
  { $id: 'RegistryToken', additionalProperties: false, examples: [{ token: exampleToken }] },
)

const refusals = {
  ...loginRefusals(errors.passwordIncorrect()),
  404: failure('No user has this name', errors.usernameNotFound()),
}

/** As the document has it, an unknown name and a wrong password are told apart here; they take the same time. */
const wrong = (user: User | undefined) =>
  user ? errors.passwordIncorrect() : errors.usernameNotFound()

export interface UserOptions {
  /** Whether everybody may see the list of users. */
  readonly isListed: boolean
  /** How long the tokens of a login live, in milliseconds. */
  readonly sessionTokenTtl: number
}

/** Registering, and tokens. */
const users: FastifyPluginAsyncTypebox<UserOptions> = async (
  app,
  { isListed, sessionTokenTtl },
) => {
  for (const schema of [RegistryUser, RegistryUserInput, RegistryCredentials, RegistryToken]) {
    app.addSchema(schema)
  }
  const { access } = app.guards

  if (isListed) {
    addRoute(app, {
      method: 'GET',
      url: '/admin/user_list',
      schema: {
        operationId: 'listRegistryUsers',
        summary: 'List all users',
        description: 'For tests, and open to all. It is absent where NODE_ENV is `production`.',
        tags: ['registry'],
        response: { 200: list('All users, by id', RegistryUser) },
      },
      handler: async ({ store }, reply) =>
        answerList(reply, store.users, {}, (users) =>
          users.map(({ id, username }) => ({ id, username })),
        ),
    })
  } else {
    // Or the path would be that of a package's tag.
    app.get('/admin/user_list', { schema: { hide: true } }, async () => {
      throw errors.routeNotFound()
    })
  }

  addRoute(app, {
    method: 'POST',
    url: '/user/add',
    schema: {
      operationId: 'addUser',
      summary: 'Register a user',
      description: 'Everybody may. The account can log in to every API.',
      tags: ['registry'],
      body: ref(RegistryUserInput),
      response: {
        200: linked(
          success('The new user', RegistryUser),
          to(['getToken'], { description: 'Send the same `username` and `password`' }),
        ),
        ...creationRefusals,
      },
    },
    handler: async (request) => {
      const { username, password } = request.body
      const { id } = await app.createUser(request, username, password)
      return { id, username }
    },
  })

  addRoute(app, {
    method: 'POST',
    url: '/user/get_token',
    keepsData: true,
    schema: {
      operationId: 'getToken',
      summary: 'Log in',
      description: 'Send the token in the header `token`, or as `Authorization: Bearer`.',
      tags: ['registry'],
      body: ref(RegistryCredentials),
      response: {
        200: linked(
          success('The token', RegistryToken, ['cache-control']),
          to(['invalidateToken'], {
            description:
              'Send `token` as the header of that name, and the same `username` and `password`',
          }),
        ),
        ...refusals,
      },
    },
    handler: async (request, reply) => {
      const { username, password } = request.body
      const user = await app.logIn(request, username, password, wrong)
      reply.header('cache-control', 'no-store')
      return { token: app.tokens.issue(request.world, user, 'access', sessionTokenTtl) }
    },
  })

  addRoute(app, {
    method: 'POST',
    url: '/user/invalidate_token',
    keepsData: true,
    guard: access,
    schema: {
      operationId: 'invalidateToken',
      summary: 'Revoke a token',
      description: "With the name and the password of the token's user.",
      tags: ['registry'],
      body: ref(RegistryCredentials),
      response: {
        200: success('The token is revoked', Message, [], { message: 'token has been revoked' }),
        ...refusals,
      },
    },
    handler: async (request) => {
      const { username, password } = request.body
      const user = await app.logIn(request, username, password, wrong)
      if (user.id !== request.user.id) throw errors.tokenInvalid()
      await app.tokens.revoke(request.claims, request.world)
      return { message: 'token has been revoked' }
    },
  })
}

export default users
