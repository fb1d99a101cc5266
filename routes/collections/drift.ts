import { Type } from '@sinclair/typebox'
import type { FastifyInstance } from 'fastify'
import { CONTROL } from '../../plugins/control.js'
import { success } from '../../plugins/openapi/responses.js'
import { addRoute } from '../../plugins/route.js'
import type { Widening } from '../../seed/place.js'

/** What a write has made wider in the shape of a collection. */
export interface Drift extends Widening {
  readonly collection: string
  /** The method and the path of the request that did. */
  readonly request: string
  /** ISO 8601, UTC. */
  readonly at: string
}

/** How many are remembered; the oldest goes. */
const MAX_DRIFTS = 1_000

/** How the data has left the shape that it began with: the newest first. */
export class DriftLog {
  #drifts: readonly Drift[] = []

  add(drifts: readonly Drift[]): void {
    this.#drifts = [...drifts.toReversed(), ...this.#drifts].slice(0, MAX_DRIFTS)
  }

  list(): readonly Drift[] {
    return this.#drifts
  }
}

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

/** Adds the route that lists how the data has left its shape. */
export function addDrift(app: FastifyInstance, drifts: DriftLog): void {
  app.addSchema(DriftList)
  addRoute(app, {
    method: 'GET',
    url: `${CONTROL}/drift`,
    schema: {
      operationId: 'listDrift',
      summary: 'List what has widened the shapes',
      description:
        'Writes that did not fit the shape of their collection, the newest first: fields that are new, have another type, or have become optional.',
      tags: ['db'],
      response: { 200: success('The last thousand', DriftList) },
    },
    handler: async () => drifts.list(),
  })
}
