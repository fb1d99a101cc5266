// Slipway as it is embedded, with two routes more that are alike but for the access guard: a ship, with its ETag. No route of
// the fleet API is there with and without a guard.
import { resolve } from 'node:path'
import type { FastifyReply, FastifyRequest } from 'fastify'

const { bearer, buildApp, guards }: typeof import('../../../index.js') = await import(
  resolve('dist/index.js')
)
const { ship }: { ship: object } = JSON.parse(process.env.SCHEMAS ?? '')

interface ById {
  readonly Params: { readonly id: number }
}

const app = await buildApp({
  logLevel: 'warn',
  jwtSecret: process.env.JWT_SECRET ?? '',
  dataFile: 'data.json',
})
await app.register(async (api) => {
  await api.register(guards, { carriers: [bearer] })
  const schema = {
    params: { type: 'object', properties: { id: { type: 'integer', minimum: 1 } } },
    response: { 200: ship },
  }
  const handler = async ({ params, store }: FastifyRequest<ById>, reply: FastifyReply) => {
    const found = await store.ships.get(params.id)
    reply.header('etag', `"${found?.version}"`)
    return found
  }
  api.get<ById>('/api/open/:id', { schema }, handler)
  api.get<ById>('/api/guarded/:id', api.guards.access({ schema }), handler)
})
await app.listen({ port: Number(process.env.PORT) })
