import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { Type } from '@sinclair/typebox'
import fp from 'fastify-plugin'
import { Unavailable } from '../store/errors.js'
import { oneOf } from '../store/schema.js'
import type { Tag } from './openapi/describe.js'
import { success } from './openapi/responses.js'
import { addRoute } from './route.js'

declare module 'fastify' {
  interface FastifyInstance {
    /** Says at `/readyz` that the server is about to stop. It goes on answering. */
    readonly announceStop: () => void
  }
}

export const tag: Tag = {
  name: 'service',
  description: 'Whether the server runs. First call: `GET /readyz`.',
}

/** What a server says of itself. Only one with a database can lack it. */
const healthOf = <const S extends 'ok' | 'stopping' | 'unavailable'>(
  statuses: readonly S[],
  description: string,
) =>
  Type.Object(
    { status: oneOf(statuses, { description }) },
    {
      $id: 'Health',
      additionalProperties: false,
      examples: statuses.map((status) => ({ status })),
    },
  )

const Health = healthOf(['ok', 'stopping'], '`stopping` once the server takes no new requests')

const HealthWithDatabase = healthOf(
  ['ok', 'stopping', 'unavailable'],
  '`stopping` once the server takes no new requests, `unavailable` while it does not reach its database',
)

/** Tells whoever runs the server whether it is alive, and whether it takes new work. */
const health: FastifyPluginAsyncTypebox = async (app) => {
  const { database } = app
  const schema = database ? HealthWithDatabase : Health
  app.addSchema(schema)
  let isStopping = false
  const announceStop = () => {
    isStopping = true
  }
  app.decorate('announceStop', announceStop)
  app.addHook('preClose', async () => announceStop())

  addRoute(app, {
    method: 'GET',
    url: '/healthz',
    schema: {
      operationId: 'getHealth',
      summary: 'Is the process alive?',
      description: 'Answers as long as the process runs, also while it is about to stop.',
      tags: [tag.name],
      response: { 200: success('It is alive', schema) },
    },
    handler: async () => ({ status: 'ok' as const }),
  })

  addRoute(app, {
    method: 'GET',
    url: '/readyz',
    schema: {
      operationId: 'getReadiness',
      summary: 'Does the server take requests?',
      description:
        'Answers 503 once the server is about to stop, so that no new requests are sent to it.',
      tags: [tag.name],
      response: {
        200: success('It does', schema),
        503: success(
          database ? 'It is about to stop, or without its database' : 'It is about to stop',
          schema,
        ),
      },
    },
    handler: async (_request, reply) => {
      if (isStopping) return reply.code(503).send({ status: 'stopping' })
      try {
        await database?.check()
      } catch (error) {
        if (!(error instanceof Unavailable)) throw error
        return reply.code(503).send({ status: 'unavailable' })
      }
      return { status: 'ok' as const }
    },
  })
}

export default fp(health, { name: 'health' })
