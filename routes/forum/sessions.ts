import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { Type } from '@sinclair/typebox'
import { Credentials, loginRefusals } from '../../plugins/auth/login.js'
import { exampleToken } from '../../plugins/auth/tokens.js'
import { errors } from '../../plugins/http/errors.js'
import { Id } from '../../plugins/http/record.js'
import { linked, withToken } from '../../plugins/openapi/links.js'
import { success } from '../../plugins/openapi/responses.js'
import { addRoute } from '../../plugins/route.js'
import { Username } from '../../store/names.js'
import { ref } from '../../store/schema.js'

/** The field of a body that carries the token, where no `Authorization` does. */
export const tokenField = {
  'access-token': Type.Optional(
    Type.String({
      description: 'The token of a login, unless `Authorization: Bearer` carries it',
      examples: [exampleToken],
    }),
  ),
}

export const TokenBody = Type.Object(tokenField, {
  $id: 'TokenBody',
  additionalProperties: false,
  // Not a token: the reference would send it beside the one that it is given.
  examples: [{}],
})

const ForumLogin = Type.Object(
  {
    'access-token': Type.String({
      description: 'For `access-token` in a body, or `Authorization: Bearer`',
    }),
    user_id: Id,
    username: Username,
  },
  {
    $id: 'ForumLogin',
    additionalProperties: false,
    examples: [{ 'access-token': exampleToken, user_id: 1, username: 'user' }],
  },
)

const TokenHolder = Type.Object(
  { username: Username, id: Id },
  { $id: 'TokenHolder', additionalProperties: false, examples: [{ username: 'user', id: 1 }] },
)

export interface SessionOptions {
  /** How long the tokens of a login live, in milliseconds. */
  readonly sessionTokenTtl: number
}

/** Logging in, and asking whose a token is. */
const sessions: FastifyPluginAsyncTypebox<SessionOptions> = async (app, { sessionTokenTtl }) => {
  for (const schema of [ForumLogin, TokenHolder]) app.addSchema(schema)
  const { access } = app.guards

  addRoute(app, {
    method: 'POST',
    url: '/login',
    keepsData: true,
    schema: {
      operationId: 'logInToForum',
      summary: 'Log in',
      description: 'Send the token as `access-token` in a body, or as `Authorization: Bearer`.',
      tags: ['forum'],
      body: ref(Credentials),
      response: {
        200: linked(
          success('The access token', ForumLogin, ['cache-control']),
          withToken(['verifyToken'], 'access-token'),
        ),
        ...loginRefusals(errors.credentialsWrong()),
      },
    },
    handler: async (request, reply) => {
      const { username, password } = request.body
      const user = await app.logIn(request, username, password)
      reply.header('cache-control', 'no-store')
      return {
        'access-token': app.tokens.issue(request.world, user, 'access', sessionTokenTtl),
        user_id: user.id,
        username: user.username,
      }
    },
  })

  addRoute(app, {
    method: 'POST',
    url: '/verify-token',
    keepsData: true,
    guard: access,
    schema: {
      operationId: 'verifyToken',
      summary: 'Ask whose an access token is',
      description: 'The token can be in the body or in `Authorization: Bearer`.',
      tags: ['forum'],
      body: ref(TokenBody),
      response: { 200: success('The token is good, and this is whose it is', TokenHolder) },
    },
    handler: async ({ user: { username, id } }) => ({ username, id }),
  })
}

export default sessions
