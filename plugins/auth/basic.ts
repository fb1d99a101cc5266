import type { FastifyRequest } from 'fastify'
import { errors } from '../http/errors.js'

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
