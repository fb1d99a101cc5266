import { Type } from '@sinclair/typebox'
import type { FastifyInstance } from 'fastify'
import { CONTROL } from '../../plugins/control.js'
import { Consequence, Fault, FaultRule } from '../../plugins/faults/rule.js'
import { errors } from '../../plugins/http/errors.js'
import { linked, to } from '../../plugins/openapi/links.js'
import { empty, failure, list, success } from '../../plugins/openapi/responses.js'
import { addRoute } from '../../plugins/route.js'
import { RequestMatch } from '../../plugins/workspaces/match.js'
import { escapePointer, type Fault as FaultIn } from '../../store/check.js'
import { faultIn } from '../../store/free-form.js'
import { ref } from '../../store/schema.js'

const PATH = `${CONTROL}/faults`

const Params = Type.Object({
  id: Type.String({ maxLength: 100, description: "The fault's id", examples: ['fault-1'] }),
})

const NOT_FOUND = failure('There is no such fault here', errors.faultNotFound('fault-99'))

/** What can be done next with a fault that has just been made. */
const NEXT = to(['getFault', 'deleteFault'], { parameters: { id: '$response.body#/id' } })

/** Headers that say where a message ends, or what becomes of its connection: the server's own (RFC 9112, sections 6 and 9). */
const FRAMING: ReadonlySet<string> = new Set([
  'connection',
  'content-length',
  'keep-alive',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
])

/** The answers that have no body (RFC 9110, section 6.4.1). */
const WITHOUT_BODY: ReadonlySet<number | undefined> = new Set([204, 205, 304])

/** Adds the routes for what is to go wrong in a world. */
export function addFaults(app: FastifyInstance): void {
  for (const schema of [RequestMatch, Consequence, FaultRule, Fault]) app.addSchema(schema)
  const { faults } = app
  const { guard } = app.controls
  const tags = ['control']

  addRoute(app, {
    method: 'GET',
    url: PATH,
    guard,
    schema: {
      operationId: 'listFaults',
      summary: 'List the faults',
      description: 'In the order in which they are looked at, with how often each has happened.',
      tags,
      response: { 200: list('All of this world', Fault) },
    },
    handler: async ({ world }) => faults.rules.of(world).list(),
  })

  addRoute(app, {
    method: 'POST',
    url: PATH,
    guard,
    keepsData: true,
    schema: {
      operationId: 'createFault',
      summary: 'Let requests go wrong',
      description:
        'The first fault that is about a request, and whose turn it is, decides what becomes of it. Calls of `/__slipway` have none. A world has a hundred at most.',
      tags,
      body: ref(FaultRule),
      response: {
        201: linked(success('The fault', Fault), NEXT),
        404: failure('The document has no such operation', errors.operationNotFound('createShop')),
        409: failure('There are too many', errors.tooManyFaults(100)),
      },
    },
    handler: async ({ body, world }, reply) => {
      const fault = faultOf(body)
      if (fault) throw errors.invalid('body', fault)
      const { operation } = body.match
      if (operation !== undefined && !faults.operations.has(operation)) {
        throw errors.operationNotFound(operation)
      }
      return reply.code(201).send(faults.rules.of(world).add(faults.nextId(), body))
    },
  })

  addRoute(app, {
    method: 'GET',
    url: `${PATH}/:id`,
    guard,
    schema: {
      operationId: 'getFault',
      summary: 'Get a fault',
      description: 'With how often it has happened.',
      tags,
      params: Params,
      response: { 200: success('The fault', Fault), 404: NOT_FOUND },
    },
    handler: async ({ params: { id }, world }) => {
      const fault = faults.rules.of(world).get(id)
      if (!fault) throw errors.faultNotFound(id)
      return fault
    },
  })

  addRoute(app, {
    method: 'DELETE',
    url: PATH,
    guard,
    keepsData: true,
    schema: {
      operationId: 'deleteFaults',
      summary: 'Delete all faults',
      description: 'Of this world.',
      tags,
      response: { 204: empty('There are none') },
    },
    handler: async ({ world }, reply) => {
      faults.rules.of(world).clear()
      return reply.code(204).send(undefined)
    },
  })

  addRoute(app, {
    method: 'DELETE',
    url: `${PATH}/:id`,
    guard,
    keepsData: true,
    schema: {
      operationId: 'deleteFault',
      summary: 'Delete a fault',
      description: 'Nothing goes wrong by it any more.',
      tags,
      params: Params,
      response: { 204: empty('It is gone'), 404: NOT_FOUND },
    },
    handler: async ({ params: { id }, world }, reply) => {
      if (!faults.rules.of(world).remove(id)) throw errors.faultNotFound(id)
      return reply.code(204).send(undefined)
    },
  })
}

/** What no answer can have, whatever its schema lets in. */
function faultOf(rule: FaultRule): FaultIn | undefined {
  const { headers = {}, status, body } = rule.then
  const framing = Object.keys(headers).find((name) => FRAMING.has(name.toLowerCase()))
  if (framing !== undefined) {
    return { path: `/then/headers/${escapePointer(framing)}`, code: 'reserved' }
  }
  if (body !== undefined && WITHOUT_BODY.has(status))
    return { path: '/then/body', code: 'reserved' }
  return faultIn(rule)
}
