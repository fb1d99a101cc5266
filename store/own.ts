import { type Static, Type } from '@sinclair/typebox'
import { type collections, type Store, userFields, userRules } from './collections.js'
import { declare, type Pointer, type RecordIn, type RecordOf, StoredFile } from './declaration.js'
import type { Collection, NewRecord, RecordEvent } from './engine.js'
import type { FreeForm } from './free-form.js'
import { nullable } from './schema.js'

/** A file that a record of the user's own refers to. */
export const OwnFile = Type.Composite([
  StoredFile,
  Type.Object({
    /** Names it in the record's address. */
    name: Type.String(),
    fileName: Type.String(),
    contentType: Type.String(),
  }),
])
export type OwnFile = Static<typeof OwnFile>

const ownFields = {
  /** The record's id as text. */
  key: Type.String(),
  /** Its id, where that is a number. */
  number: nullable(Type.Number()),
  /** The record as its owner has it, id and all. */
  content: Type.Unsafe<FreeForm>({ type: 'object' }),
  files: nullable(Type.Array(OwnFile)),
  /** Who wrote it first, where that is known: it counts as that user's. Who may change it is for its content to say. */
  userId: nullable(Type.Integer()),
}

/** A record of a collection that is the user's own. The store's `id` is its place among the others. */
export type OwnRecord = RecordOf<typeof ownFields>

/** What a collection of the user's own declares: which of a record's fields name others. */
export interface OwnRules {
  readonly pointers: readonly OwnPointer[]
}

export type OwnPointer = Pointer<'content'>

const rules = {
  searchable: ['content'],
  scans: true,
  sequence: 'number',
  references: { userId: { to: 'users', onDelete: 'set null' } },
  hidden: ['userId'],
  files: ['files'],
} as const

/** Declares a collection of the user's own. */
export function declareOwn({ pointers }: OwnRules) {
  return declare(ownFields, { ...rules, unique: [['key']], pointers })
}

/** Declares the user's own collection of users, whose records are accounts where they have a password. */
export function declareOwnUsers({ pointers }: OwnRules) {
  return declare(
    // Records that nobody logs in as have a name in the store that no account can have.
    { ...userFields, username: Type.String(), ...ownFields },
    {
      ...rules,
      unique: [...userRules.unique, ['email'], ['key']],
      hidden: [...userRules.hidden, ...rules.hidden],
      pointers,
    },
  )
}

/** The key of the one record that a single resource has. */
export const ONLY = ''

/**
 * A record as the store has it.
 * @param id its own id; undefined of a single resource, which has none
 */
export function newOwn(id: string | number | undefined, content: FreeForm): NewRecord<OwnRecord> {
  const number = typeof id === 'number' ? id : null
  return { key: id === undefined ? ONLY : String(id), number, content, files: null, userId: null }
}

/** What the store calls a collection of the user's own, so that it is none of the APIs'. */
export function ownName(name: string): string {
  return `own/${name}`
}

/**
 * The records of a collection of the user's own.
 * @param name as the store has it
 * @throws Error where it wasn't declared
 */
export function ownRecords(store: Store, name: string): Collection<OwnRecord> {
  const collection: unknown = Reflect.get(store, name)
  if (!isCollection(collection)) throw new Error(`The store has no ${name}`)
  return collection
}

function isCollection(value: unknown): value is Collection<OwnRecord> {
  return typeof value === 'object' && value !== null && 'find' in value
}

/** What records have had that widened the shape of a collection of the user's own, so that all who share a store know it. */
const observations = declare({
  /** The collection's own name. */
  collection: Type.String(),
  /** What the record had, without what it said. */
  skeleton: Type.Unsafe<FreeForm>({ type: 'object' }),
  /** The method and the path of the request that did; null of the data file. */
  request: nullable(Type.String()),
  /** ISO 8601, UTC. */
  at: Type.String(),
})
export type Observation = RecordIn<typeof observations>

/** Whether a record has changed in nothing that anybody sees: another password is no part of its content. */
export function isUnseen({ before, record }: RecordEvent<OwnRecord>): boolean {
  if (before === undefined) return false
  const [old, now] = [before.content, record.content]
  // What comes from a database is never the same object.
  return old === now || JSON.stringify(old) === JSON.stringify(now)
}

/** What a database keeps: what a memory does, and what all who share it have to know beside. */
export function withObservations(declared: typeof collections) {
  return { ...declared, observations }
}
