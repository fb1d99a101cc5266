import { type Static, type TObject, type TProperties, Type } from '@sinclair/typebox'
import { type Check, compile } from './check.js'

/** What every record has: its number in the collection, and a version that rises with each visible change. */
const recordFields = {
  id: Type.Integer({ minimum: 1, maximum: Number.MAX_SAFE_INTEGER }),
  version: Type.Integer({ minimum: 1 }),
}

export type BaseRecord = Static<TObject<typeof recordFields>>
export type RecordOf<P extends TProperties> = BaseRecord & Static<TObject<P>>
export type FieldOf<R> = keyof R & string

/** Fields by which a list is sorted, the most significant first. The id decides between equals, in the last field's direction. */
export type Order<R> = readonly { readonly field: FieldOf<R>; readonly descending?: boolean }[]

/** The order that every collection has without declaring it: by id, ascending. */
export const BY_ID = 'id'

/** Serves pages of the records that share the values of `fields` (of all records when there is none), in one order. */
export interface Index<R> {
  readonly fields: readonly FieldOf<R>[]
  readonly order: string
}

/** A field that holds another collection's id, and what becomes of this record when that one is deleted. */
export interface Reference {
  readonly collection: string
  readonly onDelete: 'set null' | 'delete'
}

export interface Rules<R> {
  /** Keys, each of one or more fields, whose values no two records share. A key with a null in it is shared freely. */
  readonly unique?: readonly (readonly FieldOf<R>[])[]
  readonly orders?: { readonly [name: string]: Order<R> }
  readonly indexes?: readonly Index<R>[]
  /** String fields that can be searched for a substring, letter case aside. */
  readonly searchable?: readonly FieldOf<R>[]
  /** Each is an index too, by id. */
  readonly references?: { readonly [F in FieldOf<R>]?: Reference }
  /** Fields that nobody outside sees: a change of these alone leaves the version as it is. */
  readonly hidden?: readonly FieldOf<R>[]
}

/** All that an engine needs to know of a collection. */
export interface Declaration<R extends BaseRecord> extends Required<Rules<R>> {
  readonly name: string
  /** The record's own fields, without `id` and `version`. */
  readonly fields: readonly string[]
  readonly isRecord: Check<R>
}

/**
 * Declares a collection once, for every engine.
 * @param name the collection's name: a plural noun
 * @param properties the record's own fields; each is always there, null where there is nothing to say
 */
export function declare<P extends TProperties>(
  name: string,
  properties: P,
  rules: Rules<RecordOf<P>> = {},
): Declaration<RecordOf<P>> {
  const schema = Type.Object({ ...recordFields, ...properties }, { additionalProperties: false })
  return {
    unique: [],
    orders: {},
    indexes: [],
    searchable: [],
    references: {},
    hidden: [],
    ...rules,
    name,
    fields: Object.keys(properties),
    isRecord: compile<typeof schema, RecordOf<P>>(schema),
  }
}
