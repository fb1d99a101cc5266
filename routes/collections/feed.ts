import type { FastifyReply, FastifyRequest } from 'fastify'
import { askLater } from '../../plugins/auth/guards.js'
import { remembering } from '../../plugins/http/compilers.js'
import { errors } from '../../plugins/http/errors.js'
import { EVENT_STREAM } from '../../plugins/http/event-stream.js'
import { failure } from '../../plugins/openapi/responses.js'
import type { RecordEvent } from '../../store/engine.js'
import { isUnseen, type OwnRecord } from '../../store/own.js'
import { testOf } from '../../store/predicate.js'
import type { Predicate } from '../../store/query.js'
import { maySee } from './access.js'
import type { OwnCollection } from './collection.js'
import { listQueryOf } from './dialect.js'
import { exampleOf } from './examples.js'
import type { Known } from './known.js'
import { conditionsOf, fieldsOf } from './listing.js'

/** Says of a record whether it is one of those that a feed is about. */
type Fits = (record: OwnRecord) => boolean

/** A feed that tells of many is to write each record once. */
const write = remembering((content) => JSON.stringify(content))

/**
 * Answers with what happens to the records of a list from now on: to those that the request may see and its query asks for.
 * @param within what they must be beside
 */
export function listFeed(
  collection: OwnCollection,
  reply: FastifyReply,
  within?: Predicate<'content'>,
): FastifyReply {
  const { request } = reply
  let known: Known | undefined
  let test: Fits = () => false
  return feed(collection, reply, (record) => {
    // Which fields there are to ask for can change.
    const current = collection.shape.in(request.world)
    if (known !== current) {
      known = current
      const { where } = listQueryOf(Object(request.query), fieldsOf(collection, request.world))
      test = testOf({ and: conditionsOf(collection, request, where, within) })
    }
    return test(record)
  })
}

/** Answers with what happens to one record from now on, until it is deleted. */
export function recordFeed(
  collection: OwnCollection,
  reply: FastifyReply,
  { id }: OwnRecord,
): FastifyReply {
  const fits: Fits = (record) => record.id === id && maySee(collection, reply.request, record)
  return feed(collection, reply, fits, true)
}

/** The answer to one more than there may be. */
export const tooManyFeeds = failure('Too many feeds are open', errors.tooManyFeeds())

/** What the document says of a feed, beside what the list or the record is as JSON. */
export function feedAs(collection: OwnCollection) {
  const example = exampleOf(collection) ?? {}
  return {
    alsoAs: {
      [EVENT_STREAM]: {
        schema: {
          type: 'string',
          description:
            'Server-Sent Events, until the client leaves: `created`, `updated` and `deleted`, each with the record in `data`',
        },
        example: `event: created\ndata: ${JSON.stringify(example)}\n\n`,
      },
    },
  }
}

/** @param isOfOne whether the feed is over with its first deletion */
function feed(
  { records }: OwnCollection,
  reply: FastifyReply,
  fits: Fits,
  isOfOne = false,
): FastifyReply {
  const { request, server } = reply
  const { events, store } = request.world
  return server.eventStreams.send(reply, recheckOf(request), (stream) => {
    const end = () => stream.end()
    // Who has missed something begins anew.
    const unwatch = records(store).watch((event) => {
      const told = toldOf(event, fits)
      if (!told) return
      stream.tell(told.kind, write(told.record.content))
      if (isOfOne && told.kind === 'deleted') end()
    }, end)
    store.watching().then(() => stream.begin())
    events.once('end', end)
    return () => {
      events.off('end', end)
      unwatch()
    }
  })
}

/**
 * What somebody who watches some of the records is told: one that comes to be among them is created there, and one that is no
 * more is deleted, as it was last. So who follows has the list as it is, and sees nothing that is not for them.
 */
function toldOf(
  event: RecordEvent<OwnRecord>,
  fits: Fits,
): { readonly kind: RecordEvent<OwnRecord>['kind']; readonly record: OwnRecord } | undefined {
  if (isUnseen(event)) return undefined
  const { kind, record, before } = event
  const old = kind === 'deleted' ? record : before
  const wasIn = old !== undefined && fits(old)
  const isIn = kind !== 'deleted' && fits(record)
  if (isIn) return { kind: wasIn ? 'updated' : 'created', record }
  return wasIn ? { kind: 'deleted', record: old } : undefined
}

/** What is looked at again for as long as a feed is open: the token, and that all is of the state that the client knows. */
function recheckOf(request: FastifyRequest) {
  const { epoch } = request.store
  const isAdmin = request.user?.admin
  return async () => {
    await askLater(request)
    if (request.user?.admin !== isAdmin) throw errors.tokenInvalid()
    if (request.store.epoch !== epoch) throw errors.conflict()
  }
}
