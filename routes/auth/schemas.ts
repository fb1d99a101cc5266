import { Type } from '@sinclair/typebox'
import { exampleToken } from '../../plugins/auth/tokens.js'
import { LOGIN_FIELDS, MAX_LOGIN_NAME, NewLoginName } from '../../seed/own-accounts.js'
import type { FreeForm } from '../../store/free-form.js'
import { NEW_NAME, NEW_NAME_OR_NONE_PATTERN } from '../../store/names.js'
import { ref } from '../../store/schema.js'

/** The names that an account can have: the first of them that is there counts. */
const nameFields = {
  username: Type.Optional(Type.String({ maxLength: 128, description: "The user's name" })),
  email: Type.Optional(Type.String({ maxLength: 254, description: 'The email, in its place' })),
  name: Type.Optional(Type.String({ maxLength: 128, description: 'Or the name' })),
}

/** Says that one of the names is there, which fits a schema. */
function someName(schema: object) {
  return LOGIN_FIELDS.map((field) => ({ required: [field], properties: { [field]: schema } }))
}

const password = Type.String({ minLength: 1, maxLength: 1024, description: 'The password' })

export const AnyCredentials = Type.Object(
  { ...nameFields, password },
  {
    $id: 'AnyCredentials',
    anyOf: someName({ type: 'string', minLength: 1 }),
    additionalProperties: true,
    examples: [{ email: 'ann@example.com', password: 'password' }],
  },
)

/** What comes first of them names the account, and is no display name that could be anything. */
const newName = (maxLength: number, description: string) =>
  Type.Optional(Type.String({ maxLength, pattern: NEW_NAME_OR_NONE_PATTERN, description }))

export const Registration = Type.Object(
  {
    username: newName(128, `The user's name: ${NEW_NAME}`),
    email: newName(MAX_LOGIN_NAME, 'The email, in its place, of which the same holds'),
    name: Type.Optional(
      Type.String({
        maxLength: 128,
        description: 'Or the name, of which the same holds where it is alone',
      }),
    ),
    password,
  },
  {
    $id: 'Registration',
    anyOf: someName({ type: 'string', ...NewLoginName }),
    // The other fields are the record's.
    additionalProperties: true,
    examples: [{ email: 'bob@example.com', password: 'password', name: 'Bob' }],
  },
)

export const Profile = Type.Unsafe<FreeForm>(
  Type.Object(
    {},
    {
      $id: 'UserProfile',
      additionalProperties: true,
      description: 'The record of a user, without the password',
      examples: [{ id: 1, email: 'ann@example.com', name: 'Ann' }],
    },
  ),
)

const token = Type.String({ description: 'For `Authorization: Bearer`' })

export const Registered = Type.Object(
  {
    access_token: token,
    refresh_token: Type.String({ description: 'Gets a new access token' }),
    user: ref(Profile),
  },
  {
    $id: 'Registered',
    additionalProperties: false,
    examples: [
      {
        access_token: exampleToken,
        refresh_token: exampleToken,
        user: { id: 2, email: 'bob@example.com', name: 'Bob' },
      },
    ],
  },
)

export const LoggedIn = Type.Object(
  { accessToken: token, user: ref(Profile) },
  {
    $id: 'LoggedIn',
    additionalProperties: false,
    examples: [{ accessToken: exampleToken, user: { id: 1, email: 'ann@example.com' } }],
  },
)
