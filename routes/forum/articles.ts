import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { type Static, Type } from '@sinclair/typebox'
import type { FastifyReply, FastifyRequest } from 'fastify'
import {
  expectedVersions,
  IfMatch,
  IfNoneMatch,
  isKnown,
  tag,
} from '../../plugins/http/conditional.js'
import { errors, found, ownersOnly } from '../../plugins/http/errors.js'
import { Id, IdParams } from '../../plugins/http/record.js'
import { linksOf } from '../../plugins/openapi/links.js'
import { empty, failure, success } from '../../plugins/openapi/responses.js'
import { addRoute } from '../../plugins/route.js'
import {
  type Article as ArticleRecord,
  articleFields,
  type User,
  Username,
} from '../../store/collections.js'
import type { FieldOf } from '../../store/declaration.js'
import { ownerOf, ownersOf } from '../../store/lookups.js'
import { equal, type Selection } from '../../store/query.js'
import { nullable, ref } from '../../store/schema.js'
import { TokenBody, tokenField } from './sessions.js'

const about = {
  user_id: nullable(Id, { description: "The author's number; null once the author is deleted" }),
  'author.username': nullable(Username),
  date_posted: Type.String({ format: 'date-time' }),
}

const exampleAbout = {
  user_id: 1,
  'author.username': 'user',
  date_posted: '2020-02-02T00:17:49.735Z',
}

const Article = Type.Object(
  { id: Id, ...articleFields, ...about },
  {
    $id: 'Article',
    additionalProperties: false,
    examples: [{ id: 1, title: '1st article', text: 'Hello world', ...exampleAbout }],
  },
)

const ArticleSummary = Type.Object(
  { id: Id, title: articleFields.title, ...about },
  {
    $id: 'ArticleSummary',
    additionalProperties: false,
    examples: [{ id: 1, title: '1st article', ...exampleAbout }],
  },
)

const ArticlePage = Type.Object(
  {
    articles: Type.Array(ref(ArticleSummary)),
    next: Type.Boolean({ description: 'Whether there is a page after this one' }),
  },
  {
    $id: 'ArticlePage',
    additionalProperties: false,
    examples: [{ articles: [{ id: 1, title: '1st article', ...exampleAbout }], next: false }],
  },
)

const NewArticle = Type.Object(
  { ...articleFields, ...tokenField },
  {
    $id: 'NewArticle',
    additionalProperties: false,
    examples: [{ title: 'New article title', text: 'New article text' }],
  },
)

const FIRST_PAGE = 1

const PageQuery = Type.Object({
  page: Type.Optional(
    Type.Integer({ minimum: 1, maximum: Number.MAX_SAFE_INTEGER, default: FIRST_PAGE }),
  ),
})

const links = linksOf('id', 'getArticle', ['editArticle', 'deleteArticle'])
const notFound = failure('No article has this id', errors.recordNotFound('article', 222))
const notYours = (action: string) =>
  failure("It is another user's article", errors.notOwner(action, 'article'))
const stale = failure('The article is not as If-Match has it', errors.preconditionFailed())

export interface ArticleOptions {
  /** How many articles a page has. */
  readonly pageSize: number
}

/** Articles: everybody may read; an article is its author's alone to change. */
const articles: FastifyPluginAsyncTypebox<ArticleOptions> = async (app, { pageSize }) => {
  for (const schema of [ArticleSummary, Article, ArticlePage, NewArticle]) app.addSchema(schema)
  const { access } = app.guards

  const pageOf = async ({ store }: FastifyRequest, page = FIRST_PAGE, where?: Where) => {
    const offset = (page - 1) * pageSize
    const { items, total } = await store.articles.find({
      where,
      sort: [{ path: 'postedAt', descending: true }],
      offset,
      limit: pageSize,
    })
    const authors = await ownersOf(store, items)
    return {
      articles: items.map((article) => summaryOf(article, authors.get(article.userId))),
      next: offset + pageSize < total,
    }
  }

  addRoute(app, {
    method: 'GET',
    url: '/articles',
    schema: {
      operationId: 'listArticles',
      summary: 'List articles, the newest first',
      tags: ['forum'],
      querystring: PageQuery,
      response: { 200: success('A page; one past the end is empty', ArticlePage) },
    },
    handler: async (request) => pageOf(request, request.query.page),
  })

  addRoute(app, {
    method: 'GET',
    url: '/users/:id/articles',
    schema: {
      operationId: 'listArticlesOfUser',
      summary: "List a user's articles, the newest first",
      tags: ['forum'],
      params: IdParams,
      querystring: PageQuery,
      response: {
        200: success('A page; one past the end is empty', ArticlePage),
        404: failure('No user has this id', errors.recordNotFound('user', 99)),
      },
    },
    handler: async (request) => {
      const { id } = request.params
      found(await request.store.users.get(id), 'user', id)
      return pageOf(request, request.query.page, equal({ userId: id }))
    },
  })

  addRoute(app, {
    method: 'GET',
    url: '/articles/:id',
    schema: {
      operationId: 'getArticle',
      summary: 'Get an article',
      tags: ['forum'],
      params: IdParams,
      headers: IfNoneMatch,
      response: {
        200: links.shows(success('The article', Article, ['etag'])),
        304: empty('You have the latest version', ['etag']),
        404: notFound,
      },
    },
    handler: async (request, reply) => {
      const { id } = request.params
      const article = found(await request.store.articles.get(id), 'article', id)
      const author = await ownerOf(request.store, article)
      if (isKnown(request, reply, article, author)) return reply.code(304).send(undefined)
      return shown(article, author)
    },
  })

  addRoute(app, {
    method: 'POST',
    url: '/articles/new',
    guard: access,
    schema: {
      operationId: 'createArticle',
      summary: 'Post an article',
      tags: ['forum'],
      body: ref(NewArticle),
      response: {
        200: links.shows(success('The new article', Article, ['etag']), '$response.body#/id'),
      },
    },
    handler: async (request, reply) => {
      const { title, text } = request.body
      const article = await request.store.articles.insert({
        title,
        text,
        userId: request.user.id,
        postedAt: new Date().toISOString(),
      })
      return ownArticle(request, reply, article)
    },
  })

  addRoute(app, {
    method: 'PUT',
    url: '/articles/:id/edit',
    guard: access,
    schema: {
      operationId: 'editArticle',
      summary: 'Change an article of yours',
      tags: ['forum'],
      params: IdParams,
      headers: IfMatch,
      body: ref(NewArticle),
      response: {
        200: links.shows(success('The article as it is now', Article, ['etag'])),
        403: notYours('edit'),
        404: notFound,
        412: stale,
      },
    },
    handler: async (request, reply) => {
      const { id } = request.params
      const { title, text } = request.body
      const change = request.store.articles.update(id, { title, text }, ownCondition(request))
      const article = found(await ownersOnly(change, 'edit', 'article'), 'article', id)
      return ownArticle(request, reply, article)
    },
  })

  addRoute(app, {
    method: 'DELETE',
    url: '/articles/:id/delete',
    guard: access,
    schema: {
      operationId: 'deleteArticle',
      summary: 'Delete an article of yours',
      tags: ['forum'],
      params: IdParams,
      headers: IfMatch,
      body: ref(TokenBody),
      response: {
        200: links.ends(success('The article that is gone', Article)),
        403: notYours('delete'),
        404: notFound,
        412: stale,
      },
    },
    handler: async (request) => {
      const { id } = request.params
      const deletion = request.store.articles.delete(id, ownCondition(request))
      const article = found(await ownersOnly(deletion, 'delete', 'article'), 'article', id)
      return shown(article, request.user)
    },
  })
}

type Where = Selection<FieldOf<ArticleRecord>>['where']

/** What must hold of an article that the request is to change. */
function ownCondition(request: FastifyRequest) {
  return { where: { userId: request.user.id }, versions: expectedVersions(request, true) }
}

/** Answers with an article of the user whom the request comes from. */
function ownArticle(request: FastifyRequest, reply: FastifyReply, article: ArticleRecord) {
  tag(request, reply, article, request.user)
  return shown(article, request.user)
}

function summaryOf(
  { id, title, postedAt }: ArticleRecord,
  author: User | undefined,
): Static<typeof ArticleSummary> {
  return {
    id,
    title,
    user_id: author?.id ?? null,
    'author.username': author?.username ?? null,
    date_posted: postedAt,
  }
}

function shown(article: ArticleRecord, author: User | undefined): Static<typeof Article> {
  return { ...summaryOf(article, author), text: article.text }
}

export default articles
