import { Readable } from 'node:stream'
import { Type } from '@sinclair/typebox'
import type { FastifyInstance, FastifyRequest } from 'fastify'
import { success } from '../../plugins/openapi/responses.js'
import { addRoute } from '../../plugins/route.js'
import type { FreeForm } from '../../store/free-form.js'
import { ONLY } from '../../store/own.js'
import { guardOf, hidesAny, mayRead, ownedBy } from './access.js'
import type { Own, OwnCollection } from './collection.js'

/** Adds the route that gives everything at once, as a data file has it. */
export function addWholeState(app: FastifyInstance, own: Own): void {
  const WholeState = Type.Unsafe<Readable>(
    Type.Object({}, { $id: 'WholeState', additionalProperties: true, examples: [{}] }),
  )
  app.addSchema(WholeState)
  addRoute(app, {
    method: 'GET',
    url: '/db',
    guard: guardOf(app, 'anyone', hidesAny(own)),
    schema: {
      operationId: 'getWholeState',
      summary: 'Get everything',
      description:
        'All collections and single resources, as far as you may read them: a data file that the server can start with. Passwords are not in it.',
      tags: ['db'],
      response: { 200: success('Everything', WholeState) },
    },
    handler: async (request, reply) => {
      const readable = own.collections.filter((each) => mayRead(each, request))
      return reply
        .type('application/json; charset=utf-8')
        .send(Readable.from(textOf(readable, request)))
    },
  })
}

/** The text of the whole state, piece by piece. */
async function* textOf(
  collections: readonly OwnCollection[],
  request: FastifyRequest,
): AsyncIterable<string> {
  let separator = '{'
  for (const collection of collections) {
    yield `${separator}${JSON.stringify(collection.name)}:`
    separator = ','
    if (collection.isSingular) {
      const record = await collection.records(request.store).getBy({ key: ONLY })
      yield JSON.stringify(record?.content)
    } else {
      yield* listText(collection, request)
    }
  }
  yield separator === '{' ? '{}' : '}'
}

async function* listText(
  collection: OwnCollection,
  request: FastifyRequest,
): AsyncIterable<string> {
  let separator = '['
  const where = ownedBy(collection, collection.access.read, request)
  for await (const batch of collection.records(request.store).stream({ where })) {
    const contents: FreeForm[] = batch.map(({ content }) => content)
    yield separator + JSON.stringify(contents).slice(1, -1)
    separator = ','
  }
  yield separator === '[' ? '[]' : ']'
}
