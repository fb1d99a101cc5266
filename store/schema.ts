import {
  type SchemaOptions,
  type Static,
  type StringOptions,
  type TSchema,
  type TUnsafe,
  Type,
} from '@sinclair/typebox'

/** What a schema of one type takes, or null: as two types, which reads and compiles better than a union of two schemas. */
export function nullable<S extends TSchema>(
  schema: S,
  options: SchemaOptions = {},
): TUnsafe<Static<S> | null> {
  return Type.Unsafe<Static<S> | null>({ ...schema, type: [schema.type, 'null'], ...options })
}

/** One of some fixed texts, as an `enum`: readers and generators of clients know it better than a union of constants. */
export function oneOf<const T extends string>(
  values: readonly T[],
  options: StringOptions = {},
): TUnsafe<T> {
  return Type.Unsafe<T>(Type.String({ ...options, enum: [...values] }))
}

/**
 * A reference to a shared schema that keeps its type: plain `Type.Ref` is `unknown` to TypeScript.
 * @throws when the schema has no `$id`
 */
export function ref<S extends TSchema>(schema: S, options: SchemaOptions = {}): TUnsafe<Static<S>> {
  if (!schema.$id) throw new Error('Only a schema with an $id can be referred to')
  return Type.Unsafe<Static<S>>(Type.Ref(schema.$id, options))
}
