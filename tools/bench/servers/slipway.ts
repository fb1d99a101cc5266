// Slipway as it is embedded, with two routes more that are alike but for the access guard: a ship, with its ETag. No route of
// the fleet API is there with and without a guard.
import { resolve } from 'node:path'
import { Type } from '@sinclair/typebox'

const { addRoute, bearer, buildApp, guards }: typeof import('../../../index.js') = await import(
  resolve('dist/index.js')
)
const { ship }: { ship: object } = JSON.parse(process.env.SCHEMAS ?? '')

const app = await buildApp({
  logLevel: 'warn',
  jwtSecret: process.env.JWT_SECRET ?? '',
  dataFile: 'data.json',
  ...(process.env.DATABASE_URL ? { database: process.env.DATABASE_URL } : {}),
})
await app.register(async (api) => {
  await api.register(guards, { carriers: [bearer] })
  for (const [path, guard] of [
    ['open', undefined],
    ['guarded', api.guards.access],
  ] as const) {
    addRoute(api, {
      method: 'GET',
      url: `/api/${path}/:id`,
      guard,
      schema: {
        params: Type.Object({ id: Type.Integer({ minimum: 1 }) }),
        response: { 200: Type.Unsafe(ship) },
      },
      handler: async ({ params, store }, reply) => {
        const found = await store.ships.get(params.id)
        reply.header('etag', `"${found?.version}"`)
        return found
      },
    })
  }
})
await app.listen({ port: Number(process.env.PORT) })
