import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { Type } from '@sinclair/typebox'
import { exampleToken } from '../plugins/auth/tokens.js'
import { linked } from '../plugins/openapi/links.js'
import { success } from '../plugins/openapi/responses.js'
import { addRoute } from '../plugins/route.js'
import { firstProjectOf } from '../store/lookups.js'
import { Username } from '../store/names.js'
import { nullable } from '../store/schema.js'
import type { Api, ApiOptions } from './api.js'

const SharedLogin = Type.Object(
  {
    token: Type.String({
      description: 'For `x-access-token`; never expires unless a setting says so',
    }),
    username: Username,
    email: nullable(Type.String(), { description: 'Null where the user has none' }),
    project: Type.String({ description: 'The name of your first project; `none` without one' }),
    project_description: Type.String({
      description: 'The description of that project; empty without one',
    }),
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

/** Logging in with Basic credentials: one route for all APIs that share it, in the scope of the first of them. */
const login: FastifyPluginAsyncTypebox<ApiOptions> = async (app, { config, mounted }) => {
  const sharing = mounted.flatMap(({ tag, login }) => (login ? [{ tag, ...login }] : []))
  app.decorate('wording', { words: {}, isInError: sharing.some(({ isInError }) => isInError) })
  app.addSchema(SharedLogin)
  const { basic } = app.guards

  addRoute(app, {
    method: 'GET',
    url: '/login',
    guard: basic,
    schema: {
      operationId: 'logInWithBasic',
      summary: 'Log in',
      description:
        'With HTTP Basic. The answer has the tokens of every API that shares this login.',
      tags: sharing.slice(0, 1).map(({ tag }) => tag.name),
      response: {
        200: linked(
          success('The tokens', SharedLogin, ['cache-control']),
          ...sharing.map(({ links }) => links),
        ),
      },
    },
    handler: async ({ store, user, world }, reply) => {
      const project = await firstProjectOf(store, user)
      reply.header('cache-control', 'no-store')
      return {
        token: app.tokens.issue(world, user, 'access', config.memesTokenTtl),
        username: user.username,
        email: user.email,
        project: project?.name ?? 'none',
        project_description: project?.description ?? '',
        access_token: app.tokens.issue(world, user, 'access', config.sessionTokenTtl),
        refresh_token: app.tokens.issue(world, user, 'refresh'),
      }
    },
  })
}

/** Whether the login is in this API's scope: it is the first of those that share it. */
export function hasLogin(api: Api, mounted: readonly Api[]): boolean {
  return mounted.find(({ login }) => login) === api
}

export default login
