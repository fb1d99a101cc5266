import { createHmac } from 'node:crypto'
import {
  type Article,
  type Dmp,
  type Membership,
  newDmp,
  newUser,
  type Project,
  type Store,
  type Template,
  type User,
} from '../store/collections.js'
import type { NewRecord } from '../store/engine.js'
import { faultIn } from '../store/free-form.js'
import { all, nameFor, userNamed } from '../store/lookups.js'
import {
  type SeedArticle,
  type SeedDmp,
  type SeedMembership,
  type SeedProject,
  type SeedTemplate,
  type SeedUser,
  seedWordsFor,
} from './format.js'

/** A record that is referred to and isn't there: by its id, or by its name, for which there may be others. */
export interface Target {
  readonly part: string
  readonly name: number | string
  readonly findKnown?: () => Promise<readonly string[]>
}

/** A fault in one field of a record of the file. */
export class RecordFault extends Error {
  constructor(
    readonly field: string,
    message: string,
    readonly target?: Target,
  ) {
    super(message)
  }
}

/** A store that is being filled with the records of a data file. */
export interface Filling {
  readonly store: Store
  /** Signs the tokens, where it outlives the process, and they with it. */
  readonly secret?: string | undefined
}

/**
 * The account that a user of the file is.
 * @throws RecordFault
 */
export async function userOf(
  record: SeedUser,
  { store, secret }: Filling,
): Promise<NewRecord<User>> {
  const { id, name, username = name, password, passwordHash = null, email, admin } = record
  if (username === undefined) throw new RecordFault('name', 'is missing')
  if (name !== undefined && name !== username)
    throw new RecordFault('username', 'differs from name')
  if ((password === undefined) === (passwordHash === null)) {
    throw new RecordFault('password', 'either password or passwordHash is needed, and not both')
  }
  return newUser({
    id,
    username,
    name: await nameFor(store, username),
    passwordHash,
    email,
    admin,
    publicId: record.public_id?.toLowerCase(),
    registeredAt: dateOf(record.date_registered),
    generation: secret === undefined ? 0 : generationOf(secret, record),
  })
}

/** What tells one account of a data file from another. */
type Credentials = {
  readonly [F in 'public_id' | 'name' | 'username' | 'password' | 'passwordHash']?:
    | string
    | undefined
}

/**
 * The token generation that a user of a data file begins with: the same at each start, and another's as soon as the
 * account is another, or has another password. A token of one who has been removed then fits nobody who gets the number.
 * @param secret signs the tokens. Only with it: a token shows its generation, which must tell nothing of a password
 */
export function generationOf(secret: string, user: Credentials): number {
  const { public_id, name, username = name, password, passwordHash } = user
  return createHmac('sha256', secret)
    .update(JSON.stringify([public_id, username, password, passwordHash]))
    .digest()
    .readUIntBE(0, 5)
}

/**
 * The store's article; its author is named by id, by name, or both.
 * @throws RecordFault
 */
export async function articleOf(
  record: SeedArticle,
  { store }: Filling,
): Promise<NewRecord<Article>> {
  const { id, title, text, 'author.username': username, date_posted } = record
  const named = username == null ? null : await idOf(store, username, 'author.username')
  const { user_id: userId = named } = record
  if (userId !== null && !(await store.users.get(userId))) {
    throw new RecordFault('user_id', 'names no user', { part: 'users', name: userId })
  }
  if (username !== undefined && named !== userId) {
    throw new RecordFault('author.username', 'is not the name of the user in user_id')
  }
  return { id, title, text, userId, postedAt: dateOf(date_posted) }
}

/**
 * The store's template; its author is named in `username`, in `user_id`, or both.
 * @throws RecordFault
 */
export async function templateOf(
  record: SeedTemplate,
  { store }: Filling,
): Promise<NewRecord<Template>> {
  const { id, title, url, description = null, posted, user_id, approved = false } = record
  const { username = user_id ?? null } = record
  if (user_id !== undefined && user_id !== username) {
    throw new RecordFault('user_id', 'differs from username')
  }
  const field = record.username === undefined ? 'user_id' : 'username'
  const userId = username === null ? null : await idOf(store, username, field)
  return { id, title, url, description, userId, approved, postedAt: dateOf(posted) }
}

/** The store's project. */
export function projectOf({ description = null, ...project }: SeedProject): NewRecord<Project> {
  return { ...project, description }
}

/**
 * The store's membership, of a user and in a project that are there.
 * @throws RecordFault
 */
export async function membershipOf(
  { id, user_id: userId, project_id: projectId }: SeedMembership,
  { store }: Filling,
): Promise<NewRecord<Membership>> {
  if (!(await store.users.get(userId)))
    throw new RecordFault('user_id', 'names no user', { part: 'users', name: userId })
  if (!(await store.projects.get(projectId)))
    throw new RecordFault('project_id', 'names no project', { part: 'projects', name: projectId })
  return { id, userId, projectId }
}

/**
 * The store's plan; what is not its id or its owner's name is its content.
 * @throws RecordFault
 */
export async function dmpOf(
  { id, user, ...content }: SeedDmp,
  { store }: Filling,
): Promise<NewRecord<Dmp>> {
  const publicId = id?.toLowerCase()
  if (publicId && (await store.dmps.getBy({ publicId }))) {
    throw new RecordFault('id', "is another record's")
  }
  const fault = faultIn(content)
  if (fault) throw new RecordFault(fault.path.slice(1), seedWordsFor(fault))
  return newDmp(await idOf(store, user, 'user'), content, publicId)
}

/** The id of the user who is named in a field. */
export async function idOf(store: Store, username: string, field: string): Promise<number> {
  const user = await userNamed(store, username)
  if (user) return user.id
  const findKnown = async () => (await all(store.users)).map((each) => each.username)
  throw new RecordFault(field, 'names no user', { part: 'users', name: username, findKnown })
}

/** A moment as the store has it; the time of loading where the file names none. */
function dateOf(moment?: string): string {
  return (moment === undefined ? new Date() : new Date(moment)).toISOString()
}
