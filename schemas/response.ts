import { STATUS_CODES } from 'node:http'
import { type Static, type TArray, type TSchema, type TUnsafe, Type } from '@sinclair/typebox'
import { ErrorBody } from './error.js'
import { ref } from './ref.js'

type Headers = Readonly<Record<string, TSchema>>

/** The response headers that the document names. */
export const responseHeaders = {
  etag: {
    etag: Type.String({
      description: 'Names this version of the record, for If-None-Match and If-Match',
      examples: ['"q3Vb0w-1"'],
    }),
  },
  location: {
    location: Type.String({
      description: 'Where the new record is',
      examples: ['http://localhost:3000/api/ships/16'],
    }),
  },
  noStore: {
    'cache-control': Type.String({
      description: 'Tokens are not to be kept',
      examples: ['no-store'],
    }),
  },
  challenge: {
    'www-authenticate': Type.String({
      description: 'What the path asks for',
      examples: ['Bearer realm="slipway"'],
    }),
  },
  basicChallenge: {
    'www-authenticate': Type.String({
      description: 'What the path asks for',
      examples: ['Basic realm="slipway"'],
    }),
  },
  retryAfter: {
    'retry-after': Type.Integer({ description: 'Seconds to wait', examples: [1] }),
  },
} satisfies Record<string, Headers>

/** An answer with a shared schema's value in it. */
export function success<S extends TSchema>(
  description: string,
  schema: S,
  headers: Headers = {},
): TUnsafe<Static<S>> {
  return ref(schema, { description, ...named(headers) })
}

/** An answer with a list of a shared schema's values in it. */
export function list<S extends TSchema>(
  description: string,
  schema: S,
  headers: Headers = {},
): TArray<TUnsafe<Static<S>>> {
  return Type.Array(ref(schema), { description, ...named(headers) })
}

/** An answer without a body: 204 and 304. */
export function empty(description: string, headers: Headers = {}): TUnsafe<undefined> {
  return Type.Unsafe<undefined>(Type.Null({ description, ...named(headers) }))
}

/** An error's answer. The message is the example's. */
export function failure(
  statusCode: number,
  message: string,
  headers: Headers = {},
): TUnsafe<ErrorBody> {
  const error = STATUS_CODES[statusCode] ?? 'Error'
  return ref(ErrorBody, {
    description: message,
    examples: [{ statusCode, error, message }],
    ...named(headers),
  })
}

function named(headers: Headers): { headers?: Headers } {
  return Object.keys(headers).length > 0 ? { headers } : {}
}
