import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { type TSchema, Type } from '@sinclair/typebox'
import type { FastifyRequest } from 'fastify'
import { loginRefusals } from '../plugins/auth/login.js'
import { AccessToken, exampleToken } from '../plugins/auth/tokens.js'
import { errors } from '../plugins/http/errors.js'
import { linked, withToken } from '../plugins/openapi/links.js'
import { Message, success } from '../plugins/openapi/responses.js'
import { addRoute } from '../plugins/route.js'
import { ref } from '../store/schema.js'

const TokenPair = Type.Object(
  {
    access_token: Type.String({ description: 'For `Authorization: Bearer`' }),
    refresh_token: Type.String({
      description: 'Gets a new access token when that one has expired',
    }),
  },
  {
    $id: 'TokenPair',
    additionalProperties: false,
    examples: [{ access_token: exampleToken, refresh_token: exampleToken }],
  },
)

export interface SessionOptions {
  /** The API that they belong to. */
  readonly tag: string
  /** What one logs in with, and where the name is in that. */
  readonly credentials: TSchema & { readonly static: { readonly password: string } }
  readonly nameIn: (credentials: object) => string
  readonly description: string
  /** The operations that a login leads to. */
  readonly next: readonly string[]
}

/** Logging in and out, and new access tokens. */
const sessions: FastifyPluginAsyncTypebox<SessionOptions> = async (
  app,
  { tag, credentials, nameIn, description, next },
) => {
  app.addSchema(TokenPair)
  const { access, refresh } = app.guards

  addRoute(app, {
    method: 'POST',
    url: '/login',
    keepsData: true,
    schema: {
      operationId: 'logIn',
      summary: 'Log in',
      description: `${description} Send the \`access_token\` as \`Authorization: Bearer\`, and the \`refresh_token\` to get a new one.`,
      tags: [tag],
      body: ref(credentials),
      response: {
        200: linked(
          success('An access token and a refresh token', TokenPair, ['cache-control']),
          withToken([...next, 'logOut'], 'access_token'),
          withToken(['refreshAccessToken', 'revokeRefreshToken'], 'refresh_token'),
        ),
        ...loginRefusals(errors.credentialsWrong()),
      },
    },
    handler: async (request, reply) => {
      const { body } = request
      const user = await app.logIn(request, nameIn(body), body.password)
      reply.header('cache-control', 'no-store')
      return {
        access_token: app.tokens.issue(request.world, user, 'access'),
        refresh_token: app.tokens.issue(request.world, user, 'refresh'),
      }
    },
  })

  addRoute(app, {
    method: 'POST',
    url: '/refresh',
    keepsData: true,
    guard: refresh,
    schema: {
      operationId: 'refreshAccessToken',
      summary: 'Get a new access token',
      description: 'The refresh token stays good, for more of them.',
      tags: [tag],
      response: { 200: success('A new access token', AccessToken, ['cache-control']) },
    },
    handler: async (request, reply) => {
      reply.header('cache-control', 'no-store')
      return { access_token: app.tokens.issue(request.world, request.user, 'access') }
    },
  })

  addRoute(app, {
    method: 'DELETE',
    url: '/logout',
    keepsData: true,
    guard: access,
    schema: {
      operationId: 'logOut',
      summary: 'Revoke an access token',
      description:
        'The token that the request carries is refused from now on. The others of its user stay good.',
      tags: [tag],
      response: { 200: success('The token is revoked', Message) },
    },
    handler: logOut,
  })

  addRoute(app, {
    method: 'DELETE',
    url: '/logout2',
    keepsData: true,
    guard: refresh,
    schema: {
      operationId: 'revokeRefreshToken',
      summary: 'Revoke a refresh token',
      description:
        'The refresh token that the request carries is refused from now on. Access tokens that it gave stay good.',
      tags: [tag],
      response: { 200: success('The token is revoked', Message) },
    },
    handler: logOut,
  })
}

async function logOut({ server, claims, world }: FastifyRequest): Promise<Message> {
  await server.tokens.revoke(claims, world)
  return { message: 'Successfully logged out.' }
}

export default sessions
