import { isUtf8 } from 'node:buffer'
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { Type } from '@sinclair/typebox'
import { AccessToken } from '../../plugins/auth/tokens.js'
import { errors } from '../../plugins/http/errors.js'
import { failure, success } from '../../plugins/openapi/responses.js'
import { addRoute } from '../../plugins/route.js'

const Notice = Type.Object(
  { msg: Type.String({ description: 'What was done, for a person' }) },
  { $id: 'Notice', additionalProperties: false, examples: [{ msg: 'Logged out' }] },
)

const NewPassword = Type.Object({
  newpassword: Type.String({
    minLength: 1,
    maxLength: 1024,
    description: 'As UTF-8, or as Latin-1 where it is none',
    examples: ['a new password'],
  }),
})

const GIVEN_TWICE = { path: '/newpassword', code: 'once' }

export interface SessionOptions {
  /** How long an access token lives, in milliseconds: as long as the one of the login. */
  readonly sessionTokenTtl: number
}

/** Logging out, another password, and new access tokens. */
const sessions: FastifyPluginAsyncTypebox<SessionOptions> = async (app, { sessionTokenTtl }) => {
  app.addSchema(Notice)
  const { access, refresh } = app.guards

  addRoute(app, {
    method: 'DELETE',
    url: '/logout',
    keepsData: true,
    guard: access,
    schema: {
      operationId: 'endSession',
      summary: 'Log out: revoke an access token',
      description:
        'The token that the request carries is refused from now on. The others of its user stay good.',
      tags: ['plans'],
      response: { 200: success('The token is revoked', Notice) },
    },
    handler: async ({ claims, world }) => {
      await app.tokens.revoke(claims, world)
      return { msg: 'Logged out' }
    },
  })

  addRoute(app, {
    method: 'PUT',
    url: '/changepassword',
    guard: access,
    schema: {
      operationId: 'changePassword',
      summary: 'Change your password',
      description: 'That ends all your tokens.',
      tags: ['plans'],
      headers: NewPassword,
      response: {
        200: success('The password is the new one', Notice, [], { msg: 'Password changed' }),
        409: failure('Another request has changed it at the same time', errors.conflict()),
        503: failure('Too many passwords wait to be hashed', errors.overloaded()),
      },
    },
    handler: async ({ headers, raw, store, user: { id, generation } }) => {
      // Node joins what comes twice with a comma: that would be a password which nobody has thought of.
      if (raw.rawHeaders.filter(isNewPassword).length > 1)
        throw errors.invalid('header', GIVEN_TWICE)
      const passwordHash = await app.passwords.hash(textOf(headers.newpassword))
      const change = { passwordHash, generation: generation + 1 }
      const user = await store.users.update(id, change, { where: { generation } })
      // Deleted since the guard let this one in.
      if (!user) throw errors.tokenInvalid()
      return { msg: 'Password changed' }
    },
  })

  for (const [method, status, operationId] of [
    ['GET', 200, 'getAccessToken'],
    ['POST', 201, 'createAccessToken'],
  ] as const) {
    addRoute(app, {
      method,
      url: '/refresh',
      keepsData: true,
      guard: refresh,
      schema: {
        operationId,
        summary: 'Get a new access token',
        description: 'The refresh token stays good, for more of them.',
        tags: ['plans'],
        response: { [status]: success('A new access token', AccessToken, ['cache-control']) },
      },
      handler: async ({ user, world }, reply) => {
        reply.code(status).header('cache-control', 'no-store')
        return { access_token: app.tokens.issue(world, user, 'access', sessionTokenTtl) }
      },
    })
  }
}

/** Whether this is the header's name, among names and values in turn. */
function isNewPassword(text: string, index: number): boolean {
  return index % 2 === 0 && text.toLowerCase() === 'newpassword'
}

/** What a header says. Node gives each byte as a character. */
function textOf(header: string): string {
  const bytes = Buffer.from(header, 'latin1')
  return isUtf8(bytes) ? bytes.toString() : header
}

export default sessions
