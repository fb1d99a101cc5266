import type { FastifyRequest } from 'fastify'
import { errors } from '../../plugins/http/errors.js'
import { isId, type RecordId, randomId } from '../../seed/ids.js'
import { isObject } from '../../seed/own.js'
import type { NewRecord } from '../../store/engine.js'
import { type FreeForm, faultIn } from '../../store/free-form.js'
import type { OwnRecord } from '../../store/own.js'
import { callerId } from './access.js'
import { idKindOf, ONLY, type OwnCollection } from './collection.js'

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
  if (given !== undefined && !isId(given)) throw errors.idInvalid(idField)
  const id = given ?? (await nextId(collection, request))
  const content = owned(collection, request, { ...value, [idField]: id })
  return recordOf(id, content)
}

/** A record as the store has it. */
export function recordOf(id: RecordId, content: FreeForm): NewRecord<OwnRecord> {
  return { key: String(id), number: typeof id === 'number' ? id : null, content, files: null }
}

/** The one record of a single resource, as the store has it. */
export function onlyRecord(content: FreeForm): NewRecord<OwnRecord> {
  return { key: ONLY, number: null, content, files: null }
}

async function nextId(collection: OwnCollection, { store }: FastifyRequest): Promise<RecordId> {
  const kind = idKindOf(collection)
  const number = kind === 'number' ? await collection.records(store).nextNumber() : undefined
  return number ?? randomId(kind)
}

/** What its creator says of a record, who owns it whatever that says. */
function owned({ owner, idField }: OwnCollection, { user }: FastifyRequest, content: FreeForm) {
  return owner === undefined || !user ? content : { ...content, [owner]: callerId(user, idField) }
}

/** What must stay as it is in a record, whoever changes it: its id, and whose it is. */
function kept({ idField, owner }: OwnCollection, { user }: FastifyRequest, { content }: OwnRecord) {
  const names = owner === undefined || user?.admin ? [idField] : [idField, owner]
  return Object.fromEntries(
    names.flatMap((name) => (content[name] === undefined ? [] : [[name, content[name]]])),
  )
}

/** A record's content in place of another, which had these fields first. */
export function replaced(
  collection: OwnCollection,
  request: FastifyRequest,
  record: OwnRecord,
  value: FreeForm,
): FreeForm {
  return { ...kept(collection, request, record), ...value, ...kept(collection, request, record) }
}

/** A record's content with some fields changed, and others as they were. */
export function changed(
  collection: OwnCollection,
  request: FastifyRequest,
  record: OwnRecord,
  value: FreeForm,
): FreeForm {
  return { ...record.content, ...value, ...kept(collection, request, record) }
}

/** RFC 7396: null takes a field away, and objects are changed within. */
export function merged(target: unknown, patch: unknown): unknown {
  if (!isObject(patch)) return patch
  const result = new Map(Object.entries(isObject(target) ? target : {}))
  for (const [name, value] of Object.entries(patch)) {
    if (value === null) result.delete(name)
    else result.set(name, merged(result.get(name), value))
  }
  return Object.fromEntries(result)
}
