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
import { addressOf } from '../plugins/http/record.js'
import { linked } from '../plugins/openapi/links.js'
import { empty, failure, list, success } from '../plugins/openapi/responses.js'
import { addRoute } from '../plugins/route.js'
import type { User } from '../store/collections.js'
import type { BaseRecord } from '../store/declaration.js'
import type { Joined } from '../store/engine.js'
import { BoundReached } from '../store/errors.js'
import { ref } from '../store/schema.js'
import type {
  Answer,
  Changing,
  Creation,
  Deletion,
  Listing,
  Operation,
  Reading,
  Subject,
} from './description.js'

/** Adds the routes of one resource, each operation by itself. */
export class Operations<R extends BaseRecord, W, K extends number | string> {
  readonly #app: FastifyInstance
  readonly #subject: Subject<R, W, K>
  readonly #noun: string
  readonly #itsPath: string
  readonly #params: TUnsafe<Readonly<Record<string, K>>>

  constructor(app: FastifyInstance, subject: Subject<R, W, K>) {
    const { key, kind, noun = kind, path } = subject
    this.#app = app
    this.#subject = subject
    this.#noun = noun
    this.#itsPath = `${path}/:${key.name}`
    this.#params = Type.Unsafe(Type.Object({ [key.name]: key.schema }))
  }

  addList<Q>({
    select,
    toBody = (shown) => shown,
    first,
    answers = {},
    instead,
    isField,
    ...op
  }: Listing<R, W, Q>): void {
    const { links, path, records, toWire, view, withOwners } = this.#subject
    const schema = op.schema ?? list(`All ${this.#noun}s, by id`, view)
    const { querystring = Type.Unsafe<Q>({ type: 'object', properties: {} }) } = op
    addRoute(this.#app, {
      ...routing(op, path),
      method: 'GET',
      ...(isField ? { isField } : {}),
      schema: {
        ...this.#about(op),
        querystring,
        response: {
          200: first && links ? links.names(schema, `$response.body#${first}`) : schema,
          ...answers,
        },
      },
      handler: async (request, reply) => {
        const other = instead?.(reply)
        if (other) return other
        const { query } = request
        const selection = select?.(query, request) ?? {}
        const body = (shown: readonly W[], total: number) => toBody(shown, { query, total, reply })
        if (withOwners) {
          return answerList(reply, withOwners(request.store), selection, (items, total) =>
            body(
              items.map(({ record, target }) => toWire(record, target, request)),
              total,
            ),
          )
        }
        return answerList(reply, records(request.store), selection, (items, total) =>
          body(
            items.map((record) => toWire(record, undefined, request)),
            total,
          ),
        )
      },
    })
  }

  addGet({
    answer = this.#asShown(`The ${this.#noun}`, 'etag'),
    isComposed = () => false,
    querystring,
    answers = {},
    instead,
    ...op
  }: Reading<R, W>): void {
    const { links, notFound, toWire } = this.#subject
    addRoute(this.#app, {
      ...routing(op, this.#itsPath),
      method: 'GET',
      schema: {
        ...this.#about(op),
        params: this.#params,
        ...(querystring ? { querystring } : {}),
        headers: IfNoneMatch,
        response: {
          200: links?.shows(answer.schema) ?? answer.schema,
          304: empty('You have the latest version', ['etag']),
          404: notFound,
          ...answers,
        },
      },
      handler: async (request, reply) => {
        const { record, target: owner } = await this.#shownAt(request, keyIn(request.params))
        const other = instead?.(reply, record)
        if (other) return other
        if (!isComposed(request) && isKnown(request, reply, record, owner)) {
          return reply.code(304).send(undefined)
        }
        return answer.toBody(toWire(record, owner, request), record, request)
      },
    })
  }

  addCreate<B>({
    answer = this.#asShown(`The new ${this.#noun}`, 'etag', 'location'),
    body,
    fromWire,
    links: others,
    room,
    ...op
  }: Creation<R, W, B>): void {
    const { links, path, records } = this.#subject
    const { etag, location } = Object(answer.schema.headers)
    const ofRecord =
      etag && links ? links.shows(answer.schema, '$response.body#/id') : answer.schema
    const send = this.#sending(answer)
    const full = room ? { [room.refusal().statusCode]: failure(room.text, room.refusal()) } : {}
    addRoute(this.#app, {
      ...routing(op, path),
      method: 'POST',
      schema: {
        ...this.#about(op),
        body: ref(body),
        response: {
          [location ? 201 : 200]: others ? linked(ofRecord, others) : ofRecord,
          ...full,
        },
      },
      handler: async (request, reply) => {
        const values = fromWire(request.body, request)
        const insertion = records(request.store).insert(values, room?.bounds(request))
        const record = await insertion.catch((error: unknown) => {
          throw room && error instanceof BoundReached ? room.refusal() : error
        })
        return send(request, reply, record)
      },
    })
  }

  addChange<B>(
    method: 'PATCH' | 'PUT',
    {
      answer = this.#asShown(`The ${this.#noun} as it is now`, 'etag'),
      body,
      fromWire,
      action = 'change',
      answers = {},
      alsoAs,
      ...op
    }: Changing<R, W, K, B>,
  ): void {
    const { kind, links, records } = this.#subject
    const send = this.#sending(answer)
    addRoute(this.#app, {
      ...routing(op, this.#itsPath),
      method,
      schema: {
        ...this.#about(op),
        params: this.#params,
        headers: IfMatch,
        body: ref(body, alsoIn(alsoAs)),
        response: {
          200: links?.shows(answer.schema) ?? answer.schema,
          ...this.#refusals(action),
          ...answers,
        },
      },
      handler: async (request, reply) => {
        const key = keyIn(request.params)
        const id = await this.#idAt(request, key)
        const values = await fromWire(request.body, request, key)
        const change = records(request.store).update(id, values, this.#condition(request))
        return send(request, reply, found(await ownersOnly(change, action, kind), kind, key))
      },
    })
  }

  addRemove({
    answer = { schema: empty(`The ${this.#noun} is gone`), toBody: () => undefined },
    body,
    ignoresBody = false,
    ...op
  }: Deletion<R, W>): void {
    const { kind, links, records } = this.#subject
    const status = answer.schema.type === 'null' ? 204 : 200
    const send = this.#sending(answer)
    addRoute(this.#app, {
      ...routing(op, this.#itsPath),
      method: 'DELETE',
      ignoresBody,
      schema: {
        ...this.#about(op),
        params: this.#params,
        headers: IfMatch,
        ...(body ? { body: ref(body) } : {}),
        response: {
          [status]: links?.ends(answer.schema) ?? answer.schema,
          ...this.#refusals('delete'),
        },
      },
      handler: async (request, reply) => {
        const key = keyIn(request.params)
        const id = await this.#idAt(request, key)
        const deletion = records(request.store).delete(id, this.#condition(request))
        const record = found(await ownersOnly(deletion, 'delete', kind), kind, key)
        return reply.code(status).send(await send(request, reply, record))
      },
    })
  }

  #about({ operationId, summary, description, consumes, params }: Operation) {
    return {
      operationId,
      summary,
      ...(description === undefined ? {} : { description }),
      tags: [this.#subject.tag],
      ...(consumes ? { consumes: [...consumes] } : {}),
      ...(params ? { params } : {}),
    }
  }

  #asShown(text: string, ...headers: ('etag' | 'location')[]): Answer<R, W> {
    return { schema: success(text, this.#subject.view, headers), toBody: (shown) => shown }
  }

  #refusals(action: string): Record<number, TSchema> {
    const { kind, notFound, owned } = this.#subject
    return {
      ...(owned ? { 403: failure(owned.text, errors.notOwner(action, kind)) } : {}),
      404: notFound,
      412: failure(`The ${this.#noun} is not as If-Match has it`, errors.preconditionFailed()),
    }
  }

  /** What sends an answer about a record that has just been changed. */
  #sending({ schema, toBody }: Answer<R, W>) {
    const { key, ownerId, path, toWire } = this.#subject
    const { etag, location } = Object(schema.headers)
    return async (request: FastifyRequest, reply: FastifyReply, record: R) => {
      const owner = ownerId && (await this.#ownerOf(request, record))
      if (etag) tag(request, reply, record, owner)
      if (location) {
        const address = addressOf(request, `${this.#app.prefix}${path}/${key.of(record)}`)
        reply.code(201).header('location', address)
      }
      return toBody(toWire(record, owner, request), record, request)
    }
  }

  /** What must hold of a record that a request is to change. */
  #condition(request: FastifyRequest) {
    const { owned, ownerId } = this.#subject
    const versions = expectedVersions(request, ownerId !== undefined)
    return { where: owned?.where?.(request), test: owned?.test?.(request), versions }
  }

  /** A record, and whose it is where it shows that. @throws 404 */
  async #shownAt(request: FastifyRequest, key: K): Promise<Joined<R, User>> {
    const { key: names, kind, ownerId, withOwners } = this.#subject
    if (withOwners) return found(await names.find(withOwners(request.store), key), kind, key)
    const record = await this.#recordAt(request, key)
    return { record, target: ownerId && request.user }
  }

  /** @throws 404 */
  async #recordAt(request: FastifyRequest, key: K): Promise<R> {
    const { key: names, kind, records, sees } = this.#subject
    const record = await names.find(records(request.store), key)
    return found(record && sees?.(request, record) !== false ? record : undefined, kind, key)
  }

  /** @throws 404 where the record has to be looked up for that, and isn't there */
  async #idAt(request: FastifyRequest, key: K): Promise<number> {
    const { key: names, kind, permits, records, sees, tellsOthers = false } = this.#subject
    if (typeof key === 'number' && !sees && !permits) return key
    const record = tellsOthers
      ? found(await names.find(records(request.store), key), kind, key)
      : await this.#recordAt(request, key)
    permits?.(request, record)
    return record.id
  }

  async #ownerOf({ store, user }: FastifyRequest, record: R): Promise<User | undefined> {
    const id = this.#subject.ownerId?.(record) ?? null
    if (id === null) return undefined
    return id === user?.id ? user : store.users.get(id)
  }
}

function alsoIn(alsoAs: Readonly<Record<string, TSchema>> | undefined) {
  if (!alsoAs) return {}
  const schemas = Object.entries(alsoAs).map(([type, schema]) => [type, ref(schema)])
  return { alsoAs: Object.fromEntries(schemas) }
}

function routing({ at, guard }: Operation, path: string) {
  return { url: at ?? path, guard }
}

/** The one parameter of a record's path. */
function keyIn<K>(params: Readonly<Record<string, K>>): K {
  for (const name in params) {
    const key = params[name]
    if (key !== undefined) return key
  }
  throw errors.routeNotFound()
}
