import { Type } from '@sinclair/typebox'
import type { FastifyInstance } from 'fastify'
import { milliseconds } from '../../config.js'
import { findAccount } from '../../plugins/auth/accounts.js'
import { exampleToken } from '../../plugins/auth/tokens.js'
import { CONTROL } from '../../plugins/control.js'
import { errors } from '../../plugins/http/errors.js'
import { failure, success } from '../../plugins/openapi/responses.js'
import { addRoute } from '../../plugins/route.js'
import { isAccount } from '../../seed/own-accounts.js'
import { oneOf, ref } from '../../store/schema.js'
import { Duration } from './durations.js'

const MintedToken = Type.Object(
  {
    token: Type.String({
      description: 'For `Authorization: Bearer`, or where else an API takes one',
    }),
    expires: Type.String({ format: 'date-time', description: 'When it ends' }),
  },
  {
    $id: 'MintedToken',
    additionalProperties: false,
    examples: [{ token: exampleToken, expires: '2026-01-05T08:15:00.000Z' }],
  },
)

const TokenOrder = Type.Object(
  {
    username: Type.String({
      minLength: 1,
      maxLength: 254,
      description: 'Who is to have it, by what they log in with',
      examples: ['user'],
    }),
    type: Type.Optional(oneOf(['access', 'refresh'], { description: '`access` without it' })),
    lifetime: Type.Optional(Duration('As the settings have it without this')),
    expired: Type.Optional(Type.Boolean({ description: 'Whether it has ended already' })),
    issuer: Type.Optional(
      Type.String({
        minLength: 1,
        maxLength: 200,
        description: "Whose it claims to be: no other than this server's own, `slipway`, is good",
      }),
    ),
  },
  {
    $id: 'TokenOrder',
    additionalProperties: false,
    examples: [{ username: 'user', lifetime: '5m' }],
  },
)

/** Adds the route that makes tokens without a login. */
export function addTokens(app: FastifyInstance): void {
  for (const schema of [MintedToken, TokenOrder]) app.addSchema(schema)
  addRoute(app, {
    method: 'POST',
    url: `${CONTROL}/tokens`,
    guard: app.controls.guard,
    keepsData: true,
    schema: {
      operationId: 'mintToken',
      summary: 'Make a token for a user',
      description:
        'Without a password: one as a login gives it, or one that has expired or is of another issuer, to see what a client makes of each.',
      tags: ['control'],
      body: ref(TokenOrder),
      response: {
        201: success('The token', MintedToken, ['cache-control']),
        404: failure('There is no such user', errors.notThere('user', 'nobody')),
      },
    },
    handler: async ({ body, store, world }, reply) => {
      const { username, type = 'access', lifetime, expired: isExpired, issuer } = body
      const user = await findAccount(store, username, app.own.accounts !== undefined)
      if (!user || !isAccount(user)) throw errors.notThere('user', username)
      const { token, end } = app.tokens.mint(world, user, {
        type,
        lifetime: lifetime === undefined ? undefined : milliseconds(lifetime),
        isExpired,
        issuer,
      })
      reply.code(201).header('cache-control', 'no-store')
      return { token, expires: new Date(end).toISOString() }
    },
  })
}
