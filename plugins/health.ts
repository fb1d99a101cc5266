import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { Type } from '@sinclair/typebox'
import { oneOf } from '../store/schema.js'
import type { Tag } from './openapi/describe.js'
import { success } from './openapi/responses.js'
import { addRoute } from './route.js'

export const tag: Tag = {
  name: 'service',
  description: 'Whether the server runs. First call: `GET /readyz`.',
}

const Health = Type.Object(
  {
    status: oneOf(['ok', 'stopping'], {
      description: '`stopping` once the server takes no new requests',
    }),
  },
  {
    $id: 'Health',
    additionalProperties: false,
    examples: [{ status: 'ok' }, { status: 'stopping' }],
  },
)

/** Tells whoever runs the server whether it is alive, and whether it takes new work. */
const health: FastifyPluginAsyncTypebox = async (app) => {
  app.addSchema(Health)
  let isStopping = false
  app.addHook('preClose', async () => {
    isStopping = true
  })

  addRoute(app, {
    method: 'GET',
    url: '/healthz',
    schema: {
      operationId: 'getHealth',
      summary: 'Is the process alive?',
      description: 'Answers as long as the process runs, also while it is about to stop.',
      tags: [tag.name],
      response: { 200: success('It is alive', Health) },
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
      response: { 200: success('It does', Health), 503: success('It is about to stop', Health) },
    },
    handler: async (_request, reply) => {
      if (isStopping) return reply.code(503).send({ status: 'stopping' })
      return { status: 'ok' as const }
    },
  })
}

export default health
