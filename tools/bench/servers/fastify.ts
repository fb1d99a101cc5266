// The answers from Fastify with schemas and nothing else, logging at Slipway's level.
import { readFileSync } from 'node:fs'
import Fastify from 'fastify'

interface Ship {
  readonly id: number
  readonly [field: string]: unknown
}

const { ship, newShip }: { ship: object; newShip: object } = JSON.parse(process.env.SCHEMAS ?? '')
const { ships }: { ships: Ship[] } = JSON.parse(readFileSync('data.json', 'utf8'))
const byId = new Map(ships.map((each) => [each.id, each]))
let highestId = byId.size

const app = Fastify({ logger: { level: 'warn' } })

app.get(
  '/api/ships',
  { schema: { response: { 200: { type: 'array', items: ship } } } },
  async () => [...byId.values()],
)

app.get<{ Params: { id: string } }>(
  '/api/ships/:id',
  { schema: { response: { 200: ship } } },
  async ({ params }) => byId.get(Number(params.id)),
)

app.post<{ Body: Omit<Ship, 'id'> }>(
  '/api/ships',
  { schema: { body: newShip, response: { 201: ship } } },
  async ({ body }, reply) => {
    highestId += 1
    const added: Ship = { id: highestId, ...body }
    byId.set(highestId, added)
    return reply.code(201).send(added)
  },
)

await app.listen({ host: '127.0.0.1', port: Number(process.env.PORT) })
