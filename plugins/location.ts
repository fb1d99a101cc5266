import type { FastifyRequest } from 'fastify'

/**
 * The address of a record that the request has just made, for `Location`: the request's own, and the id behind it.
 * Absolute, as the contracts have it, unless the client named no host.
 */
export function locationOf({ protocol, host, url }: FastifyRequest, id: number | string): string {
  const path = `${url.split('?', 1)[0]}/${id}`
  return host ? `${protocol}://${host}${path}` : path
}
