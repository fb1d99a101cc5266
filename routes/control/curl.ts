import { Type } from '@sinclair/typebox'
import type { FastifyInstance } from 'fastify'
import { addressOf, IdParams } from '../../plugins/http/record.js'
import type { Exchange, Header } from '../../plugins/journal/exchange.js'
import { headerIn } from '../../plugins/journal/exchange.js'
import { HIDDEN } from '../../plugins/journal/secrets.js'
import { answered } from '../../plugins/openapi/responses.js'
import { addRoute } from '../../plugins/route.js'
import { exchangeOf, notNoted, REQUESTS } from './requests.js'

const Command = Type.String({
  contentMediaType: 'text/plain',
  examples: ["curl -g --path-as-is 'http://localhost:3000/api/ships' \\\n  -H 'Accept: */*'\n"],
})

/** Adds the route that gives a request as a command. */
export function addCurl(app: FastifyInstance): void {
  addRoute(app, {
    method: 'GET',
    url: `${REQUESTS}/:id/curl`,
    guard: app.controls.guard,
    schema: {
      operationId: 'getRequestAsCurl',
      summary: 'Get a request as curl',
      description:
        'A command for a shell that sends it again. Where it had a secret there is `***`, which is yours to replace.',
      tags: ['control'],
      params: IdParams,
      response: { 200: answered('The command', Command), 404: notNoted },
    },
    handler: async (request, reply) => {
      const exchange = exchangeOf(request, request.params.id)
      const origin = `${request.protocol}://${new URL(addressOf(request, ''), 'http://localhost').host}`
      reply.type('text/plain; charset=utf-8')
      return commandOf(exchange, origin)
    },
  })
}

/** What curl says by itself, or what is only about one connection. */
const LEFT_OUT: ReadonlySet<string> = new Set([
  'connection',
  'content-length',
  'expect',
  'keep-alive',
  'transfer-encoding',
])

/** What curl sends unless it is told not to. */
const BY_ITSELF = ['Accept', 'User-Agent']

/** A command for a POSIX shell that sends a request again. */
export function commandOf(exchange: Exchange, origin: string): string {
  const { headers, body, encoding, truncated } = exchange.request()
  const isLeftOut = ([name, value]: Header) =>
    LEFT_OUT.has(name.toLowerCase()) ||
    (name.toLowerCase() === 'host' && value === new URL(origin).host)
  const sent = headers.filter((header) => !isLeftOut(header))
  const silent = [...BY_ITSELF, ...(body === null ? [] : ['Content-Type'])].filter(
    (name) => headerIn(headers, name.toLowerCase()) === undefined,
  )
  // What a shell's argument can't hold comes through a pipe, and what looks like a file's name to curl is none.
  const isPiped = body !== null && (encoding === 'base64' || body.includes('\0'))
  const bytes = encoding === 'base64' ? (body ?? '') : Buffer.from(body ?? '').toString('base64')
  const options = [
    quoted(origin + escaped(exchange.sentUrl)),
    ...methodOf(exchange.method, body !== null),
    ...sent.map(([name, value]) => `-H ${quoted(value === '' ? `${name};` : `${name}: ${value}`)}`),
    ...silent.map((name) => `-H ${quoted(`${name}:`)}`),
    ...(isPiped ? ['--data-binary @-'] : body === null ? [] : [`--data-raw ${quoted(body)}`]),
  ]
  const command = `curl -g --path-as-is ${options.join(' \\\n  ')}\n`
  const piped = isPiped ? `printf %s ${quoted(bytes)} | base64 -d |\n${command}` : command
  const hasSecrets = command.includes(HIDDEN)
  return [
    ...(hasSecrets ? [`# ${HIDDEN} stands for what the journal does not show.\n`] : []),
    ...(truncated ? ['# The body was longer: this is its beginning.\n'] : []),
    piped,
  ].join('')
}

function methodOf(method: string, hasBody: boolean): readonly string[] {
  if (method === 'HEAD') return ['-I']
  return method === (hasBody ? 'POST' : 'GET') ? [] : [`-X ${quoted(method)}`]
}

/** Nothing in single quotes means anything to a shell, but the quote that ends them. */
function quoted(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`
}

/** A path in which each byte that can't be in one is escaped. Node has them as latin1. */
function escaped(url: string): string {
  return url.replace(
    /[^!-~]/g,
    (byte) => `%${byte.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0')}`,
  )
}
