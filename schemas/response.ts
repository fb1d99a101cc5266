import { type Static, type TSchema, type TUnsafe, Type } from '@sinclair/typebox'
import { type ApiError, errorBody } from '../errors.js'
import { ErrorBody } from './error.js'
import { ref } from './ref.js'

/** The headers of answers that the document names, by how they are written. */
const HEADERS = {
  allow: Type.String({ description: 'The methods that the path has' }),
  'cache-control': Type.String({
    description: 'Tokens are not to be kept',
    examples: ['no-store'],
  }),
  etag: Type.String({
    description: 'Names this version of the record, for If-None-Match and If-Match',
    examples: ['"q3Vb0w-1"'],
  }),
  location: Type.String({ description: 'The address of the new record' }),
  'retry-after': Type.Integer({ description: 'Seconds to wait' }),
  'www-authenticate': Type.String({ description: 'What the path asks for' }),
} satisfies Record<string, TSchema>

export type HeaderName = keyof typeof HEADERS

/** An answer with a shared schema's value in it. */
export function success<S extends TSchema>(
  description: string,
  schema: S,
  headers: readonly HeaderName[] = [],
): TUnsafe<Static<S>> {
  return ref(schema, { description, ...named(headers) })
}

/** An answer with a list of a shared schema's values in it. */
export function list<S extends TSchema>(
  description: string,
  schema: S,
): TUnsafe<readonly Static<S>[]> {
  return Type.Unsafe<readonly Static<S>[]>(Type.Array(ref(schema), { description }))
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
 */
export function failure(description: string, error: ApiError): TUnsafe<ErrorBody> {
  return ref(ErrorBody, {
    description,
    examples: [errorBody(error)],
    ...named(Object.keys(error.headers).filter(isHeaderName)),
  })
}

function named(names: readonly HeaderName[]): { headers?: Record<string, TSchema> } {
  if (names.length === 0) return {}
  return { headers: Object.fromEntries(names.map((name) => [name, HEADERS[name]])) }
}

function isHeaderName(name: string): name is HeaderName {
  return name in HEADERS
}
