import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { type Static, Type } from '@sinclair/typebox'
import type { FastifyReply, FastifyRequest } from 'fastify'
import {
  expectedVersions,
  IfMatch,
  IfNoneMatch,
  isKnown,
  tag,
} from '../../plugins/http/conditional.js'
import { errors, found } from '../../plugins/http/errors.js'
import { Id, IdParams, locationOf } from '../../plugins/http/record.js'
import { linksOf } from '../../plugins/openapi/links.js'
import { empty, failure, list, success } from '../../plugins/openapi/responses.js'
import { addRoute } from '../../plugins/route.js'
import { shipFields } from '../../store/collections.js'
import { all } from '../../store/lookups.js'
import { ref } from '../../store/schema.js'

const example = {
  affiliation: 'Rebel Alliance',
  category: 'Starfighters',
  crew: 1,
  length: 13,
  manufacturer: 'Incom Corporation',
  model: 'T-65 X-Wing',
  roles: ['Space Superiority Starfighter', 'Escort'],
  ship_class: 'Starfighter',
}

const Ship = Type.Object(
  { id: Id, ...shipFields },
  { $id: 'Ship', additionalProperties: false, examples: [{ id: 1, ...example }] },
)

const NewShip = Type.Object(shipFields, {
  $id: 'NewShip',
  additionalProperties: false,
  examples: [example],
})

const WholeShip = Type.Object(
  { id: Type.Optional(Id), ...shipFields },
  { $id: 'WholeShip', additionalProperties: false, examples: [example] },
)

const PartOfShip = Type.Partial(WholeShip, {
  $id: 'PartOfShip',
  additionalProperties: false,
  examples: [{ crew: 2 }],
})

const notFound = failure('No ship has this id', errors.recordNotFound('ship', 99))
const links = linksOf('id', 'getShip', ['replaceShip', 'changeShip', 'deleteShip'])
const stale = failure('The ship is not as If-Match has it', errors.preconditionFailed())

/** Ships: everybody may look, who has logged in may change. */
const ships: FastifyPluginAsyncTypebox = async (app) => {
  for (const schema of [Ship, NewShip, WholeShip, PartOfShip]) app.addSchema(schema)
  const { access } = app.guards

  addRoute(app, {
    method: 'GET',
    url: '/ships',
    schema: {
      operationId: 'listShips',
      summary: 'List all ships',
      tags: ['fleet'],
      response: { 200: links.names(list('All ships, by id', Ship), '$response.body#/0/id') },
    },
    handler: async (request) => {
      return all(request.store.ships)
    },
  })

  addRoute(app, {
    method: 'GET',
    url: '/ships/:id',
    schema: {
      operationId: 'getShip',
      summary: 'Get a ship',
      tags: ['fleet'],
      params: IdParams,
      headers: IfNoneMatch,
      response: {
        200: links.shows(success('The ship', Ship, ['etag'])),
        304: empty('You have the latest version', ['etag']),
        404: notFound,
      },
    },
    handler: async (request, reply) => {
      const { id } = request.params
      const ship = found(await request.store.ships.get(id), 'ship', id)
      return isKnown(request, reply, ship) ? reply.code(304).send(undefined) : ship
    },
  })

  addRoute(app, {
    method: 'POST',
    url: '/ships',
    guard: access,
    schema: {
      operationId: 'createShip',
      summary: 'Add a ship',
      tags: ['fleet'],
      body: ref(NewShip),
      response: {
        201: links.shows(success('The new ship', Ship, ['etag', 'location']), '$response.body#/id'),
      },
    },
    handler: async (request, reply) => {
      const ship = await request.store.ships.insert(request.body)
      tag(request, reply, ship)
      return reply.code(201).header('location', locationOf(request, ship.id)).send(ship)
    },
  })

  addRoute(app, {
    method: 'PUT',
    url: '/ships/:id',
    guard: access,
    schema: {
      operationId: 'replaceShip',
      summary: 'Replace a ship',
      tags: ['fleet'],
      params: IdParams,
      headers: IfMatch,
      body: ref(WholeShip),
      response: {
        200: links.shows(success('The ship as it is now', Ship, ['etag'])),
        404: notFound,
        412: stale,
      },
    },
    handler: async (request, reply) => changeShip(request, reply, request.params.id, request.body),
  })

  addRoute(app, {
    method: 'PATCH',
    url: '/ships/:id',
    guard: access,
    schema: {
      operationId: 'changeShip',
      summary: 'Change some fields of a ship',
      tags: ['fleet'],
      params: IdParams,
      headers: IfMatch,
      body: ref(PartOfShip),
      response: {
        200: links.shows(success('The ship as it is now', Ship, ['etag'])),
        404: notFound,
        412: stale,
      },
    },
    handler: async (request, reply) => changeShip(request, reply, request.params.id, request.body),
  })

  addRoute(app, {
    method: 'DELETE',
    url: '/ships/:id',
    guard: access,
    schema: {
      operationId: 'deleteShip',
      summary: 'Delete a ship',
      tags: ['fleet'],
      params: IdParams,
      headers: IfMatch,
      response: { 204: links.ends(empty('The ship is gone')), 404: notFound, 412: stale },
    },
    handler: async (request, reply) => {
      const { id } = request.params
      const versions = expectedVersions(request)
      found(await request.store.ships.delete(id, { versions }), 'ship', id)
      return reply.code(204).send(undefined)
    },
  })
}

async function changeShip(
  request: FastifyRequest,
  reply: FastifyReply,
  id: number,
  { id: bodyId = id, ...fields }: Static<typeof PartOfShip>,
) {
  if (bodyId !== id) throw errors.idMismatch()
  const versions = expectedVersions(request)
  const ship = found(await request.store.ships.update(id, fields, { versions }), 'ship', id)
  tag(request, reply, ship)
  return ship
}

export default ships
