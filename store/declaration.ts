import { type Static, type TObject, type TProperties, type TSchema, Type } from '@sinclair/typebox'
import { type Check, compile } from './check.js'
import type { Path, Sort } from './query.js'

/** What every record has: its number in the collection, and a version that rises with each visible change. */
const recordFields = {
  id: Type.Integer({ minimum: 1, maximum: Number.MAX_SAFE_INTEGER }),
  version: Type.Integer({ minimum: 1 }),
}

export type BaseRecord = Static<TObject<typeof recordFields>>
export type RecordOf<P extends TProperties> = BaseRecord & Static<TObject<P>>
export type FieldOf<R> = keyof R & string

/** A file's content, as a record refers to it. */
export const StoredFile = Type.Object({
  /** Hexadecimal; names the content in the file store. */
  sha256: Type.String(),
  /** In bytes. */
  size: Type.Integer({ minimum: 0 }),
})
export type StoredFile = Static<typeof StoredFile>

/**
 * Serves pages of the records that share the values of `fields` (of all records when there is none), in one order. Without
 * a sort that is the order by id.
 */
export interface Index<F extends string = string> {
  readonly fields: readonly F[]
  readonly sort?: readonly Sort<F>[]
}

/** A field that holds another collection's id, and what becomes of this record when that one is deleted. */
export interface Reference {
  /** The other collection's name. */
  readonly to: string
  readonly onDelete: 'set null' | 'delete'
}

/** The fields of a collection that hold others' ids. */
export type References<F extends string = string> = Readonly<Partial<Record<F, Reference>>>

/**
 * A value that names a record of a collection, this one or another, by a unique text of it. It is compared as text, and need not
 * lead anywhere: what is declared is what becomes of this record when one that it names is deleted.
 */
export interface Pointer<F extends string = string> {
  readonly path: Path<F>
  /** The other collection's name. */
  readonly to: string
  /** A text field of the other collection that is a unique key by itself. */
  readonly field: string
  /** With `set null` the value becomes null, where it stands, and the version rises. */
  readonly onDelete: 'delete' | 'set null' | 'keep'
}

/** A field that says whether a record is a job that waits to be done. */
export interface Queue<F extends string = string> {
  readonly field: F
  readonly waiting: string
  /** A field with the id of whom the job is for: of each, one is done at a time, and all take turns. */
  readonly by: F
}

/** What holds of the records of a collection, and what follows when one of them changes or goes. */
export interface Rules<F extends string = string> {
  /** Keys, each of one or more fields, whose values no two records share. A key with a null in it is shared freely. */
  readonly unique?: readonly (readonly F[])[]
  readonly indexes?: readonly Index<F>[]
  /** Fields that can be searched for a substring, letter case aside: texts, or objects and lists with texts in them. */
  readonly searchable?: readonly F[]
  /** Each is an index too. */
  readonly references?: References<F>
  /** Each is an index too, for `is`. */
  readonly pointers?: readonly Pointer<F>[]
  /** Fields that nobody outside sees: a change of these alone leaves the version as it is. */
  readonly hidden?: readonly F[]
  /** Fields that hold a `StoredFile`, a list of them, or null: each content stays for as long as a record refers to it. */
  readonly files?: readonly F[]
  /** Whether a query may look at every record: for what nobody can foresee. */
  readonly scans?: boolean
  /** A field of numbers, or null, which are given out by `nextNumber`. */
  readonly sequence?: F | undefined
  /** Makes the records jobs: an index of the field is needed. */
  readonly queue?: Queue<F> | undefined
}

/**
 * All that an engine needs to know of a collection, but for its name.
 * @typeParam R its records, T what it refers to
 */
export interface Declaration<R extends BaseRecord = BaseRecord, T extends References = References>
  extends Required<Rules> {
  readonly references: T
  /** The record's own fields, without `id` and `version`. */
  readonly fields: readonly string[]
  /** Those that are always a text, or null. */
  readonly texts: readonly string[]
  /** What each of them is. */
  readonly properties: TProperties
  readonly isRecord: Check<R>
}

/** Collections by their names: plural nouns. */
export interface Declarations {
  readonly [name: string]: Declaration
}

/** The records of a declared collection. */
export type RecordIn<D extends Declaration> = D extends Declaration<infer R> ? R : never

/** What the references of a declared collection lead to, by their fields. */
export type TargetsIn<D extends Declarations, N extends keyof D> =
  D[N] extends Declaration<BaseRecord, infer T>
    ? { readonly [F in keyof T & string]: TargetOf<D, T[F]> }
    : never

type TargetOf<D extends Declarations, T> = T extends { readonly to: infer N extends keyof D }
  ? RecordIn<D[N]>
  : never

/**
 * Declares a collection once, for every engine.
 * @param properties the record's own fields; each is always there, null where there is nothing to say
 */
export function declare<P extends TProperties, const T extends References = Record<never, never>>(
  properties: P,
  rules?: Rules<FieldOf<RecordOf<P>>> & { readonly references?: T },
): Declaration<RecordOf<P>, T>
export function declare(properties: TProperties, rules: Rules = {}): Declaration {
  const schema = Type.Object({ ...recordFields, ...properties }, { additionalProperties: false })
  return {
    unique: [],
    indexes: [],
    searchable: [],
    references: {},
    pointers: [],
    hidden: [],
    files: [],
    scans: false,
    sequence: undefined,
    queue: undefined,
    ...rules,
    fields: Object.keys(properties),
    texts: Object.keys(properties).filter((name) => isText(properties[name])),
    isRecord: compile<typeof schema, BaseRecord>(schema),
    properties,
  }
}

function isText(schema: TSchema | undefined): boolean {
  const types: unknown[] = [schema?.type].flat()
  return types.includes('string') && types.every((type) => type === 'string' || type === 'null')
}
