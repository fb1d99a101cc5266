import type { FreeForm } from '../store/free-form.js'

/** The types of JSON Schema, in the order in which a schema names them. */
export const TYPES = ['string', 'integer', 'number', 'boolean', 'object', 'array', 'null'] as const
export type TypeName = (typeof TYPES)[number]

/** From here on a whole number is too large for the types that languages have for one. */
const TOO_LARGE = 2 ** 63

/** The narrowest type of a value, as JSON has it. */
export function typeOf(value: unknown): TypeName {
  switch (typeof value) {
    case 'string':
      return 'string'
    case 'number':
      // JSON writes null for what is beyond every number.
      if (!Number.isFinite(value)) return 'null'
      return Number.isInteger(value) && Math.abs(value) < TOO_LARGE ? 'integer' : 'number'
    case 'boolean':
      return 'boolean'
    case 'object':
      if (Array.isArray(value)) return 'array'
      return value === null ? 'null' : 'object'
    default:
      return 'null'
  }
}

/** Whether a value is an object, and no array. */
export function isObject(value: unknown): value is FreeForm {
  return isContainer(value) && !Array.isArray(value)
}

/** Whether a value is an object, or an array. */
export function isContainer(value: unknown): value is FreeForm {
  return typeof value === 'object' && value !== null
}
