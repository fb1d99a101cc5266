import { STATUS_CODES } from 'node:http'
import { Readable } from 'node:stream'
import { setImmediate } from 'node:timers/promises'
import { Type } from '@sinclair/typebox'
import type { FastifyInstance } from 'fastify'
import { version } from '../../config.js'
import { addressOf } from '../../plugins/http/record.js'
import { type Exchange, headerIn, type Message } from '../../plugins/journal/exchange.js'
import { RequestFilter } from '../../plugins/journal/query.js'
import { answered } from '../../plugins/openapi/responses.js'
import { addRoute } from '../../plugins/route.js'
import { exchangesOf, REQUESTS } from './requests.js'

const Har = Type.Unsafe<Readable>(
  Type.Object(
    {
      log: Type.Object(
        {
          version: Type.String({ description: 'Of the format: 1.2' }),
          creator: Type.Object(
            {
              name: Type.String({ description: 'Always slipway' }),
              version: Type.String({ description: "Slipway's" }),
            },
            { description: 'What has written it' },
          ),
          entries: Type.Array(Type.Object({}, { additionalProperties: true }), {
            description: 'The requests, the oldest first',
          }),
        },
        { additionalProperties: false, description: 'What the format has at its top' },
      ),
    },
    {
      additionalProperties: false,
      examples: [{ log: { version: '1.2', creator: { name: 'slipway', version }, entries: [] } }],
    },
  ),
)

/** Adds the route that gives the journal to other tools. */
export function addHar(app: FastifyInstance): void {
  addRoute(app, {
    method: 'GET',
    url: `${REQUESTS}/har`,
    guard: app.controls.guard,
    schema: {
      operationId: 'getRequestsAsHar',
      summary: 'Get what was asked as HAR',
      description:
        'An HTTP Archive (1.2), as the network panel of a browser has it: other tools show it, and send it again.',
      tags: ['control'],
      querystring: RequestFilter,
      response: { 200: answered('The archive', Har) },
    },
    handler: async (request, reply) => {
      const exchanges = exchangesOf(request, request.query).toReversed()
      const { origin } = new URL(addressOf(request, ''), 'http://localhost')
      reply.type('application/json; charset=utf-8')
      return reply.send(Readable.from(archive(exchanges, origin), { objectMode: false }))
    },
  })
}

/** The archive as text, an entry at a time: all at once can be 100 MiB. */
async function* archive(exchanges: readonly Exchange[], origin: string) {
  const creator = { name: 'slipway', version }
  yield `{"log":{"version":"1.2","creator":${JSON.stringify(creator)},"entries":[`
  let separator = ''
  for (const exchange of exchanges) {
    yield separator + JSON.stringify(harEntry(exchange, origin))
    separator = ','
    await setImmediate()
  }
  yield ']}}'
}

/** A request and its answer as an entry of HAR 1.2. What is none of the format's has a name with an underscore. */
export function harEntry(exchange: Exchange, origin: string) {
  const { id, time, duration, operation, fault, isAborted, problems } = exchange
  return {
    startedDateTime: time,
    time: duration,
    request: harRequest(exchange, origin),
    response: harResponse(exchange),
    cache: {},
    timings: { send: 0, wait: duration, receive: 0 },
    _id: id,
    ...(operation === undefined ? {} : { _operation: operation }),
    ...(fault === undefined ? {} : { _fault: fault }),
    ...(isAborted ? { _aborted: true } : {}),
    _problems: problems,
  }
}

function harRequest(exchange: Exchange, origin: string) {
  const { method, sentUrl } = exchange
  const message = exchange.request()
  const { body } = message
  const { searchParams } = new URL(sentUrl, origin)
  return {
    method,
    url: origin + escaped(sentUrl),
    httpVersion: 'HTTP/1.1',
    cookies: [],
    headers: harHeaders(message),
    queryString: [...searchParams].map(([name, value]) => ({ name, value })),
    ...(body === null
      ? {}
      : {
          postData: {
            mimeType: mediaTypeOf(message),
            text: body,
            ...encodingOf(message, '_encoding'),
          },
        }),
    headersSize: -1,
    bodySize: sizeOf(message),
    ...commentOf(message),
  }
}

function harResponse(exchange: Exchange) {
  // The format has no answer that isn't there; browsers write it as a status of 0.
  const { status = 0 } = exchange
  const message = exchange.response()
  return {
    status,
    statusText: STATUS_CODES[status] ?? '',
    httpVersion: 'HTTP/1.1',
    cookies: [],
    headers: harHeaders(message),
    content: {
      size: Math.max(0, sizeOf(message)),
      mimeType: mediaTypeOf(message),
      ...(message.body === null ? {} : { text: message.body }),
      ...encodingOf(message, 'encoding'),
    },
    redirectURL: headerIn(message.headers, 'location') ?? '',
    headersSize: -1,
    bodySize: sizeOf(message),
    ...commentOf(message),
  }
}

/** An address as RFC 3986 has it, also where a client has sent what it has not. */
function escaped(url: string): string {
  return url.replace(/%(?![0-9a-f]{2})|[^!-~]|["<>\\^`{|}[\]]/gi, (byte) => {
    return `%${byte.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0')}`
  })
}

function harHeaders({ headers }: Message) {
  return headers.map(([name, value]) => ({ name, value }))
}

function mediaTypeOf({ headers }: Message): string {
  return headerIn(headers, 'content-type') ?? ''
}

/** The format has it for answers alone. */
function encodingOf({ encoding }: Message, name: string): Readonly<Record<string, string>> {
  return encoding ? { [name]: encoding } : {}
}

/** How large the body was, in bytes; -1 where that isn't known. */
function sizeOf({ body, encoding, truncated, headers }: Message): number {
  if (truncated) return Number(headerIn(headers, 'content-length') ?? -1)
  return body === null ? 0 : Buffer.byteLength(body, encoding ?? 'utf8')
}

function commentOf({ truncated }: Message): { readonly comment?: string } {
  return truncated ? { comment: 'The body is only the beginning of what was sent.' } : {}
}
