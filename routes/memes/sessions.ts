import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { Type } from '@sinclair/typebox'
import { nullable } from '../../schemas/nullable.js'
import { success } from '../../schemas/response.js'
import { exampleToken } from '../../schemas/session.js'
import { Username } from '../../store/collections.js'

const SharedLogin = Type.Object(
  {
    token: Type.String({
      description: 'For `x-access-token`; never expires unless a setting says so',
    }),
    username: Username,
    email: nullable(Type.String()),
    project: Type.String({ description: 'The name of a project of yours; `none` without one' }),
    project_description: Type.String(),
    access_token: Type.String({ description: 'For `Authorization: Bearer`' }),
    refresh_token: Type.String({
      description: 'Gets a new access token when that one has expired',
    }),
  },
  {
    $id: 'SharedLogin',
    additionalProperties: false,
    examples: [
      {
        token: exampleToken,
        username: 'user',
        email: null,
        project: 'none',
        project_description: '',
        access_token: exampleToken,
        refresh_token: exampleToken,
      },
    ],
  },
)

export interface SessionOptions {
  /** How long the token lives: milliseconds, Infinity for ever. */
  readonly tokenTtl: number
}

/** Logging in with Basic credentials. */
const sessions: FastifyPluginAsyncTypebox<SessionOptions> = async (app, { tokenTtl }) => {
  app.addSchema(SharedLogin)
  const { basic } = app.guards

  app.get(
    '/login',
    basic({
      schema: {
        operationId: 'logInWithBasic',
        summary: 'Log in',
        tags: ['memes'],
        response: { 200: success('The tokens', SharedLogin, ['cache-control']) },
      },
    }),
    async ({ user }, reply) => {
      reply.header('cache-control', 'no-store')
      return {
        token: app.tokens.issue(user, 'access', tokenTtl),
        username: user.username,
        email: user.email,
        project: 'none',
        project_description: '',
        access_token: app.tokens.issue(user, 'access'),
        refresh_token: app.tokens.issue(user, 'refresh'),
      }
    },
  )
}

export default sessions
