import { type Static, Type } from '@sinclair/typebox'
import type { FastifyInstance, FastifyRequest } from 'fastify'
import { CONTROL } from '../../plugins/control.js'
import { errors, found } from '../../plugins/http/errors.js'
import { ProblemDetail } from '../../plugins/http/problem.js'
import { IdParams } from '../../plugins/http/record.js'
import type { Exchange, Header, Message } from '../../plugins/journal/exchange.js'
import { filter, RequestFilter, RequestQuery } from '../../plugins/journal/query.js'
import { empty, failure, list, success } from '../../plugins/openapi/responses.js'
import { addRoute } from '../../plugins/route.js'
import { nullable, oneOf, ref } from '../../store/schema.js'

const entry = {
  id: Type.Integer({ minimum: 1, description: 'Its number in the journal' }),
  time: Type.String({
    format: 'date-time',
    description: 'When it came, by the clock of the world',
  }),
  method: Type.String({ description: 'The method' }),
  path: Type.String({ description: 'With its query, without the workspace' }),
  operation: nullable(Type.String(), {
    description: 'Its `operationId` in this document; null where it has none',
  }),
  status: nullable(Type.Integer({ minimum: 100, maximum: 999 }), {
    description: 'Of the answer; null where there is none, or none yet',
  }),
  duration: Type.Number({ minimum: 0, description: 'How long it took, in milliseconds' }),
  fault: Type.Optional(
    Type.String({ description: 'What ended or held it up: the id of a fault, or `prefer`' }),
  ),
  aborted: Type.Optional(
    Type.Boolean({ description: 'Its client left, or a fault ended it, before all was sent' }),
  ),
  problems: Type.Array(ref(ProblemDetail), {
    description: 'What in it broke this document: empty where nothing did',
  }),
}

const example = {
  id: 7,
  time: '2026-01-05T08:00:00.000Z',
  method: 'POST',
  path: '/api/ships',
  operation: 'createShip',
  status: 400,
  duration: 1.208,
  problems: [{ in: 'body' as const, path: '/crew', message: 'must be >= 1' }],
}

export const JournalEntry = Type.Object(entry, {
  $id: 'JournalEntry',
  additionalProperties: false,
  examples: [example],
})
export type JournalEntry = Static<typeof JournalEntry>

const JournalMessage = Type.Object(
  {
    headers: Type.Unsafe<Readonly<Record<string, string>>>(
      Type.Object(
        {},
        {
          additionalProperties: Type.String(),
          description:
            'By their names in small letters, with `***` for what is secret; one that came more than once with commas between',
        },
      ),
    ),
    body: nullable(Type.String(), {
      description: 'As it was sent, `***` for what is secret; null where none was read',
    }),
    encoding: Type.Optional(oneOf(['base64'], { description: 'Of a body that is no text' })),
    truncated: Type.Optional(
      Type.Boolean({ description: 'Whether the body is only the first 64 KiB of what was sent' }),
    ),
    dropped: Type.Optional(
      Type.Boolean({ description: 'Whether its body has made room for those of later requests' }),
    ),
  },
  {
    $id: 'JournalMessage',
    additionalProperties: false,
    examples: [{ headers: { 'content-type': 'application/json' }, body: '{"crew":0}' }],
  },
)

const JournalRecord = Type.Object(
  { ...entry, request: ref(JournalMessage), response: ref(JournalMessage) },
  {
    $id: 'JournalRecord',
    additionalProperties: false,
    examples: [
      {
        ...example,
        request: {
          headers: { authorization: 'Bearer ***', 'content-type': 'application/json' },
          body: '{"crew":0}',
        },
        response: {
          headers: { 'content-type': 'application/json; charset=utf-8' },
          body: '{"statusCode":400,"error":"Bad Request","message":"The body is not valid."}',
        },
      },
    ],
  },
)

export const RequestCount = Type.Object(
  { count: Type.Integer({ minimum: 0, description: 'How many requests' }) },
  { $id: 'RequestCount', additionalProperties: false, examples: [{ count: 3 }] },
)

/** Where the journal is. */
export const REQUESTS = `${CONTROL}/requests`

/** What the routes of one request have in common. */
export const notNoted = failure(
  'The journal has no such request',
  errors.recordNotFound('request', 99),
)

/** Adds the routes that show what has been asked of a world. */
export function addRequests(app: FastifyInstance): void {
  for (const schema of [JournalEntry, JournalMessage, JournalRecord, RequestCount]) {
    app.addSchema(schema)
  }
  const { guard } = app.controls

  addRoute(app, {
    method: 'GET',
    url: REQUESTS,
    guard,
    schema: {
      operationId: 'listRequests',
      summary: 'List what was asked',
      description:
        'The last 1,000 requests to this world, the newest first, those that were refused too. With `problem=true` it is what a client does that breaks this document.',
      tags: ['control'],
      querystring: RequestQuery,
      response: { 200: list('The requests that were asked for', JournalEntry) },
    },
    handler: async (request) => {
      const { limit, ...wanted } = request.query
      return exchangesOf(request, wanted).slice(0, limit).map(entryOf)
    },
  })

  addRoute(app, {
    method: 'DELETE',
    url: REQUESTS,
    guard,
    keepsData: true,
    schema: {
      operationId: 'deleteRequests',
      summary: 'Empty the journal',
      description: 'Numbers go on from where they are.',
      tags: ['control'],
      response: { 204: empty('It has nothing in it') },
    },
    handler: async ({ world }, reply) => {
      app.journalOf(world).clear()
      return reply.code(204).send(undefined)
    },
  })

  addRoute(app, {
    method: 'GET',
    url: `${REQUESTS}/count`,
    guard,
    schema: {
      operationId: 'countRequests',
      summary: 'Count what was asked',
      description: 'Of the last 1,000 requests those that are asked for.',
      tags: ['control'],
      querystring: RequestFilter,
      response: { 200: success('How many there are', RequestCount) },
    },
    handler: async (request) => ({ count: exchangesOf(request, request.query).length }),
  })

  addRoute(app, {
    method: 'GET',
    url: `${REQUESTS}/:id`,
    guard,
    schema: {
      operationId: 'getRequest',
      summary: 'Get a request and its answer',
      description:
        'With their headers and the first 64 KiB of their bodies. Passwords, tokens and cookies are blanked, wherever they stand.',
      tags: ['control'],
      params: IdParams,
      response: { 200: success('All that is known of it', JournalRecord), 404: notNoted },
    },
    handler: async (request) => {
      const exchange = exchangeOf(request, request.params.id)
      return {
        ...entryOf(exchange),
        request: messageOf(exchange.request(), exchange.hasBodies),
        response: messageOf(exchange.response(), exchange.hasBodies),
      }
    },
  })
}

/** The requests of a world that a filter lets in, the newest first. */
export function exchangesOf(
  { server, world }: FastifyRequest,
  wanted: RequestFilter,
): readonly Exchange[] {
  const isWanted = filter(wanted)
  return [...server.journalOf(world).list()].filter(isWanted)
}

/** @throws 404 */
export function exchangeOf({ server, world }: FastifyRequest, id: number): Exchange {
  return found(server.journalOf(world).get(id), 'request', id)
}

/** A request as a list shows it. */
export function entryOf(exchange: Exchange): JournalEntry {
  const { id, time, method, url, operation, status, duration, fault, isAborted } = exchange
  return {
    id,
    time,
    method,
    path: url,
    operation: operation ?? null,
    status: status ?? null,
    duration,
    ...(fault === undefined ? {} : { fault }),
    ...(isAborted ? { aborted: true } : {}),
    problems: [...exchange.problems],
  }
}

function messageOf({ headers, ...body }: Message, hasBodies: boolean) {
  return {
    headers: byName(headers),
    ...body,
    ...(hasBodies ? {} : { dropped: true }),
  }
}

/** Headers as an object. Those of one name are one, as a list (RFC 9110, section 5.3). */
function byName(headers: readonly Header[]): Readonly<Record<string, string>> {
  const values = new Map<string, string>()
  for (const [name, value] of headers) {
    const key = name.toLowerCase()
    const before = values.get(key)
    values.set(key, before === undefined ? value : `${before}, ${value}`)
  }
  return Object.fromEntries(values)
}
