import { type Static, Type } from '@sinclair/typebox'
import type { FastifyPluginAsync } from 'fastify'
import { errors } from '../../plugins/http/errors.js'
import { Id } from '../../plugins/http/record.js'
import { linksOf } from '../../plugins/openapi/links.js'
import { failure } from '../../plugins/openapi/responses.js'
import { type Ship as ShipRecord, shipFields } from '../../store/collections.js'
import { byId, resource } from '../resource.js'

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

const ShipInput = Type.Object(shipFields, {
  $id: 'ShipInput',
  additionalProperties: false,
  examples: [example],
})

const ShipReplacement = Type.Object(
  { id: Type.Optional(Id), ...shipFields },
  { $id: 'ShipReplacement', additionalProperties: false, examples: [example] },
)

const ShipPatch = Type.Partial(ShipReplacement, {
  $id: 'ShipPatch',
  additionalProperties: false,
  examples: [{ crew: 2 }],
})

/** Ships: everybody may look, who has logged in may change. */
const ships: FastifyPluginAsync = async (app) => {
  for (const schema of [Ship, ShipInput, ShipReplacement, ShipPatch]) app.addSchema(schema)
  const guard = app.guards.access

  resource(app, {
    kind: 'ship',
    tag: 'fleet',
    path: '/ships',
    key: byId<ShipRecord>(),
    records: ({ ships }) => ships,
    view: Ship,
    toWire: (ship) => ship,
    notFound: failure('No ship has this id', errors.recordNotFound('ship', 99)),
    links: linksOf('id', 'getShip', ['replaceShip', 'changeShip', 'deleteShip']),
    list: {
      operationId: 'listShips',
      summary: 'List all ships',
      description: 'Everybody may.',
      first: '/0/id',
    },
    get: { operationId: 'getShip', summary: 'Get a ship', description: 'Everybody may.' },
    create: {
      operationId: 'createShip',
      summary: 'Add a ship',
      description: 'Every user may.',
      guard,
      body: ShipInput,
      fromWire: (ship) => ship,
    },
    replace: {
      operationId: 'replaceShip',
      summary: 'Replace a ship',
      description: 'All of its fields. Every user may.',
      guard,
      body: ShipReplacement,
      fromWire: fieldsOf,
    },
    change: {
      operationId: 'changeShip',
      summary: 'Change some fields of a ship',
      description: 'Fields that are not named stay as they are. Every user may.',
      guard,
      body: ShipPatch,
      fromWire: fieldsOf,
    },
    remove: {
      operationId: 'deleteShip',
      summary: 'Delete a ship',
      description: 'Every user may.',
      guard,
    },
  })
}

/** @throws 400 when the body names another ship than the path */
function fieldsOf({ id, ...fields }: Static<typeof ShipPatch>, _request: unknown, at: number) {
  if (id !== undefined && id !== at) throw errors.idMismatch()
  return fields
}

export default ships
