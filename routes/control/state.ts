import { Readable } from 'node:stream'
import { Type } from '@sinclair/typebox'
import type { FastifyPluginAsync, FastifyRequest } from 'fastify'
import pLimit from 'p-limit'
import type { API_NAMES, Config } from '../../config.js'
import { CONTROL } from '../../plugins/control.js'
import { errors } from '../../plugins/http/errors.js'
import { parseSliced } from '../../plugins/http/sliced-json.js'
import { empty, failure, success } from '../../plugins/openapi/responses.js'
import { addRoute } from '../../plugins/route.js'
import type { Memory } from '../../plugins/store.js'
import type { KeptName } from '../../seed/kept.js'
import type { PartName } from '../../seed/parts.js'
import { oneOf, ref } from '../../store/schema.js'
import { StateReader } from './state-input.js'
import { StateWriter } from './state-output.js'

type ApiName = (typeof API_NAMES)[number]

export interface StateOptions {
  readonly config: Config
  /** The APIs that are mounted. */
  readonly apis: readonly ApiName[]
  /** The parts of a data file that an API has. */
  readonly partsOf: (api: ApiName) => readonly (PartName | KeptName)[]
  /** Those of all that are mounted. */
  readonly parts: ReadonlySet<string>
  /** What the data file says of the user's own collections. */
  readonly described: unknown
}

const example = { ships: [{ id: 1, model: 'T-65 X-Wing' }] }

const StateOutput = Type.Unsafe<Readable>(
  Type.Object({}, { $id: 'State', additionalProperties: true, examples: [example] }),
)
const StateInput = Type.Object(
  {},
  {
    $id: 'StateInput',
    additionalProperties: true,
    // A body that was forgotten must not empty a server.
    minProperties: 1,
    examples: [{ $comment: 'Nothing else, so that all collections are empty.' }],
  },
)

const Query = Type.Object({
  files: Type.Optional(
    oneOf(['all', 'none'], { description: 'Whether the files that were uploaded are in it, too' }),
  ),
})

/** The whole state of a world, as a data file. */
const state: FastifyPluginAsync<StateOptions & { readonly memory: Memory }> = async (
  app,
  options,
) => {
  for (const schema of [StateOutput, StateInput]) app.addSchema(schema)
  const { guard } = app.controls
  const { stateLimit } = options.config
  const url = `${CONTROL}/state`
  const writer = new StateWriter(app, options)
  const reader = new StateReader(app, options.memory, options)
  // Each is as large as all the data.
  const oneAtATime = pLimit(1)

  app.removeContentTypeParser('application/json')
  app.addContentTypeParser(
    'application/json',
    { parseAs: 'buffer', bodyLimit: stateLimit },
    async (request: FastifyRequest, body: Buffer) =>
      body.length === 0 ? undefined : oneAtATime(() => parseSliced(app, request, body)),
  )

  addRoute(app, {
    method: 'GET',
    url,
    guard,
    schema: {
      operationId: 'getState',
      summary: 'Get everything as a data file',
      description:
        'Of one moment: what the server can be started with, and what can be put in again. Passwords are hashes in it, whatever the data file has; what was uploaded is in the parts `$tags` and `$files`.',
      tags: ['control'],
      querystring: Query,
      response: {
        200: success('Everything', StateOutput, ['cache-control']),
        413: failure('Its files are larger than STATE_LIMIT', errors.filesTooLarge()),
        503: failure('Too many passwords wait to be hashed', errors.overloaded()),
      },
    },
    handler: async ({ query, world }, reply) => {
      const text = await writer.write(world, query.files !== 'none')
      return reply
        .type('application/json; charset=utf-8')
        .header('cache-control', 'no-store')
        .send(Readable.from(text))
    },
  })

  addRoute(app, {
    method: 'PUT',
    url,
    guard,
    schema: {
      operationId: 'putState',
      summary: 'Put in another state',
      description:
        'A data file, in the place of all that there is: checked like one that the server starts with, and put in as one step. Collections that are not in it are empty. Tokens stay good of those whose id, name and password it has too.',
      tags: ['control'],
      body: ref(StateInput),
      response: {
        204: empty('It is the state now'),
        413: failure('The body is larger than STATE_LIMIT', errors.tooLarge()),
      },
    },
    handler: async (request, reply) => {
      await oneAtATime(() => reader.putIn(request))
      return reply.code(204).send(undefined)
    },
  })
}

export default state
