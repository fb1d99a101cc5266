import type { TUnsafe } from '@sinclair/typebox'
import type { FastifyInstance } from 'fastify'
import { Id } from '../plugins/http/record.js'
import type { BaseRecord } from '../store/declaration.js'
import type { Answer, Description, Key } from './description.js'
import { Operations } from './operations.js'

/** Names records by their numbers. */
export function byId<R extends BaseRecord>(): Key<R, number> {
  return { name: 'id', schema: Id, of: ({ id }) => id, find: (records, id) => records.get(id) }
}

/** An answer with something else in it than the record as it is shown. */
export function answer<R, W, A>(
  schema: TUnsafe<A>,
  toBody: (shown: W, record: R) => A,
): Answer<R, W> {
  return { schema, toBody }
}

/**
 * Adds the routes of a resource: those operations that its description has, each with its schema, answers, ETag, links and
 * guard.
 */
export function resource<R extends BaseRecord, W, K extends number | string, Q, C, P, M>(
  app: FastifyInstance,
  description: Description<R, W, K, Q, C, P, M>,
): void {
  const { list, get, create, replace, change, remove } = description
  const operations = new Operations(app, description)
  if (list) operations.addList(list)
  if (get) operations.addGet(get)
  if (create) operations.addCreate(create)
  if (replace) operations.addChange('PUT', replace)
  if (change) operations.addChange('PATCH', change)
  if (remove) operations.addRemove(remove)
}
