import type { FastifyInstance, FastifyRequest } from 'fastify'
import type { Guard } from '../../plugins/auth/guards.js'
import { LEVELS, type Level } from '../../seed/described.js'
import { isId, type RecordId } from '../../seed/ids.js'
import type { User } from '../../store/collections.js'
import type { FreeForm } from '../../store/free-form.js'
import type { OwnRecord } from '../../store/own.js'
import { type Predicate, textOf } from '../../store/query.js'
import type { Own, OwnCollection } from './collection.js'

/** Who may do what with the records of a collection. */
export interface Access {
  readonly read: Level
  readonly create: Level
  readonly change: Level
}

/**
 * Who may do what: all is open that isn't said otherwise, as in json-server. What one may not read one may not change either: the
 * answer would show it.
 */
export function accessOf({
  read = 'anyone',
  create = 'anyone',
  change = 'anyone',
}: Partial<Access> = {}): Access {
  const isOpener = LEVELS.indexOf(change) < LEVELS.indexOf(read)
  return { read, create, change: isOpener ? read : change }
}

/** Whether there is anything that not everybody may read: it can be put into what all may. */
export function hidesAny({ collections }: Pick<Own, 'collections'>): boolean {
  return collections.some(({ access }) => access.read !== 'anyone')
}

/** Whether it decides anything whose a record is. */
export function isOwnersOnly({ read, change }: Access): boolean {
  return read === 'owner' || change === 'owner'
}

/**
 * The guard of a level.
 * @param isAsked whether it matters who somebody is that needs no token
 */
export function guardOf(
  { guards }: Pick<FastifyInstance, 'guards'>,
  level: Level,
  isAsked: boolean,
): Guard | undefined {
  if (level === 'anyone') return isAsked ? guards.optional : undefined
  return level === 'admin' ? guards.admin : guards.access
}

/** The predicate that a record is somebody's own; undefined where it need not be. */
export function ownedBy(
  collection: OwnCollection,
  level: Level,
  request: FastifyRequest,
): Predicate<'content'> | undefined {
  if (level !== 'owner' || request.user?.admin) return undefined
  const { owner = '' } = collection
  return {
    path: ['content', owner],
    op: 'is',
    value: [String(callerId(request.user, collection.idField))],
  }
}

/** Whether a request may read a record that it has found. */
export function maySee(
  collection: OwnCollection,
  request: FastifyRequest,
  { content }: OwnRecord,
): boolean {
  const { access, idField, owner = '' } = collection
  if (!mayRead(collection, request)) return false
  if (access.read !== 'owner' || request.user?.admin) return true
  return textOf(content[owner]) === String(callerId(request.user, idField))
}

/** Whether a request may read anything in a collection at all, where no guard has asked: beside another one's records. */
export function mayRead({ access }: OwnCollection, { user }: FastifyRequest): boolean {
  if (access.read === 'anyone') return true
  return access.read === 'admin' ? user?.admin === true : user !== undefined && user !== null
}

/** The id that somebody's records have in their owner field: that of the user's own record, or of the account. */
export function callerId(user: User, idField: string): RecordId {
  const id = hasContent(user) ? user.content[idField] : undefined
  return isId(id) ? id : user.id
}

function hasContent(user: User): user is User & { readonly content: FreeForm } {
  return 'content' in user
}
