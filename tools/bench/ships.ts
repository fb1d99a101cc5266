import { Type } from '@sinclair/typebox'
import { Id } from '../../plugins/http/record.js'
import { shipFields } from '../../store/collections.js'

const strict = { additionalProperties: false }

/** What bare Fastify checks and writes by: the product's own fields, so that the work is the same. */
export const schemas = {
  ship: Type.Object({ id: Id, ...shipFields }, strict),
  newShip: Type.Object(shipFields, strict),
}

/** A ship as a client sends it. */
export const newShip = {
  affiliation: 'Rebel Alliance',
  category: 'Starfighters',
  crew: 1,
  length: 13,
  manufacturer: 'Incom Corporation',
  model: 'T-65 X-Wing',
  roles: ['Space Superiority Starfighter', 'Escort'],
  ship_class: 'Starfighter',
}
