import { type Static, Type } from '@sinclair/typebox'
import type { FastifyInstance, FastifyRequest } from 'fastify'
import { milliseconds } from '../../config.js'
import { CONTROL } from '../../plugins/control.js'
import { errors } from '../../plugins/http/errors.js'
import { absolute } from '../../plugins/http/record.js'
import { linked, to } from '../../plugins/openapi/links.js'
import { empty, failure, list, success } from '../../plugins/openapi/responses.js'
import { addRoute } from '../../plugins/route.js'
import type { Workspace as WorkspaceInUse } from '../../plugins/workspaces/worlds.js'
import { ref } from '../../store/schema.js'
import { Duration } from './durations.js'
import { nameLike } from './names.js'

const Name = nameLike('checkout-test')

const fields = {
  name: Name,
  url: Type.String({ description: 'What the paths in it begin with' }),
  expires: Type.String({
    format: 'date-time',
    description: 'When it goes, if nobody uses it until then',
  }),
}

const Workspace = Type.Object(fields, {
  $id: 'Workspace',
  additionalProperties: false,
  examples: [
    {
      name: 'checkout-test',
      url: 'http://localhost:3000/~checkout-test',
      expires: '2026-01-05T08:15:00.000Z',
    },
  ],
})

const WorkspaceListed = Type.Object(
  { ...fields, requests: Type.Integer({ minimum: 0, description: 'How many have come' }) },
  {
    $id: 'WorkspaceListed',
    additionalProperties: false,
    examples: [{ ...Workspace.examples[0], requests: 12 }],
  },
)

const WorkspaceInput = Type.Object(
  { name: Type.Optional(Name), ttl: Type.Optional(Duration('How long it stays that nobody uses')) },
  {
    $id: 'WorkspaceInput',
    additionalProperties: false,
    examples: [{ name: 'checkout-test', ttl: '5m' }],
  },
)

const Params = Type.Object({ name: Name })

/** Adds the routes that make, list and end workspaces, wherever they are called. */
export function addWorkspaces(app: FastifyInstance): void {
  for (const schema of [Workspace, WorkspaceListed, WorkspaceInput]) app.addSchema(schema)
  const { guard } = app.controls
  const url = `${CONTROL}/workspaces`

  addRoute(app, {
    method: 'GET',
    url,
    guard,
    schema: {
      operationId: 'listWorkspaces',
      summary: 'List the workspaces',
      description: 'Those that there are, in the order in which they were made.',
      tags: ['control'],
      response: { 200: list('The workspaces', WorkspaceListed) },
    },
    handler: async (request) =>
      (await app.worlds.list()).map((each) => ({
        ...shown(request, each),
        requests: each.requests,
      })),
  })

  addRoute(app, {
    method: 'POST',
    url,
    guard,
    keepsData: true,
    schema: {
      operationId: 'createWorkspace',
      summary: 'Make a workspace',
      description:
        'It begins as the server did. A workspace is also made by its first request: this is for one with another lifetime, or whose name nobody has to think of.',
      tags: ['control'],
      body: ref(WorkspaceInput),
      response: {
        201: linked(
          success('The workspace is there', Workspace),
          to(['deleteWorkspace'], { parameters: { name: '$response.body#/name' } }),
        ),
        409: failure('There is one of this name', errors.workspaceTaken('checkout-test')),
        503: failure('There are too many workspaces', errors.tooManyWorkspaces(1000)),
      },
    },
    handler: async (request, reply) => {
      const { name, ttl } = request.body
      const made = await app.worlds.create(name, ttl === undefined ? undefined : milliseconds(ttl))
      return reply.code(201).send(shown(request, made))
    },
  })

  addRoute(app, {
    method: 'DELETE',
    url: `${url}/:name`,
    guard,
    keepsData: true,
    schema: {
      operationId: 'deleteWorkspace',
      summary: 'End a workspace',
      description: 'All that is in it goes. Its next request makes it anew.',
      tags: ['control'],
      params: Params,
      response: {
        204: empty('It is no more'),
        404: failure('There is no such workspace', errors.notThere('workspace', 'checkout-test')),
      },
    },
    handler: async (request, reply) => {
      const { name } = request.params
      if (!(await app.worlds.drop(name))) throw errors.notThere('workspace', name)
      return reply.code(204).send(undefined)
    },
  })
}

function shown(
  request: FastifyRequest,
  { world, expires }: WorkspaceInUse,
): Static<typeof Workspace> {
  const { name = '' } = world
  return { name, url: absolute(request, `/~${name}`), expires: new Date(expires).toISOString() }
}
