import type { FastifyRequest } from 'fastify'
import { errors } from '../../plugins/http/errors.js'
import { isId, type RecordId, randomId } from '../../seed/ids.js'
import { isObject } from '../../seed/json-type.js'
import type { NewRecord } from '../../store/engine.js'
import { type FreeForm, faultIn } from '../../store/free-form.js'
import { newOwn, type OwnRecord } from '../../store/own.js'
import { callerId, isOwnersOnly } from './access.js'
import { idKindOf, type OwnCollection } from './collection.js'
import { withFiles } from './files.js'

/** What no field may be called: JavaScript would take it for what an object inherits. */
const HOSTILE = ['__proto__']

/**
 * What a request wants to be stored: an object, within bounds.
 * @param at where it is in the body, as a JSON pointer
 * @throws 400
 */
export function objectIn(value: unknown, at = ''): FreeForm {
  if (!isObject(value)) {
    throw errors.invalid('body', { path: at, code: 'type', params: { type: 'object' } })
  }
  const hostile = HOSTILE.find((name) => Object.hasOwn(value, name))
  if (hostile !== undefined)
    throw errors.invalid('body', { path: `${at}/${hostile}`, code: 'reserved' })
  const fault = faultIn(value)
  if (fault) throw errors.invalid('body', { ...fault, path: at + fault.path })
  return value
}

/**
 * A new record as the store has it, with the id that it brings, or one that no other had.
 * @throws 400
 */
export async function newRecord(
  collection: OwnCollection,
  request: FastifyRequest,
  value: FreeForm,
): Promise<NewRecord<OwnRecord>> {
  const { idField } = collection
  const given = value[idField]
  if (given !== undefined && !isId(given)) {
    throw errors.invalid('body', { path: `/${idField}`, code: 'id' })
  }
  const id = given ?? (await nextId(collection, request))
  const content = { ...value, [idField]: id }
  const userId = request.user?.id ?? null
  return { ...newOwn(id, content), ...withFiles(collection, request, String(id), content), userId }
}

async function nextId(collection: OwnCollection, { world }: FastifyRequest): Promise<RecordId> {
  const kind = idKindOf(collection, world)
  const number = kind === 'number' ? await collection.records(world.store).nextNumber() : undefined
  return number ?? randomId(kind)
}

/**
 * What its creator says of a record, who owns it whatever that says. Of what only owners may read or change, nobody says that it is
 * another's.
 */
export function owned(
  { access, idField, owner }: OwnCollection,
  { user }: FastifyRequest,
  content: FreeForm,
): FreeForm {
  if (owner === undefined || owner === idField) return content
  if (user) return { ...content, [owner]: callerId(user, idField) }
  return isOwnersOnly(access) ? without(content, owner) : content
}

/** A record's content in place of another, which had these fields first. */
export function replaced(
  collection: OwnCollection,
  request: FastifyRequest,
  { content }: OwnRecord,
  value: FreeForm,
): FreeForm {
  const { idField, owner = idField } = collection
  const first = Object.entries(content).filter(([name]) => name === idField || name === owner)
  return kept(collection, request, content, { ...Object.fromEntries(first), ...value })
}

/** A record's content with some fields changed, and others as they were. */
export function changed(
  collection: OwnCollection,
  request: FastifyRequest,
  { content }: OwnRecord,
  value: FreeForm,
): FreeForm {
  return kept(collection, request, content, { ...content, ...value })
}

/** What becomes of a record, with what stays whoever changes it: its id; and whose it is, unless an admin says otherwise. */
function kept(
  { idField, owner = idField }: OwnCollection,
  { user }: FastifyRequest,
  old: FreeForm,
  content: FreeForm,
): FreeForm {
  const next = { ...content, [idField]: old[idField] }
  if (user?.admin || owner === idField) return next
  return Object.hasOwn(old, owner) ? { ...next, [owner]: old[owner] } : without(next, owner)
}

function without(content: FreeForm, name: string): FreeForm {
  const { [name]: _, ...rest } = content
  return rest
}

/** RFC 7396: null takes a field away, and objects are changed within. */
export function merged(target: FreeForm, patch: FreeForm): FreeForm {
  const result = new Map(Object.entries(target))
  for (const [name, value] of Object.entries(patch)) {
    const old = result.get(name)
    if (value === null) result.delete(name)
    else result.set(name, isObject(value) ? merged(isObject(old) ? old : {}, value) : value)
  }
  return Object.fromEntries(result)
}

/**
 * What is left of two objects can be too much where neither is.
 * @throws 413
 */
export function bounded(content: FreeForm): FreeForm {
  if (faultIn(content)) throw errors.tooManyFields()
  return content
}
