import { Type } from '@sinclair/typebox'
import type { FastifyRequest } from 'fastify'
import { baseOf } from '../workspaces/name.js'

/** A number that names a record. Numbers are never given twice. */
export const Id = Type.Integer({
  minimum: 1,
  maximum: Number.MAX_SAFE_INTEGER,
  description: 'The number of the record',
  examples: [1],
})

export const IdParams = Type.Object({ id: Id })

/** A name or an address, and perhaps a port (RFC 3986, section 3.2). */
export const HOST = /^([\w.-]+|\[[\da-f:.]+\])(:\d{1,5})?$/i

/**
 * The address of a record that the request has just made, for `Location`: the route's own, and the id behind it.
 */
export function locationOf(request: FastifyRequest, id: number | string): string {
  return addressOf(request, `${request.routeOptions.url}/${id}`)
}

/**
 * A path with the server before it, as the contracts have it, unless the client named no host that one could ask. It stays in
 * the request's workspace.
 */
export function addressOf(request: FastifyRequest, path: string): string {
  return absolute(request, baseOf(request) + path)
}

/** The same of a path that is in no workspace, or names another. */
export function absolute({ protocol, host }: FastifyRequest, path: string): string {
  return HOST.test(host) ? `${protocol}://${host}${path}` : path
}
