import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { type Static, Type } from '@sinclair/typebox'
import { creationRefusals } from '../../plugins/auth/accounts.js'
import { IfNoneMatch, isKnown } from '../../plugins/http/conditional.js'
import { errors, found } from '../../plugins/http/errors.js'
import { Id, IdParams } from '../../plugins/http/record.js'
import { linked, linksOf, to } from '../../plugins/openapi/links.js'
import { empty, failure, success } from '../../plugins/openapi/responses.js'
import { addRoute } from '../../plugins/route.js'
import type { User } from '../../store/collections.js'
import { Username } from '../../store/names.js'
import { ref } from '../../store/schema.js'

const SYMBOLS = '!@#$%^&*\\-_'
const LETTER = `[A-Za-z0-9${SYMBOLS}]`

const Registration = Type.Object(
  {
    username: Type.String({
      minLength: 5,
      maxLength: 20,
      pattern: `^${LETTER}+$`,
      description: 'Letters from a to z, digits and !@#$%^&*-_',
    }),
    password: Type.String({
      minLength: 8,
      maxLength: 40,
      pattern: `^${LETTER}+$`,
      // Nothing that has none of one kind. As an `allOf` of four patterns ogen refuses it.
      not: { pattern: `^([^a-z]*|[^A-Z]*|[^0-9]*|[^${SYMBOLS}]*)$` },
      description:
        'Letters from a to z, digits and !@#$%^&*-_; a small letter, a capital, a digit and a symbol at least',
    }),
  },
  {
    $id: 'Registration',
    additionalProperties: false,
    examples: [{ username: 'username_example', password: 'Passw0rd-example' }],
  },
)

const Profile = Type.Object(
  {
    date_registered: Type.String({
      format: 'date-time',
      description: 'When the account was made',
    }),
    id: Id,
    username: Username,
  },
  {
    $id: 'Profile',
    additionalProperties: false,
    examples: [{ date_registered: '2020-02-02T00:17:25.387Z', id: 1, username: 'user' }],
  },
)

const links = linksOf('id', 'getProfile', [])

/** Registering, and what everybody may see of a user. */
const users: FastifyPluginAsyncTypebox = async (app) => {
  for (const schema of [Registration, Profile]) app.addSchema(schema)

  addRoute(app, {
    method: 'POST',
    url: '/register',
    schema: {
      operationId: 'register',
      summary: 'Register',
      description: 'Everybody may. The account can log in to every API.',
      tags: ['forum'],
      body: ref(Registration),
      response: {
        200: linked(
          links.names(success('The new user', Profile), '$response.body#/id'),
          to(['logInToForum'], { description: 'Send the same `username` and `password`' }),
        ),
        ...creationRefusals,
      },
    },
    handler: async (request) => {
      const { username, password } = request.body
      return shown(await app.createUser(request, username, password))
    },
  })

  addRoute(app, {
    method: 'GET',
    url: '/users/:id',
    schema: {
      operationId: 'getProfile',
      summary: "Get a user's profile",
      description: 'What everybody may see of a user.',
      tags: ['forum'],
      params: IdParams,
      headers: IfNoneMatch,
      response: {
        200: success('The profile', Profile, ['etag']),
        304: empty('You have the latest version', ['etag']),
        404: failure('No user has this id', errors.recordNotFound('user', 99)),
      },
    },
    handler: async (request, reply) => {
      const { id } = request.params
      const user = found(await request.store.users.get(id), 'user', id)
      return isKnown(request, reply, user) ? reply.code(304).send(undefined) : shown(user)
    },
  })
}

function shown({ registeredAt, id, username }: User): Static<typeof Profile> {
  return { date_registered: registeredAt, id, username }
}

export default users
