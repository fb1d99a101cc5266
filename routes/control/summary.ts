import { type TProperties, Type } from '@sinclair/typebox'
import type { FastifyInstance, FastifyRequest } from 'fastify'
import { version } from '../../config.js'
import { CONTROL } from '../../plugins/control.js'
import { success } from '../../plugins/openapi/responses.js'
import { addRoute } from '../../plugins/route.js'
import { countOf } from '../../store/lookups.js'
import { ownRecords } from '../../store/own.js'
import { oneOf } from '../../store/schema.js'
import type { StateOptions } from './state.js'

/** @param more what only the memory engine has */
const summaryOf = (engine: 'memory' | 'postgres', more: TProperties, example: object) =>
  Type.Unsafe<object>(
    Type.Object(
      {
        version: Type.String({ description: "Slipway's" }),
        engine: oneOf([engine], { description: 'What keeps the records' }),
        collections: Type.Array(
          Type.Object(
            {
              name: Type.String({ description: 'As the data file calls it' }),
              records: Type.Integer({ minimum: 0, description: 'How many records it has' }),
            },
            { additionalProperties: false },
          ),
          { description: 'In the world that was asked' },
        ),
        ...more,
      },
      {
        $id: 'Summary',
        additionalProperties: false,
        examples: [
          { version: '0.9.0', engine, collections: [{ name: 'ships', records: 4 }], ...example },
        ],
      },
    ),
  )

const Summary = summaryOf(
  'memory',
  { workspaces: Type.Integer({ minimum: 0, description: 'How many workspaces there are' }) },
  { workspaces: 2 },
)

const SummaryWithDatabase = summaryOf('postgres', {}, {})

/** Adds the route that sums up what there is. */
export function addSummary(app: FastifyInstance, { parts }: Pick<StateOptions, 'parts'>): void {
  const { memory, worlds } = app
  const schema = memory ? Summary : SummaryWithDatabase
  app.addSchema(schema)
  addRoute(app, {
    method: 'GET',
    url: CONTROL,
    guard: app.controls.guard,
    schema: {
      operationId: 'getSummary',
      summary: 'Sum up the server',
      description: 'What it is, and what is in the world that was asked.',
      tags: ['control'],
      response: { 200: success('What there is', schema) },
    },
    handler: async (request) => ({
      version,
      engine: memory ? 'memory' : 'postgres',
      collections: await counts(request, parts),
      ...(memory ? { workspaces: worlds.size } : {}),
    }),
  })
}

/** How many records there are, in the collections of the APIs that are mounted and in the user's own. */
async function counts({ server, store }: FastifyRequest, parts: ReadonlySet<string>) {
  // What only states have is written with a dollar there.
  const named = [...parts].filter((name) => name !== '$files').map((name) => name.replace('$', ''))
  const names = new Map(named.map((name) => [name, name]))
  for (const { name, storeName } of server.own.collections) names.set(name, storeName)
  return Promise.all(
    [...names].map(async ([name, storeName]) => ({
      name,
      records: await countOf(ownRecords(store, storeName)),
    })),
  )
}
