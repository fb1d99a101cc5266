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
import { all } from '../store/lookups.js'
import type { Finding, Shape } from './faults.js'
import {
  type SeedArticle,
  type SeedDmp,
  SeedFile,
  type SeedMembership,
  type SeedTemplate,
  type SeedUser,
  seedWordsFor,
} from './format.js'
import { generationOf } from './generation.js'
import { parseJson, readText, type Source } from './read.js'

const isSeedFile = compile(SeedFile)

/** A record that is referred to and isn't there: by its id, or by its name, for which there may be others. */
interface Target {
  readonly part: string
  readonly name: number | string
  readonly findKnown?: () => Promise<readonly string[]>
}

/** A fault in one field of a record. */
class Fault extends Error {
  constructor(
    readonly field: string,
    message: string,
    readonly target?: Target,
  ) {
    super(message)
  }
}

/** What a store was filled with. */
export interface Filled {
  readonly data: SeedFile
  /** The plain passwords in it, by the user's id: they are still to be hashed. */
  readonly passwords: Map<number, string>
}

/**
 * Fills an empty store from a data file.
 * @param secret signs the tokens, where it outlives the process, and they with it
 * @returns the plain passwords in the file, by the user's id: they are still to be hashed
 * @throws SeedError with each fault and its place
 */
export async function seed(
  store: Store,
  file: string,
  secret?: string,
): Promise<Map<number, string>> {
  const source = await readText(file)
  return (await fill(store, source, await parseJson(source), secret)).passwords
}

/**
 * Fills an empty store from what a data file holds.
 * @param source where it comes from, for the messages
 * @throws SeedError with each fault and its place
 */
export async function fill(
  store: Store,
  source: Source,
  data: unknown,
  secret?: string,
): Promise<Filled> {
  if (isSeedFile(data)) {
    const findings = new Findings()
    const passwords = await insertAll(store, data, findings, secret)
    if (findings.all.length === 0) return { data, passwords }
    throw await errorFor(source, findings.all)
  }
  const { checkShape } = await import('./faults.js')
  const { rest, ...shape } = checkShape(data)
  const findings = new Findings(shape)
  if (isSeedFile(rest)) await insertAll(store, rest, findings, secret)
  throw await errorFor(source, findings.all)
}

async function errorFor(source: Source, findings: readonly Finding[]): Promise<Error> {
  return (await import('./faults.js')).seedError(source, findings)
}

/** Fills the store with what has no fault. */
async function insertAll(
  store: Store,
  data: SeedFile,
  findings: Findings,
  secret?: string,
): Promise<Map<number, string>> {
  const passwords = new Map<number, string>()
  const { users = [], ships = [], articles = [], templates = [], applications = {} } = data
  const { projects = [], memberships = [], dmps = [] } = data
  await each(findings, 'users', users.entries(), async (record) => {
    const user = await store.users.insert(userOf(record, secret))
    if (record.password !== undefined) passwords.set(user.id, record.password)
  })
  await each(findings, 'ships', ships.entries(), (record) => store.ships.insert(record))
  await each(findings, 'articles', articles.entries(), async (record) =>
    store.articles.insert(await articleOf(store, record)),
  )
  await each(findings, 'templates', templates.entries(), async (record) =>
    store.templates.insert(await templateOf(store, record)),
  )
  await each(findings, 'projects', projects.entries(), ({ description = null, ...project }) =>
    store.projects.insert({ ...project, description }),
  )
  await each(findings, 'memberships', memberships.entries(), async (record) =>
    store.memberships.insert(await membershipOf(store, record)),
  )
  await each(findings, 'dmps', dmps.entries(), async (record) =>
    store.dmps.insert(await dmpOf(store, record)),
  )
  await each(findings, 'applications', Object.entries(applications), (token, name) =>
    store.applications.insert({ name, token }),
  )
  return passwords
}

/** What is found wrong with the data, as far as it doesn't only follow from another fault. */
class Findings {
  readonly all: Finding[]
  readonly #places: Shape['places']
  /** The records of each part that a fault has kept out: what refers to them is right as it is. */
  readonly #lost: Map<string, unknown[]>

  /** @param shape what has been found, and left out, before */
  constructor({ findings, places, lost }: Omit<Shape, 'rest'> = SOUND) {
    this.all = [...findings]
    this.#places = places
    this.#lost = new Map(lost)
  }

  /** @throws what is no fault of the record's */
  add(part: string, key: number | string, record: unknown, error: unknown): void {
    const place = typeof key === 'number' ? (this.#places.get(part)?.[key] ?? key) : key
    const path = `/${part}/${escapePointer(place)}`
    if (error instanceof UniqueViolation) {
      const fields = error.fields.map(wireName).join(', ')
      this.all.push({ path, message: `another record has the same ${fields}` })
    } else if (error instanceof Fault) {
      const { field, message, target } = error
      if (!this.#isLost(target))
        this.all.push({ path: `${path}/${field}`, message, ...unknown(target) })
    } else {
      throw error
    }
    const lost = this.#lost.get(part)
    if (lost) lost.push(record)
    else this.#lost.set(part, [record])
  }

  #isLost(target: Target | undefined): boolean {
    const lost = (target && this.#lost.get(target.part)) ?? []
    return lost.some((record) => {
      const { id, name, username = name } = Object(record)
      const own = typeof target?.name === 'number' ? id : username
      // Which id it would have been given isn't known any more.
      return own === undefined || own === target?.name
    })
  }
}

const SOUND = { findings: [], places: new Map(), lost: new Map() }

/** What a suggestion is made from, where a name isn't known. */
function unknown(target: Target | undefined): Pick<Finding, 'unknown'> {
  const { name, findKnown } = target ?? {}
  return typeof name === 'string' && findKnown ? { unknown: { name, findKnown } } : {}
}

function userOf(record: SeedUser, secret?: string): NewRecord<User> {
  const { id, name, username = name, password, passwordHash = null, email, admin } = record
  if (username === undefined) throw new Fault('name', 'is missing')
  if (name !== undefined && name !== username) throw new Fault('username', 'differs from name')
  if ((password === undefined) === (passwordHash === null)) {
    throw new Fault('password', 'either password or passwordHash is needed, and not both')
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
    throw new Fault('user_id', 'names no user', { part: 'users', name: userId })
  }
  if (username !== undefined && named !== userId) {
    throw new Fault('author.username', 'is not the name of the user in user_id')
  }
  return { id, title, text, userId, postedAt: dateOf(date_posted) }
}

async function templateOf(store: Store, record: SeedTemplate): Promise<NewRecord<Template>> {
  const { id, title, url, description = null, posted, user_id, approved = false } = record
  const { username = user_id ?? null } = record
  if (user_id !== undefined && user_id !== username) {
    throw new Fault('user_id', 'differs from username')
  }
  const field = record.username === undefined ? 'user_id' : 'username'
  const userId = username === null ? null : await idOf(store, username, field)
  return { id, title, url, description, userId, approved, postedAt: dateOf(posted) }
}

async function membershipOf(
  store: Store,
  { id, user_id: userId, project_id: projectId }: SeedMembership,
): Promise<NewRecord<Membership>> {
  if (!(await store.users.get(userId)))
    throw new Fault('user_id', 'names no user', { part: 'users', name: userId })
  if (!(await store.projects.get(projectId)))
    throw new Fault('project_id', 'names no project', { part: 'projects', name: projectId })
  return { id, userId, projectId }
}

async function dmpOf(store: Store, { id, user, ...content }: SeedDmp): Promise<NewRecord<Dmp>> {
  const publicId = id?.toLowerCase()
  if (publicId && (await store.dmps.getBy({ publicId }))) {
    throw new Fault('id', "is another record's")
  }
  const fault = faultIn(content)
  if (fault) throw new Fault(fault.path.slice(1), seedWordsFor(fault))
  return newDmp(await idOf(store, user, 'user'), content, publicId)
}

/** The id of the user who is named in a field. */
async function idOf(store: Store, username: string, field: string): Promise<number> {
  const user = await store.users.getBy({ username })
  if (user) return user.id
  const findKnown = async () => (await all(store.users)).map((each) => each.username)
  throw new Fault(field, 'names no user', { part: 'users', name: username, findKnown })
}

/** A moment as the store has it; the time of loading where the file names none. */
function dateOf(moment?: string): string {
  return (moment === undefined ? new Date() : new Date(moment)).toISOString()
}

/** What the file calls a field of the store: `publicId` is `public_id`. */
function wireName(field: string): string {
  return field.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)
}

/** Does something with each record in one part of the file, and notes what is wrong with it. */
async function each<K extends number | string, R>(
  findings: Findings,
  part: string,
  records: Iterable<readonly [K, R]>,
  work: (record: R, key: K) => Promise<unknown>,
): Promise<void> {
  for (const [key, record] of records) {
    try {
      await work(record, key)
    } catch (error) {
      findings.add(part, key, record, error)
    }
  }
}
