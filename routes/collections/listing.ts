import type { FastifyReply, FastifyRequest } from 'fastify'
import { addressOf } from '../../plugins/http/record.js'
import type { World } from '../../plugins/workspaces/world.js'
import type { FreeForm } from '../../store/free-form.js'
import type { Predicate, Query, Selection } from '../../store/query.js'
import { ownedBy } from './access.js'
import type { Own, OwnCollection } from './collection.js'
import { type IsField, type ListQuery, listQueryOf } from './dialect.js'
import { envelopeOf, lastInstead, linkOf } from './paging.js'
import { wantsRelated, withRelated } from './related.js'

const queries = new WeakMap<FastifyRequest, ListQuery>()

/** Which fields a query can ask for in a world. */
export function fieldsOf(
  { isAccounts, shape }: Pick<OwnCollection, 'isAccounts' | 'shape'>,
  world: World,
): IsField {
  const { seen } = shape.in(world)
  // Who asks for a password finds nobody by it, whereas a field that isn't known would be passed over.
  return (path) => seen.has(path) || (isAccounts && path[0] === 'password')
}

/** What a request's query asks of a collection. */
export function queryOf(
  collection: Pick<OwnCollection, 'isAccounts' | 'shape'>,
  request: FastifyRequest,
): ListQuery {
  let query = queries.get(request)
  if (!query) {
    query = listQueryOf(Object(request.query), fieldsOf(collection, request.world))
    queries.set(request, query)
  }
  return query
}

type Field = 'content' | 'id'

/**
 * What records must be for a request: what it asks of them, and such that it may see them.
 * @param within what they must be beside
 */
export function conditionsOf(
  collection: OwnCollection,
  request: FastifyRequest,
  where: Predicate<'content'> | undefined,
  within: Predicate<'content'> | undefined,
): readonly Predicate<'content'>[] {
  const owned = ownedBy(collection, collection.access.read, request)
  return [within, owned, where].filter((each) => each !== undefined)
}

/**
 * Which records a request wants, of those that it may see.
 * @param within what they must be beside
 */
export function selectionOf(
  collection: OwnCollection,
  request: FastifyRequest,
  within?: Predicate<'content'>,
): Selection<Field> | Query<Field> {
  const { where, sort, paging } = queryOf(collection, request)
  const and = conditionsOf(collection, request, where, within)
  const selection = { sort, ...(and.length > 0 ? { where: { and } } : {}) }
  return paging ? { ...selection, offset: paging.offset, limit: paging.limit } : selection
}

/** A list, or a page of it, with what is asked for beside: the body, and the headers that tell of the other pages. */
export async function listBody(
  own: Own,
  collection: OwnCollection,
  records: readonly FreeForm[],
  { total, reply }: { readonly total: number; readonly reply: FastifyReply },
  within?: Predicate<'content'>,
): Promise<unknown> {
  const { request } = reply
  const query = queryOf(collection, request)
  const { paging } = query
  const relate = async (some: readonly FreeForm[]) =>
    wantsRelated(query) ? withRelated(own, collection, request, some, query) : some
  if (!paging) return relate(records)
  const url = addressOf(request, request.url)
  reply.header('x-total-count', total)
  const link = linkOf(url, paging, total)
  if (link !== undefined) reply.header('link', link)
  if (!paging.isEnvelope) return relate(records)
  const instead = lastInstead(paging, total)
  if (!instead) return envelopeOf(paging, total, await relate(records))
  const { offset, limit } = instead
  const selection = { ...selectionOf(collection, request, within), offset, limit }
  const { items } = await collection.records(request.store).find(selection)
  return envelopeOf(instead, total, await relate(items.map(({ content }) => content)))
}
