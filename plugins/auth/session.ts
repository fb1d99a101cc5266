import { Type } from '@sinclair/typebox'

/** A token as it looks, for examples. */
export const exampleToken = 'eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl'

/** What one logs in with. */
export const Credentials = Type.Object(
  {
    username: Type.String({ minLength: 1, maxLength: 128 }),
    password: Type.String({ minLength: 1, maxLength: 1024 }),
  },
  {
    $id: 'Credentials',
    additionalProperties: false,
    examples: [{ username: 'user', password: 'password' }],
  },
)

export const AccessToken = Type.Object(
  { access_token: Type.String({ description: 'For `Authorization: Bearer`' }) },
  { $id: 'AccessToken', additionalProperties: false, examples: [{ access_token: exampleToken }] },
)
