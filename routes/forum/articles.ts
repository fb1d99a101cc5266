import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { type Static, Type } from '@sinclair/typebox'
import type { FastifyRequest } from 'fastify'
import { errors, found } from '../../plugins/http/errors.js'
import { Id, IdParams } from '../../plugins/http/record.js'
import { linksOf } from '../../plugins/openapi/links.js'
import { failure, success } from '../../plugins/openapi/responses.js'
import { addRoute } from '../../plugins/route.js'
import { type Article as ArticleRecord, articleFields, type User } from '../../store/collections.js'
import type { FieldOf } from '../../store/declaration.js'
import { Username } from '../../store/names.js'
import { equal, type Selection } from '../../store/query.js'
import { nullable, ref } from '../../store/schema.js'
import { answer, byId, resource } from '../resource.js'
import { TokenBody, tokenField } from './sessions.js'

const about = {
  user_id: nullable(Id, { description: "The author's number; null once the author is deleted" }),
  'author.username': nullable(Username),
  date_posted: Type.String({ format: 'date-time', description: 'When it was posted' }),
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
    articles: Type.Array(ref(ArticleSummary), { description: 'The articles of the page' }),
    next: Type.Boolean({ description: 'Whether there is a page after this one' }),
  },
  {
    $id: 'ArticlePage',
    additionalProperties: false,
    examples: [{ articles: [{ id: 1, title: '1st article', ...exampleAbout }], next: false }],
  },
)

const ArticleInput = Type.Object(
  { ...articleFields, ...tokenField },
  {
    $id: 'ArticleInput',
    additionalProperties: false,
    examples: [{ title: 'New article title', text: 'New article text' }],
  },
)

const FIRST_PAGE = 1

const PageQuery = Type.Object({
  page: Type.Optional(
    Type.Integer({
      minimum: 1,
      maximum: Number.MAX_SAFE_INTEGER,
      default: FIRST_PAGE,
      description: 'Which page, counted from 1',
      examples: [FIRST_PAGE],
    }),
  ),
})

export interface ArticleOptions {
  /** How many articles a page has. */
  readonly pageSize: number
}

/** Articles: everybody may read; an article is its author's alone to change. */
const articles: FastifyPluginAsyncTypebox<ArticleOptions> = async (app, { pageSize }) => {
  for (const schema of [ArticleSummary, Article, ArticlePage, ArticleInput]) app.addSchema(schema)
  const guard = app.guards.access

  const pageOf = async ({ store }: FastifyRequest, page = FIRST_PAGE, where?: Where) => {
    const offset = (page - 1) * pageSize
    const { items, total } = await store.articles.joined('userId').find({
      where,
      sort: [{ path: 'postedAt', descending: true }],
      offset,
      limit: pageSize,
    })
    return {
      articles: items.map(({ record, target }) => summaryOf(record, target)),
      next: offset + pageSize < total,
    }
  }

  addRoute(app, {
    method: 'GET',
    url: '/articles',
    schema: {
      operationId: 'listArticles',
      summary: 'List articles, the newest first',
      description: 'In pages, without the texts.',
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
      description: 'In pages, without the texts.',
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
      const page = await pageOf(request, request.query.page, equal({ userId: id }))
      // Who has written something is there.
      if (page.articles.length === 0) found(await request.store.users.get(id), 'user', id)
      return page
    },
  })

  resource(app, {
    kind: 'article',
    tag: 'forum',
    path: '/articles',
    key: byId<ArticleRecord>(),
    records: ({ articles }) => articles,
    view: Article,
    toWire: shown,
    ownerId: ({ userId }) => userId,
    withOwners: ({ articles }) => articles.joined('userId'),
    owned: {
      where: ({ user }) => ({ userId: user.id }),
      text: "It is another user's article",
    },
    notFound: failure('No article has this id', errors.recordNotFound('article', 222)),
    links: linksOf('id', 'getArticle', ['editArticle', 'deleteArticle']),
    get: { operationId: 'getArticle', summary: 'Get an article', description: 'With its text.' },
    create: {
      operationId: 'createArticle',
      summary: 'Post an article',
      description: 'You become its author.',
      at: '/articles/new',
      guard,
      body: ArticleInput,
      fromWire: ({ title, text }, { user, world }) => {
        return { title, text, userId: user.id, postedAt: world.date() }
      },
      answer: answer(success('The new article', Article, ['etag']), (article) => article),
    },
    replace: {
      operationId: 'editArticle',
      summary: 'Change an article of yours',
      description: 'Its title and its text, both.',
      at: '/articles/:id/edit',
      action: 'edit',
      guard,
      body: ArticleInput,
      fromWire: ({ title, text }) => ({ title, text }),
    },
    remove: {
      operationId: 'deleteArticle',
      summary: 'Delete an article of yours',
      description: 'The answer shows it once more.',
      at: '/articles/:id/delete',
      guard,
      body: TokenBody,
      answer: answer(success('The article that is gone', Article), (article) => article),
    },
  })
}

type Where = Selection<FieldOf<ArticleRecord>>['where']

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
