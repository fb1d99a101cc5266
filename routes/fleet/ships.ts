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

/** Ships: everybody may look, who has logged in may change. */
const ships: FastifyPluginAsync = async (app) => {
  for (const schema of [Ship, NewShip, WholeShip, PartOfShip]) app.addSchema(schema)
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
    list: { operationId: 'listShips', summary: 'List all ships', first: '/0/id' },
    get: { operationId: 'getShip', summary: 'Get a ship' },
    create: {
      operationId: 'createShip',
      summary: 'Add a ship',
      guard,
      body: NewShip,
      fromWire: (ship) => ship,
    },
    replace: {
      operationId: 'replaceShip',
      summary: 'Replace a ship',
      guard,
      body: WholeShip,
      fromWire: fieldsOf,
    },
    change: {
      operationId: 'changeShip',
      summary: 'Change some fields of a ship',
      guard,
      body: PartOfShip,
      fromWire: fieldsOf,
    },
    remove: { operationId: 'deleteShip', summary: 'Delete a ship', guard },
  })
}

/** @throws 400 when the body names another ship than the path */
function fieldsOf({ id, ...fields }: Static<typeof PartOfShip>, _request: unknown, at: number) {
  if (id !== undefined && id !== at) throw errors.idMismatch()
  return fields
}

export default ships
