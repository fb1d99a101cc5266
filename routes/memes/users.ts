import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { type Static, Type } from '@sinclair/typebox'
import type { FastifyRequest } from 'fastify'
import { creationRefusals } from '../../plugins/auth/accounts.js'
import {
  expectedVersions,
  IfMatch,
  IfNoneMatch,
  isKnown,
  tag,
} from '../../plugins/http/conditional.js'
import { errors, found } from '../../plugins/http/errors.js'
import { FORM } from '../../plugins/http/form.js'
import { answerList } from '../../plugins/http/list.js'
import { Id } from '../../plugins/http/record.js'
import { linksOf } from '../../plugins/openapi/links.js'
import { empty, failure, Message, success } from '../../plugins/openapi/responses.js'
import { addRoute } from '../../plugins/route.js'
import type { User } from '../../store/collections.js'
import { NewUsername, Username } from '../../store/names.js'
import { ref } from '../../store/schema.js'

const examplePublicId = 'e9572ee6-4b5e-45e4-a840-58a33b04b8a7'

const exampleAccount = {
  admin: true,
  id: 3,
  public_id: examplePublicId,
  username: 'admin',
  password: '********',
}

const Account = Type.Object(
  {
    admin: Type.Boolean({ description: 'Whether the user is an admin' }),
    id: Id,
    public_id: Type.String({ description: 'Names the user in paths' }),
    username: Username,
    password: Type.String({ description: 'Always eight asterisks: nobody gets to see a hash' }),
  },
  {
    $id: 'Account',
    additionalProperties: false,
    examples: [exampleAccount],
  },
)

const OneAccount = Type.Object(
  { user: ref(Account) },
  { $id: 'OneAccount', additionalProperties: false, examples: [{ user: exampleAccount }] },
)

const AccountList = Type.Object(
  { users: Type.Array(ref(Account), { description: 'All users, by id' }) },
  { $id: 'AccountList', additionalProperties: false, examples: [{ users: [exampleAccount] }] },
)

const AccountInput = Type.Object(
  {
    username: { ...NewUsername, examples: ['some username'] },
    password: Type.String({
      minLength: 1,
      maxLength: 1024,
      description: 'One character or more',
      examples: ['my password'],
    }),
  },
  {
    $id: 'AccountInput',
    additionalProperties: false,
    examples: [{ username: 'some username', password: 'my password' }],
  },
)

const PublicIdParams = Type.Object({
  public_id: Type.String({
    maxLength: 128,
    description: "The user's `public_id`",
    examples: [examplePublicId],
  }),
})

const links = linksOf('public_id', 'getAccount', ['promoteUser', 'deleteAccount'])
const notFound = failure('No user has this public_id', errors.recordNotFound('user', 'none'))
const stale = failure('The user is not as If-Match has it', errors.preconditionFailed())

export interface UserOptions {
  /** Whether users who are no admins may list and create users. */
  readonly isOpen: boolean
}

/** Users, as an admin sees and manages them. */
const users: FastifyPluginAsyncTypebox<UserOptions> = async (app, { isOpen }) => {
  for (const schema of [Account, OneAccount, AccountList, AccountInput]) app.addSchema(schema)
  const { access, admin } = app.guards
  const member = isOpen ? access : admin

  addRoute(app, {
    method: 'GET',
    url: '/user',
    guard: member,
    schema: {
      operationId: 'listAccounts',
      summary: 'List all users',
      description: 'For admins; with MEMES_OPEN_USERS for every user.',
      tags: ['memes'],
      response: {
        200: links.names(
          success('All users, by id', AccountList),
          '$response.body#/users/0/public_id',
        ),
      },
    },
    handler: async ({ store }, reply) =>
      answerList(reply, store.users, {}, (users) => ({ users: users.map(shown) })),
  })

  addRoute(app, {
    method: 'POST',
    url: '/user',
    guard: member,
    schema: {
      operationId: 'createAccount',
      summary: 'Create a user',
      description:
        'For admins; with MEMES_OPEN_USERS for every user. The account can log in to every API.',
      tags: ['memes'],
      consumes: ['application/json', FORM],
      body: ref(AccountInput),
      response: {
        200: success('The user is there', Message, [], { message: 'User created successfully' }),
        ...creationRefusals,
      },
    },
    handler: async (request) => {
      const { username, password } = request.body
      await app.createUser(request, username, password)
      return { message: 'User created successfully' }
    },
  })

  addRoute(app, {
    method: 'GET',
    url: '/user/:public_id',
    guard: admin,
    schema: {
      operationId: 'getAccount',
      summary: 'Get a user',
      description: 'For admins.',
      tags: ['memes'],
      params: PublicIdParams,
      headers: IfNoneMatch,
      response: {
        200: links.shows(success('The user', OneAccount, ['etag'])),
        304: empty('You have the latest version', ['etag']),
        404: notFound,
      },
    },
    handler: async (request, reply) => {
      const user = await userNamed(request, request.params.public_id)
      return isKnown(request, reply, user) ? reply.code(304).send(undefined) : { user: shown(user) }
    },
  })

  addRoute(app, {
    method: 'PUT',
    url: '/user/:public_id',
    guard: admin,
    schema: {
      operationId: 'promoteUser',
      summary: 'Make a user an admin',
      description: 'For admins. Who is one already stays one.',
      tags: ['memes'],
      params: PublicIdParams,
      headers: IfMatch,
      response: {
        200: links.shows(
          success('The user is an admin', Message, ['etag'], {
            message: 'The user has been promoted!',
          }),
        ),
        404: notFound,
        412: stale,
      },
    },
    handler: async (request, reply) => {
      const { id, publicId } = await userNamed(request, request.params.public_id)
      const versions = expectedVersions(request)
      const promotion = request.store.users.update(id, { admin: true }, { versions })
      tag(request, reply, found(await promotion, 'user', publicId))
      return { message: 'The user has been promoted!' }
    },
  })

  addRoute(app, {
    method: 'DELETE',
    url: '/user/:public_id',
    guard: admin,
    schema: {
      operationId: 'deleteAccount',
      summary: 'Delete a user',
      description: 'What the user has written stays, without an author.',
      tags: ['memes'],
      params: PublicIdParams,
      headers: IfMatch,
      response: {
        200: links.ends(
          success('The user is gone', Message, [], { message: 'The user has been deleted!' }),
        ),
        404: notFound,
        412: stale,
      },
    },
    handler: async (request) => {
      const { id, publicId } = await userNamed(request, request.params.public_id)
      const versions = expectedVersions(request)
      found(await request.store.users.delete(id, { versions }), 'user', publicId)
      return { message: 'The user has been deleted!' }
    },
  })
}

/** @throws 404 */
async function userNamed({ store }: FastifyRequest, publicId: string): Promise<User> {
  // UUIDs are compared without regard to letter case: RFC 9562, section 4.
  return found(await store.users.getBy({ publicId: publicId.toLowerCase() }), 'user', publicId)
}

function shown({ admin, id, publicId, username }: User): Static<typeof Account> {
  return { admin, id, public_id: publicId, username, password: '********' }
}

export default users
