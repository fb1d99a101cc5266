import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { type Static, Type } from '@sinclair/typebox'
import type { FastifyRequest } from 'fastify'
import { creationRefusals, refuseTaken, requirePlain } from '../../plugins/auth/accounts.js'
import { expectedVersions, IfMatch, tag } from '../../plugins/http/conditional.js'
import { errors, found } from '../../plugins/http/errors.js'
import { Id, IdParams, locationOf } from '../../plugins/http/record.js'
import { linked, linksOf, to } from '../../plugins/openapi/links.js'
import { empty, failure, success } from '../../plugins/openapi/responses.js'
import { addRoute } from '../../plugins/route.js'
import type { User } from '../../store/collections.js'
import { NewUsername, normalName, Username } from '../../store/names.js'
import { ref } from '../../store/schema.js'
import { byId, resource } from '../resource.js'

const Password = Type.String({
  minLength: 4,
  maxLength: 1024,
  description: 'Four characters or more',
})

const FleetUser = Type.Object(
  { id: Id, name: Username },
  { $id: 'User', additionalProperties: false, examples: [{ id: 1, name: 'user' }] },
)

const UserInput = Type.Object(
  { name: NewUsername, password: Password },
  {
    $id: 'UserInput',
    additionalProperties: false,
    examples: [{ name: 'new user', password: 'secret' }],
  },
)

const UserReplacement = Type.Object(
  { id: Type.Optional(Id), name: NewUsername, password: Password },
  {
    $id: 'UserReplacement',
    additionalProperties: false,
    examples: [{ name: 'fancy new name', password: 'more secret' }],
  },
)

const links = linksOf('id', 'getUser', ['replaceUser', 'deleteUser'])
const notFound = failure('No user has this id', errors.recordNotFound('user', 99))
const notYourself = failure('It is another account', errors.notYourself())
const conflict = failure(
  'Another user has this name, or another request changed the account at the same time',
  errors.taken(['username']),
)
const stale = failure('The user is not as If-Match has it', errors.preconditionFailed())
const overloaded = failure('Too many passwords wait to be hashed', errors.overloaded())

/** Users: everybody may look and register; an account is its owner's alone to change. */
const users: FastifyPluginAsyncTypebox = async (app) => {
  for (const schema of [FleetUser, UserInput, UserReplacement]) app.addSchema(schema)
  const { access } = app.guards

  resource(app, {
    kind: 'user',
    tag: 'fleet',
    path: '/users',
    key: byId<User>(),
    records: ({ users }) => users,
    view: FleetUser,
    toWire: shown,
    notFound,
    links,
    list: {
      operationId: 'listUsers',
      summary: 'List all users',
      description: 'Everybody may. Passwords are never shown.',
      first: '/0/id',
    },
    get: {
      operationId: 'getUser',
      summary: 'Get a user',
      description: 'Everybody may. Passwords are never shown.',
    },
  })

  addRoute(app, {
    method: 'POST',
    url: '/users',
    schema: {
      operationId: 'createUser',
      summary: 'Register a user',
      description: 'Everybody may. The account can log in to every API.',
      tags: ['fleet'],
      body: ref(UserInput),
      response: {
        201: linked(
          links.shows(
            success('The new user', FleetUser, ['etag', 'location']),
            '$response.body#/id',
          ),
          to(['logIn'], { description: 'Send the `name` as `username`, and the `password`' }),
        ),
        ...creationRefusals,
      },
    },
    handler: async (request, reply) => {
      const { name, password } = request.body
      const user = await app.createUser(request, name, password, '/name')
      tag(request, reply, user)
      return reply.code(201).header('location', locationOf(request, user.id)).send(shown(user))
    },
  })

  addRoute(app, {
    method: 'PUT',
    url: '/users/:id',
    guard: access,
    attachValidation: true,
    schema: {
      operationId: 'replaceUser',
      summary: 'Change your name and password',
      description: 'A new password ends all your tokens.',
      tags: ['fleet'],
      params: IdParams,
      headers: IfMatch,
      body: ref(UserReplacement),
      response: {
        200: links.shows(success('The user as it is now', FleetUser, ['etag'])),
        403: notYourself,
        404: notFound,
        409: conflict,
        412: stale,
        503: overloaded,
      },
    },
    handler: async (request, reply) => {
      requireValid(request)
      const { id } = request.params
      const { id: bodyId = id, name, password } = request.body
      if (bodyId !== id) throw errors.idMismatch()
      const old = found(await request.store.users.get(id), 'user', id)
      if (request.user.id !== id) throw errors.notYourself()
      if (name !== old.username) requirePlain(name, '/name')
      await refuseTaken(request, name, id)
      const names = name === old.username ? {} : { username: name, name: normalName(name) }
      const user = await request.store.users.update(
        id,
        { ...names, ...(await app.passwords.change(request.world, old, password)) },
        { versions: expectedVersions(request), where: { generation: request.user.generation } },
      )
      if (!user) throw errors.tokenInvalid()
      tag(request, reply, user)
      return shown(user)
    },
  })

  addRoute(app, {
    method: 'DELETE',
    url: '/users/:id',
    guard: access,
    schema: {
      operationId: 'deleteUser',
      summary: 'Delete your account',
      description:
        'What you have written stays, without an author. Your plans, tasks and tokens go with the account.',
      tags: ['fleet'],
      params: IdParams,
      headers: IfMatch,
      response: { 204: links.ends(empty('The account is gone')), 403: notYourself, 412: stale },
    },
    handler: async (request, reply) => {
      const { id } = request.params
      if (request.user.id !== id) throw errors.notYourself()
      const versions = expectedVersions(request)
      const user = await request.store.users.delete(id, { versions })
      // Another request has deleted the account since the guard let this one in.
      if (!user) throw errors.tokenInvalid()
      return reply.code(204).send(undefined)
    },
  })
}

/**
 * Refuses what breaks the schema, but not the name that the account has: it may stay, whatever is asked of new ones.
 * @throws 400
 */
function requireValid({ validationError, body, user }: FastifyRequest): void {
  if (!validationError) return
  const found: readonly { readonly instancePath: string }[] = validationError.validation
  const isTheirs = Object(body).name === user.username
  const faults = isTheirs ? found.filter(({ instancePath }) => instancePath !== '/name') : found
  if (faults.length > 0) throw Object.assign(validationError, { validation: faults })
}

function shown({ id, username }: User): Static<typeof FleetUser> {
  return { id, name: username }
}

export default users
