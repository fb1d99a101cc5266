import type { TSchema } from '@sinclair/typebox'
import type { FastifyRequest } from 'fastify'
import { faultError } from '../http/errors.js'
import { addressOf, locationOf } from '../http/record.js'
import { HEADERS } from '../openapi/responses.js'

/** An answer that nobody has carried out anything for. */
export interface ExampleAnswer {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly type: string
  /** Undefined where there is none. */
  readonly body: string | undefined
}

export const JSON_TYPE = 'application/json; charset=utf-8'

/** What a file has in it. */
const CONTENT = 'example'

/** How deep an example is made up: a schema can have itself in it. */
const MAX_DEPTH = 5

/** The headers that come with a status whatever else is known of it (RFC 9110, sections 15.5.2 and 15.5.6). */
const ALWAYS: ReadonlyMap<number, keyof typeof HEADERS> = new Map([
  [401, 'www-authenticate'],
  [405, 'allow'],
])

/**
 * The answer of a request's operation with a status, as the document shows it; of one that it doesn't have, an error in the one
 * shape, or nothing.
 * @param wanted the status; without it that of success
 */
export function exampleAnswer(request: FastifyRequest, wanted?: number): ExampleAnswer {
  const answers: Readonly<Record<string, TSchema>> = Object(request.routeOptions.schema?.response)
  const status = wanted ?? Number(Object.keys(answers).find((each) => /^2\d\d$/.test(each)) ?? 200)
  const answer = answers[status]
  if (answer) return { status, ...documented(request, status, answer) }
  const name = ALWAYS.get(status)
  const headers = name ? { [name]: String(HEADERS[name].examples?.[0]) } : {}
  if (status < 400) return { status, headers, type: JSON_TYPE, body: undefined }
  const problem = faultError(status).bodyIn(request.server.wording)
  return { status, headers, type: JSON_TYPE, body: JSON.stringify(problem) }
}

function documented(request: FastifyRequest, status: number, answer: TSchema) {
  const { server, world } = request
  const referred = (name: string) => server.liveSchemas.get(name)?.(world) ?? server.getSchema(name)
  const { type, format, contentMediaType = JSON_TYPE } = answer
  const isEmpty = type === 'null'
  const isFile = format === 'binary'
  const value = isEmpty || isFile ? undefined : exampleOf(answer, referred)
  const json = JSON.stringify(value)
  return {
    headers: headersOf(request, status, answer, value),
    type: contentMediaType,
    body: isFile ? CONTENT : isEmpty ? undefined : json,
  }
}

function headersOf(request: FastifyRequest, status: number, answer: TSchema, value: unknown) {
  const headers: Record<string, string> = {}
  for (const [name, { examples = [], sometimes }] of Object.entries<TSchema>(
    Object(answer.headers),
  )) {
    if (!sometimes && examples.length > 0) headers[name] = String(examples[0])
  }
  // The example's address is at another server.
  if (headers.location !== undefined) {
    const { pathname } = new URL(headers.location, 'http://localhost')
    const { id = 1 } = Object(value)
    headers.location = status === 201 ? locationOf(request, id) : addressOf(request, pathname)
  }
  return headers
}

/**
 * The example of a schema, or one that is made up of the examples in it.
 * @param referred finds the schemas that are referred to
 */
function exampleOf(schema: TSchema, referred: (name: string) => unknown, depth = 0): unknown {
  const inner = (part: TSchema) => exampleOf(part, referred, depth + 1)
  if (schema.examples?.length > 0) return schema.examples[0]
  if (depth > MAX_DEPTH) return null
  if (typeof schema.$ref === 'string') return inner(Object(referred(schema.$ref)))
  const { type, items, anyOf, enum: values, properties = {} } = schema
  const [kind] = [type].flat()
  if (values) return values[0]
  if ('const' in schema) return schema.const
  if (anyOf) return inner(anyOf[0])
  if (kind === 'array') return items ? [inner(items)] : []
  if (kind === 'object') {
    const fields = Object.entries<TSchema>(properties)
    return Object.fromEntries(fields.map(([name, field]) => [name, inner(field)]))
  }
  return PLAIN_VALUES[kind] ?? null
}

const PLAIN_VALUES: Readonly<Record<string, unknown>> = {
  string: 'text',
  integer: 1,
  number: 1,
  boolean: true,
}
