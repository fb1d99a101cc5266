import type { FastifyRequest } from 'fastify'
import { errors } from '../../plugins/http/errors.js'
import { isObject } from '../../seed/json-type.js'
import type { NewRecord, Update } from '../../store/engine.js'
import { UniqueViolation } from '../../store/errors.js'
import type { FreeForm } from '../../store/free-form.js'
import type { OwnRecord } from '../../store/own.js'
import { accountFor, changedHash, newAccount, splitPassword } from './accounts.js'
import type { OwnCollection } from './collection.js'
import { bounded, changed, merged, newRecord, objectIn, owned, replaced } from './contents.js'
import { withFiles } from './files.js'

/** The media type of a change that is merged at every depth (RFC 7396). */
export const MERGE_PATCH = 'application/merge-patch+json'

/** Whether a change is to be merged at every depth. */
export function isMergePatch({ headers }: FastifyRequest): boolean {
  return headers['content-type']?.toLowerCase().startsWith(MERGE_PATCH) ?? false
}

/** How many accounts a request can make: each costs a hash. */
const MAX_ACCOUNTS = 100

/**
 * Creates records, all or none of them.
 * @param bodies each as it came
 * @param at where each is in the body, as a JSON pointer
 * @throws 400, 403, 409, 413, 503
 */
export async function create(
  collection: OwnCollection,
  request: FastifyRequest,
  bodies: readonly unknown[],
  at: (index: number) => string,
): Promise<readonly OwnRecord[]> {
  if (collection.isAccounts && bodies.filter(hasPassword).length > MAX_ACCOUNTS) {
    throw errors.tooManyAccounts(MAX_ACCOUNTS)
  }
  const values: NewRecord<OwnRecord>[] = []
  for (const [index, body] of bodies.entries()) {
    values.push(await valuesOf(collection, request, body, at(index)))
  }
  const records = await insert(collection, request, values)
  await collection.shape.learn(
    records.map(({ content }) => content),
    request,
  )
  return records
}

function hasPassword(body: unknown): boolean {
  return isObject(body) && body.password !== undefined
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
  const given = objectIn(body, at)
  collection.shape.check(request.world, collection.name, given, 'whole', at)
  const value = owned(collection, request, given)
  if (value !== given) collection.shape.check(request.world, collection.name, value, 'whole', at)
  if (!collection.isAccounts) return newRecord(collection, request, value)
  const { password, content } = splitPassword(value, at)
  const record = await newRecord(collection, request, content)
  return { ...record, ...(await newAccount(request, record.key, record.content, password, at)) }
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
 * @throws 400, 403, 409, 503
 */
export async function replacement(
  collection: OwnCollection,
  body: unknown,
  request: FastifyRequest,
  key: string,
): Promise<Update<OwnRecord>> {
  const value = objectIn(body)
  // Its id and its owner are not what it says, but have to be what they can be.
  collection.shape.check(request.world, collection.name, value, 'part')
  return update(collection, request, key, value, { compose: replaced, isWhole: true })
}

/**
 * What a PATCH makes of a record: the body's fields in the place of its own.
 * @throws 400, 403, 409, 503
 */
export async function change(
  collection: OwnCollection,
  body: unknown,
  request: FastifyRequest,
  key: string,
): Promise<Update<OwnRecord>> {
  const value = objectIn(body)
  const isMerge = isMergePatch(request)
  if (!isMerge) collection.shape.check(request.world, collection.name, value, 'part')
  const compose: Compose = isMerge
    ? (own, asked, record, patch) => replaced(own, asked, record, merged(record.content, patch))
    : changed
  return update(collection, request, key, value, { compose, isWhole: isMerge })
}

/** Makes a record's new content of what it is and what came. */
type Compose = typeof replaced

interface Updating {
  readonly compose: Compose
  /** Whether the outcome is to be held to the shape, and not just what came. */
  readonly isWhole: boolean
}

async function update(
  collection: OwnCollection,
  request: FastifyRequest,
  key: string,
  value: FreeForm,
  { compose, isWhole }: Updating,
): Promise<Update<OwnRecord>> {
  const { isAccounts, name, shape } = collection
  const { password, content: rest } = isAccounts
    ? splitPassword(value)
    : { password: undefined, content: value }
  const content = (record: OwnRecord): FreeForm => {
    const next = bounded(compose(collection, request, record, rest))
    if (isWhole) {
      const whole = password === undefined ? next : { ...next, password }
      shape.check(request.world, name, whole, 'become')
    }
    return next
  }
  const filed = (record: OwnRecord) =>
    withFiles(collection, request, key, content(record), record.files ?? [])
  if (!isAccounts) return filed
  const old = await collection.records(request.store).getBy({ key })
  const newHash = old && (await changedHash(request, old, content(old), password))
  return (record) => {
    const next = filed(record)
    return { ...next, ...accountFor(request, record, next.content, newHash) }
  }
}
