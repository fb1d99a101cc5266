import type { FastifyRequest } from 'fastify'
import { errors } from '../http/errors.js'

interface PasswordFlow {
  readonly tokenUrl: string
  readonly refreshUrl: string
  readonly scopes: Readonly<Record<string, string>>
}

/** The ways to describe a carrier that OpenAPI has (3.1, Security Scheme Object). */
export type SecurityScheme = { readonly description: string } & (
  | { readonly type: 'http'; readonly scheme: 'bearer'; readonly bearerFormat?: 'JWT' }
  | { readonly type: 'http'; readonly scheme: 'basic' }
  | { readonly type: 'apiKey'; readonly in: 'header'; readonly name: string }
  | { readonly type: 'oauth2'; readonly flows: { readonly password: PasswordFlow } }
)

/** A place where a request can carry a token. */
export interface Carrier {
  /** What the document calls it, behind the token's type: `accessBearer`. */
  readonly name: string
  /** How the document describes it; there is no way to say that a token is in a body. */
  readonly scheme?: (description: string) => SecurityScheme
  /** The token can be read only once the body has been. */
  readonly isInBody?: boolean
  /** What the request carries here, whether it looks like a token or not; undefined when it carries nothing. */
  readonly read: (request: FastifyRequest) => string | undefined
}

/** `Authorization: Bearer …` (RFC 6750, section 2.1). */
export const bearer: Carrier = {
  name: 'Bearer',
  scheme: (description) => ({ type: 'http', scheme: 'bearer', bearerFormat: 'JWT', description }),
  read: ({ headers }) => /^bearer(?:$| +)(.*)$/i.exec(headers.authorization ?? '')?.[1],
}

/** A header with the token and nothing else. The document calls it by its name: `accessXAccessTokenHeader`. */
export function header(name: string): Carrier {
  const words = name.split('-').map((word) => word.charAt(0).toUpperCase() + word.slice(1))
  return {
    name: `${words.join('')}Header`,
    scheme: (description) => ({ type: 'apiKey', in: 'header', name, description }),
    read: ({ headers }) => headers[name]?.toString(),
  }
}

/** A field of a JSON body; an empty one is as none. */
export function bodyField(name: string): Carrier {
  return {
    name: 'Body',
    isInBody: true,
    read: ({ body }) => {
      const value = Object.entries(Object(body)).find(([field]) => field === name)?.[1]
      if (value === undefined || value === null || value === '') return undefined
      // What isn't text is no token, but it is something.
      return typeof value === 'string' ? value : ''
    },
  }
}

/**
 * The username and the password of `Authorization: Basic …` (RFC 7617, as UTF-8). The password may hold colons.
 * @throws 401 when the header is absent or malformed
 */
export function basicCredentialsOf({ headers }: FastifyRequest): {
  username: string
  password: string
} {
  const encoded = /^basic +([a-z0-9+/]+={0,2}) *$/i.exec(headers.authorization ?? '')?.[1]
  if (encoded === undefined) throw errors.basicMissing()
  const decoded = Buffer.from(encoded, 'base64')
  const credentials = decoded.toString('utf8')
  const colon = credentials.indexOf(':')
  if (colon < 0 || !decoded.equals(Buffer.from(credentials))) throw errors.basicMissing()
  return { username: credentials.slice(0, colon), password: credentials.slice(colon + 1) }
}
