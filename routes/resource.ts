import { type TSchema, type TUnsafe, Type } from '@sinclair/typebox'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import {
  expectedVersions,
  IfMatch,
  IfNoneMatch,
  isKnown,
  tag,
} from '../plugins/http/conditional.js'
import { errors, found, ownersOnly } from '../plugins/http/errors.js'
import { answerList } from '../plugins/http/list.js'
import { addressOf, Id } from '../plugins/http/record.js'
import { linked } from '../plugins/openapi/links.js'
import { empty, failure, list, success } from '../plugins/openapi/responses.js'
import { addRoute } from '../plugins/route.js'
import type { User } from '../store/collections.js'
import type { BaseRecord } from '../store/declaration.js'
import { ownersOf } from '../store/lookups.js'
import { ref } from '../store/schema.js'
import type {
  Answer,
  Changing,
  Creation,
  Deletion,
  Description,
  Key,
  Listing,
  Operation,
  Reading,
} from './description.js'

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

/** Adds the routes of a resource: those operations that its description has, with all that follows from it. */
export function resource<R extends BaseRecord, W, K extends number | string, Q, C, P, M>(
  app: FastifyInstance,
  description: Description<R, W, K, Q, C, P, M>,
): void {
  const {
    kind,
    noun = kind,
    tag: api,
    path,
    key,
    records,
    view,
    toWire,
    ownerId,
    sees,
  } = description
  const { owned, notFound, links } = description
  const itsPath = `${path}/:${key.name}`
  const params = Type.Unsafe<Readonly<Record<string, K>>>(Type.Object({ [key.name]: key.schema }))
  const stale = failure(`The ${noun} is not as If-Match has it`, errors.preconditionFailed())
  const asShown = (text: string, ...headers: ('etag' | 'location')[]): Answer<R, W> => ({
    schema: success(text, view, headers),
    toBody: (shown) => shown,
  })

  const ownerOf = async (request: FastifyRequest, record: R): Promise<User | undefined> => {
    const id = ownerId?.(record) ?? null
    if (id === null) return undefined
    return id === request.user?.id ? request.user : request.store.users.get(id)
  }

  const shownIn = async (request: FastifyRequest, items: readonly R[]): Promise<W[]> => {
    if (!ownerId) return items.map((each) => toWire(each, undefined, request))
    const owned = items.map((each) => ({ userId: ownerId(each) }))
    const owners = await ownersOf(request.store, owned)
    return items.map((each) => toWire(each, owners.get(ownerId(each)), request))
  }

  /** @throws 404 */
  const recordAt = async (request: FastifyRequest, name: K): Promise<R> => {
    const record = await key.find(records(request.store), name)
    return found(record && sees?.(request, record) !== false ? record : undefined, kind, name)
  }

  /** The number of a record that is to be changed or deleted. @throws 404 */
  const idAt = async (request: FastifyRequest, name: K): Promise<number> =>
    typeof name === 'number' && !sees ? name : (await recordAt(request, name)).id

  const condition = (request: FastifyRequest) => ({
    where: owned?.where(request),
    versions: expectedVersions(request, ownerId !== undefined),
  })

  const respond = ({ schema, toBody }: Answer<R, W>) => {
    const { etag, location } = Object(schema.headers)
    return async (request: FastifyRequest, reply: FastifyReply, record: R) => {
      const owner = await ownerOf(request, record)
      if (etag) tag(request, reply, record, owner)
      if (location) {
        const address = addressOf(request, `${app.prefix}${path}/${key.of(record)}`)
        reply.code(201).header('location', address)
      }
      return toBody(toWire(record, owner, request), record)
    }
  }

  const about = ({ operationId, summary, description, consumes }: Operation) => ({
    operationId,
    summary,
    ...(description === undefined ? {} : { description }),
    tags: [api],
    ...(consumes ? { consumes } : {}),
  })

  const refusals = (action: string): Record<number, TSchema> => ({
    ...(owned ? { 403: failure(owned.text, errors.notOwner(action, kind)) } : {}),
    404: notFound,
    412: stale,
  })

  const addList = ({ select, toBody = (shown) => shown, first, ...op }: Listing<R, W, Q>) => {
    const schema = op.schema ?? list(`All ${noun}s, by id`, view)
    const response = {
      200: first && links ? links.names(schema, `$response.body#${first}`) : schema,
    }
    const { querystring = Type.Unsafe<Q>({ type: 'object', properties: {} }) } = op
    addRoute(app, {
      method: 'GET',
      url: path + (op.at ?? ''),
      guard: op.guard,
      schema: { ...about(op), querystring, response },
      handler: async (request, reply) => {
        const { query } = request
        const selection = select?.(query, request) ?? {}
        return answerList(reply, records(request.store), selection, async (items, total) =>
          toBody(await shownIn(request, items), { query, total, reply }),
        )
      },
    })
  }

  const addGet = ({ answer = asShown(`The ${noun}`, 'etag'), ...op }: Reading<R, W>) => {
    addRoute(app, {
      method: 'GET',
      url: op.at === undefined ? itsPath : path + op.at,
      guard: op.guard,
      schema: {
        ...about(op),
        params,
        headers: IfNoneMatch,
        response: {
          200: links?.shows(answer.schema) ?? answer.schema,
          304: empty('You have the latest version', ['etag']),
          404: notFound,
        },
      },
      handler: async (request, reply) => {
        const record = await recordAt(request, keyIn(request.params))
        const owner = await ownerOf(request, record)
        if (isKnown(request, reply, record, owner)) return reply.code(304).send(undefined)
        return answer.toBody(toWire(record, owner, request), record)
      },
    })
  }

  const addCreate = ({
    answer = asShown(`The new ${noun}`, 'etag', 'location'),
    body,
    fromWire,
    links: others,
    ...op
  }: Creation<R, W, C>) => {
    const { etag, location } = Object(answer.schema.headers)
    const ofRecord =
      etag && links ? links.shows(answer.schema, '$response.body#/id') : answer.schema
    const send = respond(answer)
    addRoute(app, {
      method: 'POST',
      url: path + (op.at ?? ''),
      guard: op.guard,
      schema: {
        ...about(op),
        body: ref(body),
        response: { [location ? 201 : 200]: others ? linked(ofRecord, others) : ofRecord },
      },
      handler: async (request, reply) => {
        const record = await records(request.store).insert(fromWire(request.body, request))
        return send(request, reply, record)
      },
    })
  }

  const addChange = <B>(
    method: 'PATCH' | 'PUT',
    {
      answer = asShown(`The ${noun} as it is now`, 'etag'),
      body,
      fromWire,
      action = 'change',
      ...op
    }: Changing<R, W, K, B>,
  ) => {
    const send = respond(answer)
    addRoute(app, {
      method,
      url: op.at === undefined ? itsPath : path + op.at,
      guard: op.guard,
      schema: {
        ...about(op),
        params,
        headers: IfMatch,
        body: ref(body),
        response: { 200: links?.shows(answer.schema) ?? answer.schema, ...refusals(action) },
      },
      handler: async (request, reply) => {
        const name = keyIn(request.params)
        const id = await idAt(request, name)
        const values = fromWire(request.body, request, name)
        const change = records(request.store).update(id, values, condition(request))
        return send(request, reply, found(await ownersOnly(change, action, kind), kind, name))
      },
    })
  }

  const addRemove = ({
    answer = { schema: empty(`The ${noun} is gone`), toBody: () => undefined },
    body,
    ...op
  }: Deletion<R, W>) => {
    const status = answer.schema.type === 'null' ? 204 : 200
    const send = respond(answer)
    addRoute(app, {
      method: 'DELETE',
      url: op.at === undefined ? itsPath : path + op.at,
      guard: op.guard,
      schema: {
        ...about(op),
        params,
        headers: IfMatch,
        ...(body ? { body: ref(body) } : {}),
        response: { [status]: links?.ends(answer.schema) ?? answer.schema, ...refusals('delete') },
      },
      handler: async (request, reply) => {
        const name = keyIn(request.params)
        const deletion = records(request.store).delete(
          await idAt(request, name),
          condition(request),
        )
        const record = found(await ownersOnly(deletion, 'delete', kind), kind, name)
        return reply.code(status).send(await send(request, reply, record))
      },
    })
  }

  if (description.list) addList(description.list)
  if (description.get) addGet(description.get)
  if (description.create) addCreate(description.create)
  if (description.replace) addChange('PUT', description.replace)
  if (description.change) addChange('PATCH', description.change)
  if (description.remove) addRemove(description.remove)
}

/** The one parameter of a record's path. */
function keyIn<K>(params: Readonly<Record<string, K>>): K {
  for (const name in params) {
    const key = params[name]
    if (key !== undefined) return key
  }
  throw errors.routeNotFound()
}
