import { compile, escapePointer } from '../store/check.js'
import {
  type Article,
  type Dmp,
  type Membership,
  newDmp,
  newUser,
  type Store,
  type Template,
  type User,
} from '../store/collections.js'
import type { NewRecord } from '../store/engine.js'
import { UniqueViolation } from '../store/errors.js'
import { faultIn } from '../store/free-form.js'
import { SeedError } from './errors.js'
import {
  type SeedArticle,
  type SeedDmp,
  SeedFile,
  type SeedMembership,
  type SeedTemplate,
  type SeedUser,
} from './format.js'
import { generationOf } from './generation.js'
import { readJson } from './read.js'

const isSeedFile = compile(SeedFile)

/** A fault in one field of a record. */
class Fault extends Error {
  constructor(
    readonly field: string,
    message: string,
  ) {
    super(message)
  }
}

/**
 * Fills an empty store from a data file.
 * @param secret signs the tokens, where it outlives the process, and they with it
 * @returns the plain passwords in the file, by the user's id: they are still to be hashed
 * @throws SeedError with the file, the place and the fault
 */
export async function seed(
  store: Store,
  file: string,
  secret?: string,
): Promise<Map<number, string>> {
  return fill(store, file, await readJson(file), secret)
}

/**
 * Fills an empty store from what a data file holds.
 * @param file where it comes from, for the messages
 * @returns the plain passwords in it, by the user's id
 * @throws SeedError with the file, the place and the fault
 */
export async function fill(
  store: Store,
  file: string,
  data: unknown,
  secret?: string,
): Promise<Map<number, string>> {
  assertSeedFile(file, data)
  const passwords = new Map<number, string>()
  const { users = [], ships = [], articles = [], templates = [], applications = {} } = data
  const { projects = [], memberships = [], dmps = [] } = data
  await each(file, 'users', users.entries(), async (record) => {
    const user = await store.users.insert(userOf(record, secret))
    if (record.password !== undefined) passwords.set(user.id, record.password)
  })
  await each(file, 'ships', ships.entries(), (record) => store.ships.insert(record))
  await each(file, 'articles', articles.entries(), async (record) =>
    store.articles.insert(await articleOf(store, record)),
  )
  await each(file, 'templates', templates.entries(), async (record) =>
    store.templates.insert(await templateOf(store, record)),
  )
  await each(file, 'projects', projects.entries(), ({ description = null, ...project }) =>
    store.projects.insert({ ...project, description }),
  )
  await each(file, 'memberships', memberships.entries(), async (record) =>
    store.memberships.insert(await membershipOf(store, record)),
  )
  await each(file, 'dmps', dmps.entries(), async (record) =>
    store.dmps.insert(await dmpOf(store, record)),
  )
  await each(file, 'applications', Object.entries(applications), (token, name) =>
    store.applications.insert({ name, token }),
  )
  return passwords
}

/**
 * Refuses what has not the shape of a data file.
 * @throws SeedError with the file, the place and the fault
 */
export function assertSeedFile(file: string, data: unknown): asserts data is SeedFile {
  if (isSeedFile(data)) return
  const { path, message } = isSeedFile.fault()
  throw new SeedError(file, path, message)
}

function userOf(record: SeedUser, secret?: string): NewRecord<User> {
  const { id, name, username = name, password, passwordHash = null, email, admin } = record
  if (username === undefined) throw new Fault('name', 'is missing')
  if (name !== undefined && name !== username) throw new Fault('username', 'is not the name')
  if ((password === undefined) === (passwordHash === null)) {
    throw new Fault('password', 'one of password and passwordHash is needed')
  }
  return newUser({
    id,
    username,
    passwordHash,
    email,
    admin,
    publicId: record.public_id?.toLowerCase(),
    registeredAt: dateOf(record.date_registered),
    generation: secret === undefined ? 0 : generationOf(secret, record),
  })
}

async function articleOf(store: Store, record: SeedArticle): Promise<NewRecord<Article>> {
  const { id, title, text, 'author.username': username, date_posted } = record
  const named = username == null ? null : await idOf(store, username, 'author.username')
  const { user_id: userId = named } = record
  if (userId !== null && !(await store.users.get(userId))) {
    throw new Fault('user_id', 'names no user')
  }
  if (username !== undefined && named !== userId) {
    throw new Fault('author.username', 'is not the name of user_id')
  }
  return { id, title, text, userId, postedAt: dateOf(date_posted) }
}

async function templateOf(store: Store, record: SeedTemplate): Promise<NewRecord<Template>> {
  const { id, title, url, description = null, posted, user_id, approved = false } = record
  const { username = user_id ?? null } = record
  if (user_id !== undefined && user_id !== username) {
    throw new Fault('user_id', 'is not the username')
  }
  const field = record.username === undefined ? 'user_id' : 'username'
  const userId = username === null ? null : await idOf(store, username, field)
  return { id, title, url, description, userId, approved, postedAt: dateOf(posted) }
}

async function membershipOf(
  store: Store,
  { id, user_id: userId, project_id: projectId }: SeedMembership,
): Promise<NewRecord<Membership>> {
  if (!(await store.users.get(userId))) throw new Fault('user_id', 'names no user')
  if (!(await store.projects.get(projectId))) throw new Fault('project_id', 'names no project')
  return { id, userId, projectId }
}

async function dmpOf(store: Store, { id, user, ...content }: SeedDmp): Promise<NewRecord<Dmp>> {
  const publicId = id?.toLowerCase()
  if (publicId && (await store.dmps.getBy({ publicId }))) {
    throw new Fault('id', "is another record's")
  }
  const fault = faultIn(content)
  if (fault) throw new Fault(fault.path.slice(1), fault.message)
  return newDmp(await idOf(store, user, 'user'), content, publicId)
}

/** The id of the user who is named in a field. */
async function idOf(store: Store, username: string, field: string): Promise<number> {
  const user = await store.users.getBy({ username })
  if (!user) throw new Fault(field, 'names no user')
  return user.id
}

/** A moment as the store has it; the time of loading where the file names none. */
function dateOf(moment?: string): string {
  return (moment === undefined ? new Date() : new Date(moment)).toISOString()
}

/** What the file calls a field of the store: `publicId` is `public_id`. */
function wireName(field: string): string {
  return field.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)
}

/** Does something with each record in one part of the file. Their faults get their places. */
async function each<K extends number | string, R>(
  file: string,
  part: string,
  records: Iterable<readonly [K, R]>,
  work: (record: R, key: K) => Promise<unknown>,
): Promise<void> {
  for (const [key, record] of records) {
    const place = `/${part}/${escapePointer(key)}`
    try {
      await work(record, key)
    } catch (error) {
      if (error instanceof Fault) {
        throw new SeedError(file, `${place}/${error.field}`, error.message)
      }
      if (error instanceof UniqueViolation) {
        const fields = error.fields.map(wireName).join(', ')
        throw new SeedError(file, place, `another record has the same ${fields}`)
      }
      throw error
    }
  }
}
