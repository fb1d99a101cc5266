import type { TSchema } from '@sinclair/typebox'
import type { Config } from '../../config.js'
import type { World } from '../../plugins/workspaces/world.js'
import type { FindFaults } from '../../seed/given-schema.js'
import type { IdKind } from '../../seed/ids.js'
import type { Description } from '../../seed/infer.js'
import { type OwnPart, USERS } from '../../seed/own-records.js'
import type { Store } from '../../store/collections.js'
import type { Declaration } from '../../store/declaration.js'
import { ACCOUNTS, type Collection } from '../../store/engine.js'
import {
  declareOwn,
  declareOwnUsers,
  type OwnPointer,
  type OwnRecord,
  ownName,
  ownRecords,
} from '../../store/own.js'
import { type Access, accessOf } from './access.js'
import { LiveShape } from './live-shape.js'
import { Relations } from './relations.js'

/** A collection of the user's own, or a single resource. */
export interface OwnCollection {
  readonly name: string
  readonly part: OwnPart
  readonly isSingular: boolean
  /** Whether its records log in, those of them that have a password. */
  readonly isAccounts: boolean
  /** What the store calls it. */
  readonly storeName: string
  readonly declaration: Declaration<OwnRecord>
  readonly records: (store: Store) => Collection<OwnRecord>
  /** Its path, behind the prefix of all. */
  readonly path: string
  /** Where its records have their ids. */
  readonly idField: string
  readonly shape: LiveShape
  readonly access: Access
  /** The field that has the id of whom a record belongs to. */
  readonly owner: string | undefined
}

/** Everything that is the user's own. */
export interface Own {
  readonly collections: readonly OwnCollection[]
  readonly relations: Relations
  /** Those who log in: the collection of users, or what stands for one where there is none; undefined where they are an API's. */
  readonly accounts: OwnCollection | undefined
}

/** What the server keeps and serves of the parts that are the user's own. */
export function ownOf(
  parts: readonly OwnPart[],
  describe: (part: OwnPart) => Description,
  { enforce, foreignKeySuffix, id: idField }: Pick<Config, 'enforce' | 'foreignKeySuffix' | 'id'>,
  compile: (schema: TSchema) => FindFaults,
  hasAccounts: boolean,
): Own {
  const lists = parts.filter(({ isSingular }) => !isSingular).map(({ name }) => name)
  const relations = Relations.of(lists, foreignKeySuffix)
  const collectionOf = (part: OwnPart): OwnCollection => {
    const { name, isSingular } = part
    const { shape, schema, access, owner, onDelete = 'delete' } = describe(part)
    const isAccounts = isAccountsPart(part)
    const pointers = isSingular
      ? []
      : relations.pointers.map(({ collection, key }): OwnPointer => {
          const to = collection === USERS ? ACCOUNTS : ownName(collection)
          return { path: ['content', key], to, field: 'key', onDelete }
        })
    const storeName = isAccounts ? ACCOUNTS : ownName(name)
    return {
      name,
      part,
      isSingular,
      isAccounts,
      storeName,
      declaration: isAccounts ? declareOwnUsers({ pointers }) : declareOwn({ pointers }),
      records: (store) => ownRecords(store, storeName),
      path: `/${name}`,
      idField,
      shape: new LiveShape({
        beginning: { shape, first: part.records[0] },
        given: schema,
        isEnforced: enforce,
        nullable: onDelete === 'set null' ? relations.pointers.map(({ key }) => key) : [],
        idField: isSingular ? undefined : idField,
        owner,
        isAccounts,
        compile,
      }),
      access: accessOf(access),
      owner,
    }
  }
  const collections = parts.map(collectionOf)
  const accounts = collections.find(({ isAccounts }) => isAccounts) ?? collectionOf(NO_USERS)
  return { collections, relations, accounts: hasAccounts ? accounts : undefined }
}

const NO_USERS: OwnPart = { name: USERS, isSingular: false, records: [], secrets: new Map() }

function isAccountsPart({ name, isSingular }: OwnPart): boolean {
  return name === USERS && !isSingular
}

/** What new ids are in a world, by those that there have been. */
export function idKindOf({ shape, idField }: OwnCollection, world: World): IdKind {
  const { types = [], format } = shape.in(world).seen.typesAt([idField]) ?? {}
  if (types.every((type) => type === 'integer' || type === 'number')) return 'number'
  return format === 'uuid' && types.length === 1 ? 'uuid' : 'text'
}
