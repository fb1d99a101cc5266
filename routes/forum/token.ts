import { Type } from '@sinclair/typebox'
import { exampleToken } from '../../plugins/auth/session.js'

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
