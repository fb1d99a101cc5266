import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { type Static, Type } from '@sinclair/typebox'
import type { FastifyRequest } from 'fastify'
import { TOKEN_PATH } from '../plugins/auth/guards.js'
import { loginRefusals } from '../plugins/auth/login.js'
import { exampleToken } from '../plugins/auth/tokens.js'
import { ApiError, errors, type Wording } from '../plugins/http/errors.js'
import form, { FORM } from '../plugins/http/form.js'
import type { Tag } from '../plugins/openapi/describe.js'
import { success } from '../plugins/openapi/responses.js'
import { addRoute } from '../plugins/route.js'
import { missingField } from '../store/check.js'
import type { User } from '../store/collections.js'
import { oneOf, ref } from '../store/schema.js'

export const tag: Tag = {
  name: 'auth',
  description:
    'One login for every API, as OAuth 2 has it: for documentation tools, and for clients that know nothing else.',
}

/** What RFC 6749, section 5.2, has in `error`. */
const wording: Wording = {
  words: {},
  isInError: false,
  terms: {
    invalid: 'invalid_request',
    notForm: 'invalid_request',
    grantInvalid: 'invalid_grant',
    grantUnsupported: 'unsupported_grant_type',
  },
}

const field = (description: string, example?: string) =>
  Type.Optional(
    Type.String({ maxLength: 4096, description, ...(example ? { examples: [example] } : {}) }),
  )

const TokenRequest = Type.Object(
  {
    grant_type: Type.String({
      minLength: 1,
      description: '`password`, with `username` and `password`; or `refresh_token`, with that',
      examples: ['password'],
    }),
    username: field("The user's name", 'user'),
    password: field("The user's password", 'password'),
    refresh_token: field('A refresh token, as an earlier answer gave it', exampleToken),
  },
  {
    $id: 'TokenRequest',
    // Section 3.2: what isn't known is passed over, such as the scope and the client that tools send. `additionalProperties`
    // needn't say so, and openapi-generator reports it of a form as an error.
    examples: [{ grant_type: 'password', username: 'user', password: 'password' }],
  },
)

const TokenGrant = Type.Object(
  {
    access_token: Type.String({ description: 'For `Authorization: Bearer`' }),
    token_type: oneOf(['Bearer'], { description: 'How the token is to be sent' }),
    expires_in: Type.Integer({ minimum: 1, description: 'How long it lives, in seconds' }),
    refresh_token: Type.String({
      description: 'Gets a new access token when that one has expired',
    }),
  },
  {
    $id: 'TokenGrant',
    additionalProperties: false,
    examples: [
      {
        access_token: exampleToken,
        token_type: 'Bearer',
        expires_in: 900,
        refresh_token: exampleToken,
      },
    ],
  },
)

export interface TokenRouteOptions {
  /** How long an access token lives, in milliseconds: what `issue` gives it. */
  readonly accessTokenTtl: number
}

/** The token endpoint of OAuth 2 (RFC 6749): the password flow (section 4.3), and its refresh (section 6). */
const token: FastifyPluginAsyncTypebox<TokenRouteOptions> = async (app, { accessTokenTtl }) => {
  app.decorate('wording', wording)
  for (const schema of [TokenRequest, TokenGrant]) app.addSchema(schema)
  await app.register(form)
  // Section 4.3.2: a form, and nothing else.
  app.removeContentTypeParser('application/json')

  const { 429: failedTooOften, 503: overloaded } = loginRefusals(errors.grantInvalid())

  addRoute(app, {
    method: 'POST',
    url: TOKEN_PATH,
    keepsData: true,
    schema: {
      operationId: 'grantToken',
      summary: 'Log in to every API (OAuth 2)',
      description:
        'The password flow of RFC 6749, section 4.3. In a 400 `error` says what is wrong as section 5.2 has it: `invalid_grant` for a wrong name, password or refresh token, `invalid_request` or `unsupported_grant_type`.',
      tags: [tag.name],
      consumes: [FORM],
      body: ref(TokenRequest),
      response: {
        200: success('An access token and a refresh token', TokenGrant, ['cache-control']),
        429: failedTooOften,
        503: overloaded,
      },
    },
    handler: async (request, reply) => {
      const { user, refreshToken } = await granted(request, request.body)
      reply.header('cache-control', 'no-store')
      return {
        access_token: app.tokens.issue(request.world, user, 'access'),
        token_type: 'Bearer' as const,
        expires_in: Math.floor(accessTokenTtl / 1000),
        refresh_token: refreshToken,
      }
    },
  })
}

/**
 * Whom a token is for, and the refresh token that goes with it.
 * @throws 400, 429, 503
 */
async function granted(
  request: FastifyRequest,
  { grant_type, username, password, refresh_token }: Static<typeof TokenRequest>,
): Promise<{ user: User; refreshToken: string }> {
  const { server, world } = request
  if (grant_type === 'password') {
    const user = await server.logIn(
      request,
      required('username', username),
      required('password', password),
      errors.grantInvalid,
    )
    return { user, refreshToken: server.tokens.issue(world, user, 'refresh') }
  }
  if (grant_type !== 'refresh_token') throw errors.grantUnsupported()
  const refreshToken = required('refresh_token', refresh_token)
  try {
    const { user } = await server.tokens.check(refreshToken, 'refresh', world)
    return { user, refreshToken }
  } catch (error) {
    // Section 5.2 has 400 for what is 401 elsewhere.
    throw error instanceof ApiError ? errors.grantInvalid() : error
  }
}

/** A parameter that has to be there: one without a value is as none (section 3.2). */
function required(name: string, value: string | undefined): string {
  if (!value) throw errors.invalid('body', missingField(name))
  return value
}

export default token
