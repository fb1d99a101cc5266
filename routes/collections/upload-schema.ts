import { type TSchema, Type } from '@sinclair/typebox'
import { isObject } from '../../seed/json-type.js'

/** Whether a field's schema lets a text in. */
export function takesText(property: unknown): boolean {
  if (!isObject(property)) return true
  const types = [property.type].flat()
  return property.type === undefined || types.includes('string') || takesFile(property)
}

/** Whether a field's schema is that of files which were uploaded: of one, or of a list. */
function takesFile(property: unknown): boolean {
  if (!isObject(property)) return false
  const { properties, items } = property
  if (isObject(properties))
    return ['name', 'size', 'type', 'url'].every((name) => name in properties)
  return takesFile(items)
}

/**
 * The schema of a form, by that of the same as JSON: fields are texts, files, and where the shape is frozen and lets no text in, JSON.
 * @param input what is written as JSON
 */
export function uploadSchema(
  { properties = {}, required, additionalProperties }: TSchema,
  isFrozen: boolean,
): TSchema {
  const parts = Object.entries<TSchema>(properties).map(([name, property]) => {
    const { description } = property
    const about = description === undefined ? {} : { description }
    if (takesFile(property)) return [name, { ...FILE, ...about }]
    if (!isFrozen) return [name, { type: 'string', ...about }]
    if (takesText(property)) return [name, { ...property, type: 'string' }]
    return [name, { type: 'string', contentMediaType: 'application/json', contentSchema: property }]
  })
  return Type.Unsafe({
    type: 'object',
    properties: Object.fromEntries(parts),
    ...(required ? { required } : {}),
    additionalProperties:
      additionalProperties === false
        ? false
        : { type: 'string', description: 'A text, or a file: a part with a filename' },
  })
}

const FILE = { type: 'string', format: 'binary', description: 'A file' }
