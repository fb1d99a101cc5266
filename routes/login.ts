import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { Type } from '@sinclair/typebox'
import type { Config } from '../config.js'
import { exampleToken } from '../plugins/auth/session.js'
import { linked, withToken } from '../plugins/openapi/links.js'
import { success } from '../plugins/openapi/responses.js'
import { Username } from '../store/collections.js'
import { firstProjectOf } from '../store/lookups.js'
import { nullable } from '../store/schema.js'

const SharedLogin = Type.Object(
  {
    token: Type.String({
      description: 'For `x-access-token`; never expires unless a setting says so',
    }),
    username: Username,
    email: nullable(Type.String()),
    project: Type.String({ description: 'The name of your first project; `none` without one' }),
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

export interface LoginRouteOptions {
  readonly config: Pick<Config, 'apis' | 'memesTokenTtl'>
}

/** Logging in with Basic credentials: one route that the memes API and the plans API share. */
const login: FastifyPluginAsyncTypebox<LoginRouteOptions> = async (app, { config }) => {
  // The clients of plans read the text in `error`; those of memes read it in `message`, where it is in any case.
  app.decorate('wording', { words: {}, isInError: config.apis.includes('plans') })
  app.addSchema(SharedLogin)
  const { basic } = app.guards

  app.get(
    '/login',
    basic({
      schema: {
        operationId: 'logInWithBasic',
        summary: 'Log in',
        tags: config.apis.filter((name) => name === 'memes' || name === 'plans'),
        response: {
          200: linked(
            success('The tokens', SharedLogin, ['cache-control']),
            config.apis.includes('memes') ? withToken(['listVisibleTemplates'], 'token') : {},
            config.apis.includes('plans')
              ? {
                  ...withToken(['listDmps', 'endSession'], 'access_token'),
                  ...withToken(['getAccessToken'], 'refresh_token'),
                }
              : {},
          ),
        },
      },
    }),
    async ({ store, user }, reply) => {
      const project = await firstProjectOf(store, user)
      reply.header('cache-control', 'no-store')
      return {
        token: app.tokens.issue(user, 'access', config.memesTokenTtl),
        username: user.username,
        email: user.email,
        project: project?.name ?? 'none',
        project_description: project?.description ?? '',
        access_token: app.tokens.issue(user, 'access'),
        refresh_token: app.tokens.issue(user, 'refresh'),
      }
    },
  )
}

export default login
