import {
  type SchemaOptions,
  type Static,
  type TSchema,
  type TUnsafe,
  Type,
} from '@sinclair/typebox'

/**
 * A reference to a shared schema that keeps its type: plain `Type.Ref` is `unknown` to TypeScript.
 * @throws when the schema has no `$id`
 */
export function ref<S extends TSchema>(schema: S, options: SchemaOptions = {}): TUnsafe<Static<S>> {
  if (!schema.$id) throw new Error('Only a schema with an $id can be referred to')
  return Type.Unsafe<Static<S>>(Type.Ref(schema.$id, options))
}
