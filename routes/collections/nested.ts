import { Type } from '@sinclair/typebox'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { withArticle } from '../../plugins/http/article.js'
import { errors, found } from '../../plugins/http/errors.js'
import { FORM } from '../../plugins/http/form.js'
import { answerList } from '../../plugins/http/list.js'
import { addRoute } from '../../plugins/route.js'
import type { FreeForm } from '../../store/free-form.js'
import type { OwnRecord } from '../../store/own.js'
import type { Predicate } from '../../store/query.js'
import { ref } from '../../store/schema.js'
import { resource } from '../resource.js'
import { guardOf, hidesAny, maySee } from './access.js'
import { addCreation, createFrom } from './creation.js'
import { listBody, selectionOf } from './listing.js'
import { JSON_TYPE, listOf, type Route, subjectOf } from './subject.js'

/** Adds the routes at the records of a collection that show and create those that name them: `/posts/1/comments`. */
export function addNested(
  app: FastifyInstance,
  parent: Route,
  lists: readonly Route[],
  key: string,
): void {
  for (const child of lists) if (mayName(child, key)) addChildren(app, parent, child, key)
  addUnrelated(app, parent, lists, key)
}

/** Whether records of a collection name another by this field, or may come to do so, since there are none yet. */
function mayName({ collection: { part, shape } }: Route, key: string): boolean {
  return part.records.length === 0 || shape.atStart.seen.has([key])
}

function addChildren(app: FastifyInstance, parent: Route, child: Route, key: string): void {
  const { collection, names } = child
  const { one, single } = parent.names
  const url = `${parent.collection.path}/:id/${collection.name}`
  const params = Type.Object({ id: ref(parent.schemas.id) })
  resource<OwnRecord, FreeForm, string, FreeForm, unknown, unknown, unknown>(app, {
    ...subjectOf(child),
    list: {
      ...listOf(child, (request) => naming(key, request)),
      operationId: `list${single}${names.plural}`,
      summary: `List the ${collection.name} of ${withArticle(one)}`,
      at: url,
      params,
      guard: guardOf(app, collection.access.read, hidesAny(child.own)),
    },
  })
  addCreation(app, child, {
    url,
    operationId: `create${single}${names.single}`,
    params,
    nested: {
      key,
      fields: (request) => fieldNaming(parent, key, request),
      notFound: subjectOf(parent).notFound,
      isAsked: parent.collection.access.read !== 'anyone',
    },
  })
}

/**
 * json-server has them for every two collections. Where no record names the other kind so far, one route does for all, which
 * the document leaves out; not where a token may matter.
 */
function addUnrelated(
  app: FastifyInstance,
  parent: Route,
  lists: readonly Route[],
  key: string,
): void {
  const open = new Map(lists.filter(isOpen).map((child) => [child.collection.name, child]))
  const url = `${parent.collection.path}/:id/:collection`
  const childOf = (request: FastifyRequest): Route => {
    const child = open.get(String(Object(request.params).collection))
    if (!child) throw errors.routeNotFound()
    return child
  }
  addRoute(app, {
    method: 'GET',
    url,
    schema: { hide: true },
    handler: async (request, reply) => list(childOf(request), naming(key, request), reply),
  })
  addRoute(app, {
    method: 'POST',
    url,
    schema: { hide: true, body: Type.Unknown(), consumes: [JSON_TYPE, FORM] },
    handler: async (request, reply) => {
      const child = childOf(request)
      return createFrom(app, child, reply, await fieldNaming(parent, key, request))
    },
  })
}

function isOpen({ collection: { access, isAccounts, owner } }: Route): boolean {
  return (
    access.read === 'anyone' && access.create === 'anyone' && owner === undefined && !isAccounts
  )
}

function list({ own, collection }: Route, within: Predicate<'content'>, reply: FastifyReply) {
  const { request } = reply
  const selection = selectionOf(collection, request, within)
  return answerList(reply, collection.records(request.store), selection, (records, total) =>
    listBody(own, collection, records.map(contentOf), { total, reply }, within),
  )
}

function contentOf({ content }: OwnRecord): FreeForm {
  return content
}

/** The predicate that a record names the one in the path. */
function naming(key: string, request: FastifyRequest): Predicate<'content'> {
  return { path: ['content', key], op: 'is', value: [idIn(request)] }
}

/**
 * The field that names the record in the path, with that one's own id in it.
 * @throws 404 where there is none that the request may see
 */
async function fieldNaming(
  { collection, names }: Route,
  key: string,
  request: FastifyRequest,
): Promise<FreeForm> {
  const id = idIn(request)
  const record = await collection.records(request.store).getBy({ key: id })
  const isSeen = record && maySee(collection, request, record)
  const { content } = found(isSeen ? record : undefined, names.one, id)
  return { [key]: content[collection.idField] }
}

function idIn({ params }: FastifyRequest): string {
  return String(Object(params).id)
}
