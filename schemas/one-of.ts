import { type StringOptions, type TUnsafe, Type } from '@sinclair/typebox'

/** One of some fixed texts, as an `enum`: readers and generators of clients know it better than a union of constants. */
export function oneOf<const T extends string>(
  values: readonly T[],
  options: StringOptions = {},
): TUnsafe<T> {
  return Type.Unsafe<T>(Type.String({ ...options, enum: [...values] }))
}
