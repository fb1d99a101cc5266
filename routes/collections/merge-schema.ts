import { type TSchema, Type } from '@sinclair/typebox'

/**
 * The schema of a change that is merged (RFC 7396), by that of the whole: any field may be absent, and null takes away those that need
 * not be there, at every depth.
 * @param isFrozen whether a field that is required has to stay
 */
export function mergePatchSchema(
  { properties = {}, required = [], ...schema }: TSchema,
  isFrozen: boolean,
): TSchema {
  const needed = new Set<string>(isFrozen ? required : [])
  const fields = Object.entries<TSchema>(properties).map(([name, property]) => {
    const part = property.type === 'object' ? mergePatchSchema(property, isFrozen) : property
    // A password can be changed, and not taken away.
    const stays = needed.has(name) || property.writeOnly === true
    return [name, stays ? part : orNull(part)]
  })
  return Type.Unsafe({ ...schema, properties: Object.fromEntries(fields) })
}

function orNull(schema: TSchema): object {
  const { type } = schema
  const hasValues = 'enum' in schema || 'const' in schema
  if (type === undefined || hasValues) return { anyOf: [schema, { type: 'null' }] }
  const types = [type].flat()
  return types.includes('null') ? schema : { ...schema, type: [...types, 'null'] }
}
