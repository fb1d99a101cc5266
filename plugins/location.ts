import type { FastifyRequest } from 'fastify'

/**
 * The address of a record that the request has just made, for `Location`: the route's own, and the id behind it.
 * Absolute, as the contracts have it, unless the client named no host that one could ask.
 */
export function locationOf(
  { protocol, host, routeOptions }: FastifyRequest,
  id: number | string,
): string {
  const path = `${routeOptions.url}/${id}`
  const origin = `${protocol}://${host}`
  return URL.canParse(origin) ? new URL(path, origin).href : path
}
