import type { FastifyRequest } from 'fastify'

/** A name or an address, and perhaps a port (RFC 3986, section 3.2). */
const HOST = /^([\w.-]+|\[[\da-f:.]+\])(:\d{1,5})?$/i

/**
 * The address of a record that the request has just made, for `Location`: the route's own, and the id behind it.
 * Absolute, as the contracts have it, unless the client named no host that one could ask.
 */
export function locationOf(
  { protocol, host, routeOptions }: FastifyRequest,
  id: number | string,
): string {
  const path = `${routeOptions.url}/${id}`
  return HOST.test(host) ? `${protocol}://${host}${path}` : path
}
