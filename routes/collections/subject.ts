import { Type } from '@sinclair/typebox'
import type { FastifyRequest } from 'fastify'
import { errors } from '../../plugins/http/errors.js'
import { wantsEvents } from '../../plugins/http/event-stream.js'
import { FORM } from '../../plugins/http/form.js'
import { linksOf } from '../../plugins/openapi/links.js'
import { answered, empty, failure } from '../../plugins/openapi/responses.js'
import type { FreeForm } from '../../store/free-form.js'
import type { OwnRecord } from '../../store/own.js'
import type { Predicate } from '../../store/query.js'
import { ref } from '../../store/schema.js'
import type { Listing, Subject } from '../description.js'
import { maySee, ownedBy } from './access.js'
import { requireOwnAccount } from './accounts.js'
import type { Own, OwnCollection } from './collection.js'
import { feedAs, listFeed, tooManyFeeds } from './feed.js'
import { listBody, selectionOf } from './listing.js'
import type { Names } from './names.js'
import { listQuerySchema } from './query-schema.js'
import type { Schemas } from './schemas.js'

/** What the routes of one collection are made from. */
export interface Route {
  readonly own: Own
  readonly collection: OwnCollection
  readonly names: Names
  readonly schemas: Schemas
}

export const JSON_TYPE = 'application/json'

/** Whether it matters who somebody is that needs no token, when they write. */
export function isAsked({ collection }: Route): boolean {
  return collection.owner !== undefined || collection.isAccounts
}

/** The media types of what is written. A form has texts alone, so that a frozen shape would seldom fit. */
export function mediaTypesOf({ shape }: OwnCollection): readonly string[] {
  return shape.isFrozen ? [JSON_TYPE] : [JSON_TYPE, FORM]
}

/** The records of a collection as its routes show them. */
export function subjectOf({
  collection,
  names,
  schemas,
}: Route): Subject<OwnRecord, FreeForm, string> {
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
            text: isAccounts ? 'It is not your account' : `It is not your ${one}`,
          },
        }
      : {}),
    notFound: failure(`${name} has no such record`, errors.recordNotFound(one, 99)),
    links: linksOf('id', `get${single}`, changes),
  }
}

/**
 * What lists the records of a collection.
 * @param within which of them a request is about
 */
export function listOf(
  { own, collection, schemas }: Route,
  within: (request: FastifyRequest) => Predicate<'content'> | undefined = () => undefined,
): Omit<Listing<OwnRecord, FreeForm, FreeForm>, 'operationId' | 'summary'> {
  const records = Type.Array(ref(schemas.record))
  const schema = Type.Unsafe<unknown>({ anyOf: [records, ref(schemas.page)] })
  return {
    description:
      'All records, or those that the query asks for: a field and a value, with an operator as in `title_like` or `views:gt`; in an order; and a page of them, in an envelope with `_per_page`. With `Accept: text/event-stream` what happens from now on to those that the query asks for; nothing that happened before is told, whatever `Last-Event-ID` says.',
    querystring: listQuerySchema(collection),
    isField: (name, { world }) => collection.shape.in(world).seen.has([name]),
    schema: {
      ...answered(`What there is of ${collection.name}`, schema, [
        'cache-control?',
        'etag?',
        'link?',
        'x-total-count?',
      ]),
      ...feedAs(collection),
    },
    instead: (reply) =>
      wantsEvents(reply.request) ? listFeed(collection, reply, within(reply.request)) : undefined,
    answers: { 304: empty('You have the latest version', ['etag']), 503: tooManyFeeds },
    select: (_query, request) => selectionOf(collection, request, within(request)),
    toBody: (shown, page) => listBody(own, collection, shown, page, within(page.reply.request)),
  }
}
