import { Type } from '@sinclair/typebox'
import type { FastifyInstance } from 'fastify'
import { CONTROL } from '../../plugins/control.js'
import { success } from '../../plugins/openapi/responses.js'
import { addRoute } from '../../plugins/route.js'
import type { Drift } from './own-shapes.js'

const DriftList = Type.Unsafe<readonly Drift[]>(
  Type.Array(
    Type.Object(
      {
        collection: Type.String({ description: 'Where it was' }),
        path: Type.String({
          description: 'Which field, as a JSON pointer; `*` stands for the items of a list',
        }),
        change: Type.String({
          description:
            '`new field`, `optional`, `type`, `format`, or `open` of an object with too many fields',
        }),
        types: Type.Optional(
          Type.Array(Type.String(), { description: 'What the field can hold from then on' }),
        ),
        request: Type.String({ description: 'The request that did it' }),
        at: Type.String({ format: 'date-time', description: 'When' }),
      },
      { additionalProperties: false },
    ),
    {
      $id: 'DriftList',
      examples: [
        [
          {
            collection: 'posts',
            path: '/views',
            change: 'type',
            types: ['string', 'integer'],
            request: 'POST /posts',
            at: '2026-01-05T08:00:00.000Z',
          },
        ],
      ],
    },
  ),
)

/** Adds the route that lists how the data has left its shape, where the server can be steered. */
export function addDrift(app: FastifyInstance): void {
  if (!app.controls.isThere) return
  app.addSchema(DriftList)
  addRoute(app, {
    method: 'GET',
    url: `${CONTROL}/drift`,
    guard: app.controls.guard,
    schema: {
      operationId: 'listDrift',
      summary: 'List what has widened the shapes',
      description:
        'Writes that did not fit the shape of their collection, the newest first: fields that are new, have another type, or have become optional.',
      tags: ['control'],
      response: { 200: success('The last thousand', DriftList) },
    },
    handler: async ({ world }) => app.ownShapes.driftsOf(world),
  })
}
