// Slipway as it is embedded, with one route more: a ship behind the access guard. No route of the fleet API does nothing
// beside what its guard does, so none shows what a guard costs.
import { resolve } from 'node:path'

const { bearer, buildApp, guards }: typeof import('../../../index.js') = await import(
  resolve('dist/index.js')
)
const { ship }: { ship: object } = JSON.parse(process.env.SCHEMAS ?? '')

const app = await buildApp({
  logLevel: 'warn',
  jwtSecret: process.env.JWT_SECRET ?? '',
  dataFile: 'data.json',
})
await app.register(async (api) => {
  await api.register(guards, { carriers: [bearer] })
  const schema = { response: { 200: ship } }
  api.get<{ Params: { id: string } }>(
    '/api/guarded/:id',
    api.guards.access({ schema }),
    async ({ params, store }) => store.ships.get(Number(params.id)),
  )
})
await app.listen({ port: Number(process.env.PORT) })
