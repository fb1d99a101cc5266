// The answers from Fastify with the plugins that one usually takes for what Slipway does: security headers, CORS, tokens
// with a cache, ETag, and validation by schemas. It logs at Slipway's level.
import { readFileSync } from 'node:fs'
import cors from '@fastify/cors'
import etag from '@fastify/etag'
import helmet from '@fastify/helmet'
import jwt from '@fastify/jwt'
import Fastify, { type FastifyRequest } from 'fastify'

interface Ship {
  readonly id: number
  readonly [field: string]: unknown
}

interface ById {
  readonly Params: { readonly id: number }
}

const { ship, newShip }: { ship: object; newShip: object } = JSON.parse(process.env.SCHEMAS ?? '')
const { ships }: { ships: Ship[] } = JSON.parse(readFileSync('data.json', 'utf8'))
const byId = new Map(ships.map((each) => [each.id, each]))
const users = new Map([['1', { password: 'password' }]])
const revoked = new Set<string>()
let highestId = byId.size

const app = Fastify({ logger: { level: 'warn' } })
await app.register(helmet)
await app.register(cors)
await app.register(etag)
await app.register(jwt, { secret: process.env.JWT_SECRET ?? '', verify: { cache: true } })

const access = async (request: FastifyRequest) => {
  const { jti, sub } = await request.jwtVerify<{ readonly jti: string; readonly sub: string }>()
  if (revoked.has(jti) || !users.has(sub)) throw new Error('The token is not valid')
}
const params = {
  type: 'object',
  properties: { id: { type: 'integer', minimum: 1 } },
  required: ['id'],
}
const one = { schema: { params, response: { 200: ship } } }

app.post<{ Body: { password: string } }>('/auth/login', async ({ body }) => {
  if (body.password !== users.get('1')?.password) throw new Error('The password is wrong')
  const iat = Math.floor(Date.now() / 1000)
  const claims = { iss: 'slipway', sub: '1', jti: '1', type: 'access', gen: 0 } as const
  return { access_token: app.jwt.sign({ ...claims, iat, exp: iat + 3600 }) }
})

app.get(
  '/api/ships',
  { schema: { response: { 200: { type: 'array', items: ship } } } },
  async () => [...byId.values()],
)

app.get<ById>('/api/ships/:id', one, async ({ params }) => byId.get(params.id))

app.get<ById>('/api/guarded/:id', { ...one, onRequest: access }, async ({ params }) =>
  byId.get(params.id),
)

app.post<{ Body: Omit<Ship, 'id'> }>(
  '/api/ships',
  { onRequest: access, schema: { body: newShip, response: { 201: ship } } },
  async ({ body }, reply) => {
    highestId += 1
    const added: Ship = { id: highestId, ...body }
    byId.set(highestId, added)
    return reply.code(201).header('location', `/api/ships/${highestId}`).send(added)
  },
)

await app.listen({ host: '127.0.0.1', port: Number(process.env.PORT) })
