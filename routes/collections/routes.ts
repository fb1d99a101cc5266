import { type TSchema, Type } from '@sinclair/typebox'
import type { FastifyInstance, FastifyRequest } from 'fastify'
import { tag as tagVersion } from '../../plugins/http/conditional.js'
import { errors, found } from '../../plugins/http/errors.js'
import { FORM } from '../../plugins/http/form.js'
import { addressOf } from '../../plugins/http/record.js'
import { linksOf } from '../../plugins/openapi/links.js'
import { answered, empty, failure, success } from '../../plugins/openapi/responses.js'
import { addRoute } from '../../plugins/route.js'
import { isObject } from '../../seed/own.js'
import type { FreeForm } from '../../store/free-form.js'
import type { OwnRecord } from '../../store/own.js'
import type { Predicate } from '../../store/query.js'
import { ref } from '../../store/schema.js'
import type { Listing, Subject } from '../description.js'
import { resource } from '../resource.js'
import { guardOf, maySee, ownedBy } from './access.js'
import { requireOwnAccount } from './accounts.js'
import type { Own, OwnCollection } from './collection.js'
import { listBody, queryOf, selectionOf } from './listing.js'
import type { Names } from './names.js'
import { listQuerySchema, related } from './query-schema.js'
import { wantsRelated, withRelated } from './related.js'
import type { Schemas } from './schemas.js'
import { change, create, MERGE_PATCH, replacement } from './writing.js'

/** What the routes of one collection are made from. */
export interface Route {
  readonly own: Own
  readonly collection: OwnCollection
  readonly names: Names
  readonly schemas: Schemas
}

const JSON_TYPE = 'application/json'

/** Adds the routes of a collection, as a resource. */
export function addCollection(app: FastifyInstance, route: Route): void {
  const { own, collection, names, schemas } = route
  const { access, name } = collection
  const { one, single, plural } = names
  const readGuard = guardOf(app, access.read, isAsked(route))
  const changeGuard = guardOf(app, access.change, isAsked(route))
  const learned = {
    schema: success(`The ${one} as it is now`, schemas.record, ['etag']),
    toBody: (shown: FreeForm, _record: OwnRecord, request: FastifyRequest) => {
      collection.shape.learn(shown, request)
      return shown
    },
  }
  const consumes = mediaTypesOf(collection)

  resource<OwnRecord, FreeForm, string, FreeForm, unknown, unknown, unknown>(app, {
    ...subjectOf(route),
    list: {
      ...listOf(route),
      operationId: `list${plural}`,
      summary: `List ${name}`,
      guard: readGuard,
    },
    get: {
      operationId: `get${single}`,
      summary: `Get a ${one}`,
      querystring: Type.Object(related),
      guard: readGuard,
      isComposed: (request) => wantsRelated(queryOf(collection, request)),
      answer: {
        schema: success(`The ${one}; without an ETag where others are put in`, schemas.record, [
          'etag?',
        ]),
        toBody: async (shown, _record, request) => {
          const query = queryOf(collection, request)
          if (!wantsRelated(query)) return shown
          const [body] = await withRelated(own, collection, request, [shown], query)
          return body
        },
      },
    },
    replace: {
      operationId: `replace${single}`,
      summary: `Replace a ${one}`,
      description: 'The record keeps its id and its place in the list.',
      guard: changeGuard,
      consumes,
      body: schemas.input,
      answer: learned,
      fromWire: (body, request, key) => replacement(collection, body, request, key),
    },
    change: {
      operationId: `change${single}`,
      summary: `Change a ${one}`,
      description: 'What is given takes the place of what is there; the other fields stay.',
      guard: changeGuard,
      consumes: [...consumes, MERGE_PATCH],
      body: schemas.patch,
      answer: learned,
      fromWire: (body, request, key) => change(collection, body, request, key),
    },
    remove: {
      operationId: `delete${single}`,
      summary: `Delete a ${one}`,
      description: 'The records that name it go with it, unless the data file says otherwise.',
      guard: changeGuard,
      answer: {
        schema: success(`The ${one} that is gone`, schemas.record),
        toBody: (shown) => shown,
      },
    },
  })
  addCreation(app, route, { url: collection.path, operationId: `create${single}` })
}

/** Adds the routes that show and create the records of a collection that name one of another's. */
export function addNested(app: FastifyInstance, parent: Route, child: Route, key: string): void {
  const { collection, names } = child
  const url = `${parent.collection.path}/:id/${collection.name}`
  const params = Type.Object({ id: ref(parent.schemas.id) })
  const within = (request: FastifyRequest): Predicate<'content'> => ({
    path: ['content', key],
    op: 'is',
    value: [idIn(request)],
  })
  const { single } = parent.names
  resource<OwnRecord, FreeForm, string, FreeForm, unknown, unknown, unknown>(app, {
    ...subjectOf(child),
    list: {
      ...listOf(child, within),
      operationId: `list${single}${names.plural}`,
      summary: `List the ${collection.name} of a ${parent.names.one}`,
      at: url,
      params,
      guard: guardOf(app, collection.access.read, isAsked(child)),
    },
  })
  addCreation(app, child, {
    url,
    operationId: `create${single}${names.single}`,
    params,
    nested: { parent, key },
  })
}

/** Whether it matters who somebody is that needs no token. */
function isAsked({ own, collection }: Route): boolean {
  const isRestricted = own.collections.some(({ access }) => access.read !== 'anyone')
  return isRestricted || collection.owner !== undefined || collection.isAccounts
}

/** The media types of what is written. A form has texts alone, so that a frozen shape would seldom fit. */
export function mediaTypesOf({ shape }: OwnCollection): readonly string[] {
  return shape.isFrozen ? [JSON_TYPE] : [JSON_TYPE, FORM]
}

function subjectOf({ collection, names, schemas }: Route): Subject<OwnRecord, FreeForm, string> {
  const { access, isAccounts, name, path, records } = collection
  const { one, single } = names
  const isOwned = access.change === 'owner' || isAccounts
  const changes = [`replace${single}`, `change${single}`, `delete${single}`]
  return {
    kind: one,
    tag: name,
    path,
    key: {
      name: 'id',
      schema: ref(schemas.id),
      of: ({ key }) => key,
      find: (all, key) => all.getBy({ key }),
    },
    records,
    view: schemas.record,
    toWire: ({ content }) => content,
    sees: (request, record) => maySee(collection, request, record),
    tellsOthers: true,
    permits: requireOwnAccount,
    ...(isOwned
      ? {
          owned: {
            test: (request) => ownedBy(collection, access.change, request),
            text: `It is not your ${one}`,
          },
        }
      : {}),
    notFound: failure(`${name} has no such record`, errors.recordNotFound(one, 99)),
    links: linksOf('id', `get${single}`, changes),
  }
}

function listOf(
  { own, collection, schemas }: Route,
  within: (request: FastifyRequest) => Predicate<'content'> | undefined = () => undefined,
): Omit<Listing<OwnRecord, FreeForm, FreeForm>, 'operationId' | 'summary'> {
  const records = Type.Array(ref(schemas.record))
  const schema = Type.Unsafe<unknown>({ anyOf: [records, ref(schemas.page)] })
  return {
    description:
      'All records, or those that the query asks for: a field and a value, with an operator as in `title_like` or `views:gt`; in an order; and a page of them, in an envelope with `_per_page`.',
    querystring: listQuerySchema(collection),
    schema: answered(`What there is of ${collection.name}`, schema, [
      'etag?',
      'link?',
      'x-total-count?',
    ]),
    answers: { 304: empty('You have the latest version', ['etag']) },
    select: (_query, request) => selectionOf(collection, request, within(request)),
    toBody: (shown, page) => listBody(own, collection, shown, page, within(page.reply.request)),
  }
}

interface Creating {
  readonly url: string
  readonly operationId: string
  readonly params?: TSchema
  /** What the new records are to name. */
  readonly nested?: { readonly parent: Route; readonly key: string }
}

function addCreation(
  app: FastifyInstance,
  route: Route,
  { url, operationId, params, nested }: Creating,
): void {
  const { collection, names, schemas } = route
  const { access, idField, name, path } = collection
  const one = ref(schemas.record)
  const input = ref(schemas.input)
  const [example = {}] = app.liveSchemas.get(String(schemas.input.$id))?.().examples ?? []
  addRoute(app, {
    method: 'POST',
    url,
    guard: guardOf(app, access.create, isAsked(route)),
    schema: {
      operationId,
      summary: `Create a ${names.one}`,
      description:
        'It gets an id, unless it brings one. A list of records creates them all, or none of them.',
      tags: [name],
      consumes: [...mediaTypesOf(collection)],
      ...(params ? { params } : {}),
      body: Type.Unsafe<unknown>({ anyOf: [input, Type.Array(input)], examples: [example] }),
      response: {
        201: answered(
          `The new ${names.one}, or the list of them`,
          Type.Unsafe<unknown>({ anyOf: [one, Type.Array(one)] }),
          ['etag?', 'location?'],
        ),
        ...(nested ? { 404: subjectOf(nested.parent).notFound } : {}),
        409: failure('Another record has this id', errors.idTaken(name, 1)),
        ...(collection.isAccounts ? accountRefusals : {}),
      },
    },
    handler: async (request, reply) => {
      const { body } = request
      const add = nested ? await fieldNaming(nested.parent, request, nested.key) : {}
      const bodies: readonly unknown[] = Array.isArray(body) ? body : [body]
      const records = await create(
        collection,
        request,
        bodies.map((each) => (isObject(each) ? { ...each, ...add } : each)),
        (index) => (Array.isArray(body) ? `/${index}` : ''),
      )
      reply.code(201)
      const [record] = records
      if (Array.isArray(body) || !record) return records.map(({ content }) => content)
      tagVersion(request, reply, record)
      const place = `${encodeURI(app.prefix + path)}/${encodeURIComponent(record.key)}`
      reply.header('location', addressOf(request, place))
      return record.content
    },
  })

  /** The field that names the record in the path, with that one's own id in it. */
  async function fieldNaming(parent: Route, request: FastifyRequest, key: string) {
    const { records, idField: parentId } = parent.collection
    const found404 = await records(request.store).getBy({ key: idIn(request) })
    const { content } = found(found404, parent.names.one, idIn(request))
    return { [key]: content[parentId] ?? content[idField] }
  }
}

const accountRefusals = {
  403: failure('It would be an admin, and you are none', errors.adminOnly()),
  503: failure('Too many passwords wait to be hashed', errors.overloaded()),
}

function idIn({ params }: FastifyRequest): string {
  return String(Object(params).id)
}
