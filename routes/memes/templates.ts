import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { type Static, Type } from '@sinclair/typebox'
import { errors, REFERENCE } from '../../plugins/http/errors.js'
import { FORM } from '../../plugins/http/form.js'
import { answerBatches } from '../../plugins/http/list.js'
import { Id } from '../../plugins/http/record.js'
import { linksOf } from '../../plugins/openapi/links.js'
import { prefersHtml } from '../../plugins/openapi/reference.js'
import { empty, failure, Message, success } from '../../plugins/openapi/responses.js'
import { addRoute } from '../../plugins/route.js'
import { baseOf } from '../../plugins/workspaces/name.js'
import {
  type Template as TemplateRecord,
  templateFields,
  type User,
} from '../../store/collections.js'
import { merged } from '../../store/lookups.js'
import { Username } from '../../store/names.js'
import { equal } from '../../store/query.js'
import { nullable, ref } from '../../store/schema.js'
import { answer, byId, resource } from '../resource.js'

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
    approved: Type.Boolean({ description: 'Whether an admin has approved it' }),
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

const TemplateList = Type.Object(
  { templates: Type.Array(ref(Template), { description: 'The templates, by id' }) },
  {
    $id: 'TemplateList',
    additionalProperties: false,
    examples: [{ templates: [exampleTemplate] }],
  },
)

const TemplateInput = Type.Object(
  { ...requiredFields, description: Type.Optional(description) },
  {
    $id: 'TemplateInput',
    additionalProperties: false,
    examples: [{ title: 'some title', url: 'http:/test.com', description: 'some desc' }],
  },
)

const links = linksOf('id', 'getTemplate', ['replaceTemplate', 'deleteTemplate'])
/** Where the id of the first template is in a list. */
const FIRST = '/templates/0/id'
/** Meme templates: users post them, admins approve them. */
const templates: FastifyPluginAsyncTypebox = async (app) => {
  for (const schema of [Template, OneTemplate, TemplateList, TemplateInput]) app.addSchema(schema)
  const guard = app.guards.access

  await app.register(async (home) => {
    home.addHook('onRequest', async (request, reply) => {
      const { authorization, 'x-access-token': token } = request.headers
      const isVisitor = authorization === undefined && token === undefined
      if (isVisitor && prefersHtml(request)) return reply.redirect(baseOf(request) + REFERENCE)
    })

    addRoute(home, {
      method: 'GET',
      url: '/',
      guard,
      schema: {
        operationId: 'listVisibleTemplates',
        summary: 'List what is approved, and your own templates',
        description: 'A browser that brings no token is sent to the API reference.',
        tags: ['memes'],
        response: {
          200: links.names(
            success('Approved templates and your own, by id', TemplateList),
            `$response.body#${FIRST}`,
          ),
          302: empty('A page is asked for, and it is elsewhere', ['location']),
        },
      },
      handler: async ({ store, user }, reply) => {
        const templates = store.templates.joined('userId')
        const own = templates.stream({ where: equal({ userId: user.id }) })
        const approved = templates.stream({ where: equal({ approved: true }) })
        const visible = merged(own, approved, ({ record }) => record.id)
        return answerBatches(reply, visible, (some) => ({
          templates: some.map(({ record, target }) => shown(record, target)),
        }))
      },
    })
  })

  resource(app, {
    kind: 'template',
    tag: 'memes',
    path: '/template',
    key: byId<TemplateRecord>(),
    records: ({ templates }) => templates,
    view: Template,
    toWire: shown,
    ownerId: ({ userId }) => userId,
    withOwners: ({ templates }) => templates.joined('userId'),
    owned: {
      where: ({ user: { id, admin } }) => (admin ? {} : { userId: id, approved: false }),
      text: "It is another user's template, or approved",
    },
    notFound: failure('No template has this id', errors.recordNotFound('template', 99)),
    links,
    list: {
      operationId: 'listTemplates',
      summary: 'List all templates',
      description: 'Approved or not.',
      guard,
      schema: success('All templates, by id', TemplateList),
      toBody: (templates) => ({ templates }),
      first: FIRST,
    },
    get: {
      operationId: 'getTemplate',
      summary: 'Get a template',
      description: 'Approved or not.',
      guard,
      answer: answer(success('The template', OneTemplate, ['etag']), (template) => ({ template })),
    },
    create: {
      operationId: 'createTemplate',
      summary: 'Post a template',
      description: "An admin's is approved at once.",
      guard,
      consumes: ['application/json', FORM],
      body: TemplateInput,
      fromWire: (
        { title, url, description = null },
        { user: { id: userId, admin: approved }, world },
      ) => {
        const postedAt = world.date()
        return { title, url, description, userId, postedAt, approved }
      },
      answer: done('The template is there', 'Post created'),
    },
    replace: {
      operationId: 'replaceTemplate',
      summary: 'Replace a template',
      description: 'Its owner may, until it is approved. An admin may, and that approves it.',
      guard,
      consumes: ['application/json', FORM],
      body: TemplateInput,
      fromWire: ({ title, url, description = null }, { user: { admin } }) => {
        return { title, url, description, ...(admin ? { approved: true } : {}) }
      },
      answer: done('The template is replaced', 'Post Updated', 'etag'),
    },
    remove: {
      operationId: 'deleteTemplate',
      summary: 'Delete a template',
      description: 'Its owner may, until it is approved; an admin may.',
      guard,
      answer: done('The template is gone', 'The post has been deleted'),
    },
  })
}

/** An answer that says no more than what was done. */
function done(description: string, message: string, ...headers: 'etag'[]) {
  return answer(success(description, Message, headers, { message }), () => ({ message }))
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
