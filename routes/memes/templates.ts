import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { type Static, Type } from '@sinclair/typebox'
import type { FastifyRequest } from 'fastify'
import {
  expectedVersions,
  IfMatch,
  IfNoneMatch,
  isKnown,
  tag,
} from '../../plugins/http/conditional.js'
import { errors, found, ownersOnly } from '../../plugins/http/errors.js'
import { FORM } from '../../plugins/http/form.js'
import { Id, IdParams } from '../../plugins/http/record.js'
import { linksOf } from '../../plugins/openapi/links.js'
import { prefersHtml } from '../../plugins/openapi/reference.js'
import { empty, failure, Message, success } from '../../plugins/openapi/responses.js'
import { addRoute } from '../../plugins/route.js'
import {
  type Template as TemplateRecord,
  templateFields,
  type User,
  Username,
} from '../../store/collections.js'
import { all, ownerOf, ownersOf } from '../../store/lookups.js'
import { equal } from '../../store/query.js'
import { nullable, ref } from '../../store/schema.js'

const { description, ...requiredFields } = templateFields

const exampleTemplate = {
  id: 27,
  title: 'Test thing',
  url: 'https://i.imgur.com/yYGxFJX.jpeg',
  description: 'Done',
  posted: 'Mon, 12 Oct 2020 04:51:27 GMT',
  username: 'user',
  user_id: 'user',
  approved: true,
}

const Template = Type.Object(
  {
    id: Id,
    ...templateFields,
    posted: Type.String({ description: 'An HTTP date (RFC 9110, section 5.6.7)' }),
    username: nullable(Username, { description: 'Null once the user is deleted' }),
    user_id: nullable(Username, { description: 'The username again' }),
    approved: Type.Boolean(),
  },
  {
    $id: 'Template',
    additionalProperties: false,
    examples: [exampleTemplate],
  },
)

const OneTemplate = Type.Object(
  { template: ref(Template) },
  { $id: 'OneTemplate', additionalProperties: false, examples: [{ template: exampleTemplate }] },
)

const Templates = Type.Object(
  { templates: Type.Array(ref(Template)) },
  { $id: 'Templates', additionalProperties: false, examples: [{ templates: [exampleTemplate] }] },
)

const NewTemplate = Type.Object(
  { ...requiredFields, description: Type.Optional(description) },
  {
    $id: 'NewTemplate',
    additionalProperties: false,
    examples: [{ title: 'some title', url: 'http:/test.com', description: 'some desc' }],
  },
)

const links = linksOf('id', 'getTemplate', ['replaceTemplate', 'deleteTemplate'])
const FIRST = '$response.body#/templates/0/id'
const notFound = failure('No template has this id', errors.recordNotFound('template', 99))
const notYours = (action: string) =>
  failure("It is another user's template, or approved", errors.notOwner(action, 'template'))
const stale = failure('The template is not as If-Match has it', errors.preconditionFailed())

/** Meme templates: users post them, admins approve them. */
const templates: FastifyPluginAsyncTypebox = async (app) => {
  for (const schema of [Template, OneTemplate, Templates, NewTemplate]) app.addSchema(schema)
  const { access } = app.guards

  await app.register(async (home) => {
    home.addHook('onRequest', async (request, reply) => {
      const { authorization, 'x-access-token': token } = request.headers
      const isVisitor = authorization === undefined && token === undefined
      if (isVisitor && prefersHtml(request)) return reply.redirect('/docs')
    })

    addRoute(home, {
      method: 'GET',
      url: '/',
      guard: access,
      schema: {
        operationId: 'listVisibleTemplates',
        summary: 'List what is approved, and your own templates',
        description: 'A browser that brings no token is sent to the API reference.',
        tags: ['memes'],
        response: {
          200: links.names(success('Approved templates and your own, by id', Templates), FIRST),
          302: empty('A page is asked for, and it is elsewhere', ['location']),
        },
      },
      handler: async ({ store, user }) => {
        // One's own first: what is approved between the two reads is then in one of them.
        const own = await all(store.templates, { where: equal({ userId: user.id }) })
        const approved = await all(store.templates, { where: equal({ approved: true }) })
        const others = approved.filter(({ userId }) => userId !== user.id)
        return listed(
          { store },
          [...own, ...others].sort((a, b) => a.id - b.id),
        )
      },
    })
  })

  addRoute(app, {
    method: 'GET',
    url: '/template',
    guard: access,
    schema: {
      operationId: 'listTemplates',
      summary: 'List all templates',
      tags: ['memes'],
      response: { 200: links.names(success('All templates, by id', Templates), FIRST) },
    },
    handler: async (request) => {
      return listed(request, await all(request.store.templates))
    },
  })

  addRoute(app, {
    method: 'GET',
    url: '/template/:id',
    guard: access,
    schema: {
      operationId: 'getTemplate',
      summary: 'Get a template',
      tags: ['memes'],
      params: IdParams,
      headers: IfNoneMatch,
      response: {
        200: links.shows(success('The template', OneTemplate, ['etag'])),
        304: empty('You have the latest version', ['etag']),
        404: notFound,
      },
    },
    handler: async (request, reply) => {
      const { id } = request.params
      const template = found(await request.store.templates.get(id), 'template', id)
      const owner = await ownerOf(request.store, template)
      if (isKnown(request, reply, template, owner)) return reply.code(304).send(undefined)
      return { template: shown(template, owner) }
    },
  })

  addRoute(app, {
    method: 'POST',
    url: '/template',
    guard: access,
    schema: {
      operationId: 'createTemplate',
      summary: 'Post a template',
      description: "An admin's is approved at once.",
      tags: ['memes'],
      consumes: [FORM, 'application/json'],
      body: ref(NewTemplate),
      response: {
        200: success('The template is there', Message, [], { message: 'Post created' }),
      },
    },
    handler: async (request) => {
      const { title, url, description = null } = request.body
      const { id: userId, admin: approved } = request.user
      const postedAt = new Date().toISOString()
      await request.store.templates.insert({ title, url, description, userId, postedAt, approved })
      return { message: 'Post created' }
    },
  })

  addRoute(app, {
    method: 'PUT',
    url: '/template/:id',
    guard: access,
    schema: {
      operationId: 'replaceTemplate',
      summary: 'Replace a template',
      description: 'Its owner may, until it is approved. An admin may, and that approves it.',
      tags: ['memes'],
      params: IdParams,
      headers: IfMatch,
      consumes: [FORM, 'application/json'],
      body: ref(NewTemplate),
      response: {
        200: links.shows(
          success('The template is replaced', Message, ['etag'], { message: 'Post Updated' }),
        ),
        403: notYours('change'),
        404: notFound,
        412: stale,
      },
    },
    handler: async (request, reply) => {
      const { id } = request.params
      const { title, url, description = null } = request.body
      const approval = request.user.admin ? { approved: true } : {}
      const change = request.store.templates.update(
        id,
        { title, url, description, ...approval },
        condition(request),
      )
      const template = found(await ownersOnly(change, 'change', 'template'), 'template', id)
      const owner = await ownerOf(request.store, template)
      tag(request, reply, template, owner)
      return { message: 'Post Updated' }
    },
  })

  addRoute(app, {
    method: 'DELETE',
    url: '/template/:id',
    guard: access,
    schema: {
      operationId: 'deleteTemplate',
      summary: 'Delete a template',
      description: 'Its owner may, until it is approved; an admin may.',
      tags: ['memes'],
      params: IdParams,
      headers: IfMatch,
      response: {
        200: links.ends(
          success('The template is gone', Message, [], { message: 'The post has been deleted' }),
        ),
        403: notYours('delete'),
        404: notFound,
        412: stale,
      },
    },
    handler: async (request) => {
      const { id } = request.params
      const deletion = request.store.templates.delete(id, condition(request))
      found(await ownersOnly(deletion, 'delete', 'template'), 'template', id)
      return { message: 'The post has been deleted' }
    },
  })
}

/** What must hold of a template that the request is to change. */
function condition(request: FastifyRequest) {
  const { id, admin } = request.user
  const where = admin ? {} : { userId: id, approved: false }
  return { where, versions: expectedVersions(request, true) }
}

async function listed(
  { store }: Pick<FastifyRequest, 'store'>,
  items: readonly TemplateRecord[],
): Promise<Static<typeof Templates>> {
  const owners = await ownersOf(store, items)
  return { templates: items.map((item) => shown(item, owners.get(item.userId))) }
}

function shown(
  { id, title, url, description, postedAt, approved }: TemplateRecord,
  owner: User | undefined,
): Static<typeof Template> {
  const username = owner?.username ?? null
  const posted = new Date(postedAt).toUTCString()
  return { id, title, url, description, posted, username, user_id: username, approved }
}

export default templates
