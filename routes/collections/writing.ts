import type { FastifyRequest } from 'fastify'
import { errors } from '../../plugins/http/errors.js'
import type { NewRecord, Update } from '../../store/engine.js'
import { UniqueViolation } from '../../store/errors.js'
import { type FreeForm, faultIn } from '../../store/free-form.js'
import type { OwnRecord } from '../../store/own.js'
import { accountFor, changedSecrets, newAccount, splitPassword } from './accounts.js'
import type { OwnCollection } from './collection.js'
import { changed, merged, newRecord, objectIn, replaced } from './contents.js'

/** The media type of a change that is merged at every depth (RFC 7396). */
export const MERGE_PATCH = 'application/merge-patch+json'

/**
 * Creates records, all or none of them.
 * @param bodies each as it came
 * @param at where each is in the body, as a JSON pointer
 * @throws 400, 403, 409, 503
 */
export async function create(
  collection: OwnCollection,
  request: FastifyRequest,
  bodies: readonly unknown[],
  at: (index: number) => string,
): Promise<readonly OwnRecord[]> {
  const values: NewRecord<OwnRecord>[] = []
  for (const [index, body] of bodies.entries()) {
    values.push(await valuesOf(collection, request, body, at(index)))
  }
  const records = await insert(collection, request, values)
  for (const { content } of records) collection.shape.learn(content, request)
  return records
}

async function insert(
  collection: OwnCollection,
  { store }: FastifyRequest,
  values: readonly NewRecord<OwnRecord>[],
): Promise<readonly OwnRecord[]> {
  const records = collection.records(store)
  const [only, ...others] = values
  try {
    if (only && others.length === 0) return [await records.insert(only)]
    return await records.insertMany(values)
  } catch (error) {
    throw error instanceof UniqueViolation ? takenError(collection, error, values) : error
  }
}

async function valuesOf(
  collection: OwnCollection,
  request: FastifyRequest,
  body: unknown,
  at: string,
): Promise<NewRecord<OwnRecord>> {
  const value = objectIn(body, at)
  collection.shape.check(collection.name, value, 'whole', at)
  if (!collection.isAccounts) return newRecord(collection, request, value)
  const { password, content } = splitPassword(value)
  const record = await newRecord(collection, request, content)
  return { ...record, ...(await newAccount(request, record.key, record.content, password)) }
}

function takenError(
  { name, idField }: OwnCollection,
  { fields }: UniqueViolation,
  [first, ...others]: readonly NewRecord<OwnRecord>[],
) {
  if (!fields.includes('key')) return errors.taken(fields)
  return first && others.length === 0 ? errors.idTaken(name, first.key) : errors.taken([idField])
}

/**
 * What a PUT makes of a record: the body, in its place.
 * @throws 400, 403, 503
 */
export async function replacement(
  collection: OwnCollection,
  body: unknown,
  request: FastifyRequest,
  key: string,
): Promise<Update<OwnRecord>> {
  const value = objectIn(body)
  collection.shape.check(collection.name, value, 'whole')
  return update(collection, request, key, value, replaced)
}

/**
 * What a PATCH makes of a record: the body's fields in the place of its own.
 * @throws 400, 403, 503
 */
export async function change(
  collection: OwnCollection,
  body: unknown,
  request: FastifyRequest,
  key: string,
): Promise<Update<OwnRecord>> {
  const value = objectIn(body)
  const isMerge = request.headers['content-type']?.startsWith(MERGE_PATCH) ?? false
  if (!isMerge) collection.shape.check(collection.name, value, 'part')
  return update(collection, request, key, value, (own, asked, record, patch) => {
    if (!isMerge) return changed(own, asked, record, patch)
    const content = objectIn(merged(record.content, patch))
    collection.shape.check(collection.name, content, 'whole')
    return replaced(own, asked, record, content)
  })
}

async function update(
  collection: OwnCollection,
  request: FastifyRequest,
  key: string,
  value: FreeForm,
  compose: typeof replaced,
): Promise<Update<OwnRecord>> {
  const content = (record: OwnRecord, given: FreeForm) =>
    bounded(compose(collection, request, record, given))
  if (!collection.isAccounts) return (record) => ({ content: content(record, value) })
  const { password, content: rest } = splitPassword(value)
  const old = await collection.records(request.store).getBy({ key })
  const secrets = old ? await changedSecrets(request, old, password) : {}
  return (record) => {
    const next = content(record, rest)
    return { content: next, ...accountFor(request, record, next, secrets) }
  }
}

/**
 * What is left of two objects can be too much where neither is.
 * @throws 413
 */
function bounded(content: FreeForm): FreeForm {
  if (faultIn(content)) throw errors.tooManyFields()
  return content
}
