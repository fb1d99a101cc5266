import type { Readable } from 'node:stream'
import { type Static, type TSchema, type TUnsafe, Type } from '@sinclair/typebox'
import { ref } from '../../store/schema.js'
import { ApiError, type Wording } from '../http/errors.js'
import { Problem } from '../http/problem.js'

/** The headers of answers that the document names, by how they are written. Those that are there `sometimes` need not be. */
export const HEADERS = {
  'accept-ranges': Type.String({
    description: 'Parts of it can be asked for',
    examples: ['bytes'],
  }),
  allow: Type.String({
    description: 'The methods that the path has',
    examples: ['GET, HEAD, POST'],
  }),
  'cache-control': Type.String({
    description: 'Nothing of it is to be kept',
    examples: ['no-store'],
  }),
  'content-disposition': Type.String({
    description: "The file's name, made safe",
    examples: ['attachment; filename="package.tar.gz"'],
  }),
  'content-range': Type.String({
    description: 'Which part it is, and how large the whole',
    examples: ['bytes 0-99/1234'],
  }),
  etag: Type.String({
    description: 'Names this version of the record, for If-None-Match and If-Match',
    examples: ['"q3Vb0w-1"'],
  }),
  link: Type.String({
    description:
      'Where the first, previous, next and last page are, where there are several (RFC 8288)',
    examples: ['<http://localhost:3000/posts?_page=2>; rel="next"'],
    sometimes: true,
  }),
  location: Type.String({
    description: 'The address of the new record, or where to look instead',
    examples: ['http://localhost:3000/api/ships/1'],
  }),
  'retry-after': Type.Integer({ description: 'Seconds to wait', examples: [42] }),
  'www-authenticate': Type.String({
    description: 'What the path asks for',
    examples: ['Bearer realm="slipway"'],
  }),
  'x-total-count': Type.Integer({
    description: 'How many there are on all pages, where a part of them is asked for',
    examples: [42],
    sometimes: true,
  }),
} satisfies Record<string, TSchema>

export type HeaderName = keyof typeof HEADERS

/** A header that an answer has, or with `?` one that it has sometimes. */
export type Named = HeaderName | `${HeaderName}?`

/**
 * An answer with a shared schema's value in it.
 * @param example a value that this route in particular can answer with
 */
export function success<S extends TSchema>(
  description: string,
  schema: S,
  headers: readonly Named[] = [],
  example?: Static<S>,
): TUnsafe<Static<S>> {
  const examples = example === undefined ? {} : { examples: [example] }
  return ref(schema, { description, ...examples, ...named(headers) })
}

/** An answer with the value of a schema that is this answer's alone. */
export function answered<S extends TSchema>(
  description: string,
  schema: S,
  headers: readonly Named[] = [],
): S {
  return { ...schema, description, ...named(headers) }
}

/** An answer with a list of a shared schema's values in it. */
export function list<S extends TSchema>(
  description: string,
  schema: S,
): TUnsafe<readonly Static<S>[]> {
  return Type.Unsafe<readonly Static<S>[]>(Type.Array(ref(schema), { description }))
}

/**
 * An answer with a file's bytes in it.
 * @param contentMediaType the file's, where it is always the same; any without it
 */
export function binary(
  description: string,
  headers: readonly HeaderName[],
  contentMediaType = 'application/octet-stream',
): TUnsafe<Readable> {
  return Type.Unsafe<Readable>({
    type: 'string',
    format: 'binary',
    contentMediaType,
    description,
    ...named(headers),
  })
}

/** An answer without a body: 204 and 304. */
export function empty(
  description: string,
  headers: readonly HeaderName[] = [],
): TUnsafe<undefined> {
  return Type.Unsafe<undefined>(Type.Null({ description, ...named(headers) }))
}

/**
 * An error's answer.
 * @param description when it is given
 * @param error one as it can be given, from the catalogue: the example, and the headers that go with it
 * @param headers others that are there then
 */
export function failure(
  description: string,
  error: ApiError,
  headers: readonly HeaderName[] = [],
): TUnsafe<Problem> {
  return ref(Problem, {
    description,
    // Which API's words it is put in shows when a route takes this answer.
    examples: [error],
    ...named([...Object.keys(error.headers).filter(isHeaderName), ...headers]),
  })
}

/** Some answers by their status, with each error's example in the words of one API. */
export function worded(
  answers: Readonly<Record<string, TSchema>>,
  wording: Wording,
): Record<string, TSchema> {
  const inWords = (example: unknown) =>
    example instanceof ApiError ? example.bodyIn(wording) : example
  return Object.fromEntries(
    Object.entries(answers).map(([status, { examples, ...answer }]) => [
      status,
      examples ? { ...answer, examples: examples.map(inWords) } : answer,
    ]),
  )
}

function named(names: readonly Named[]): { headers?: Record<string, TSchema> } {
  if (names.length === 0) return {}
  return { headers: Object.fromEntries(names.map(headerOf)) }
}

function headerOf(named: Named): [string, TSchema] {
  const name = named.replace('?', '')
  if (!isHeaderName(name)) throw new Error(`${name} is no header that is known`)
  return [name, name === named ? HEADERS[name] : { ...HEADERS[name], sometimes: true }]
}

function isHeaderName(name: string): name is HeaderName {
  return name in HEADERS
}

/** What was done, for a person. */
export const Message = Type.Object(
  { message: Type.String({ description: 'What was done, for a person' }) },
  {
    $id: 'Message',
    additionalProperties: false,
    examples: [{ message: 'Successfully logged out.' }],
  },
)
export type Message = Static<typeof Message>
