import { randomUUID } from 'node:crypto'
import { type Static, Type } from '@sinclair/typebox'
import { v7 as uuidv7 } from 'uuid'
import { BY_ID, declare, type RecordOf } from './declaration.js'
import type { NewRecord } from './engine.js'
import type { FreeForm } from './free-form.js'
import { nullable, oneOf } from './schema.js'

/**
 * A user's name. No colon and no control character, because HTTP Basic has no way to send them (RFC 7617, section 2),
 * and every account can log in through every API.
 */
export const Username = Type.String({
  minLength: 2,
  maxLength: 128,
  pattern: '^[^:\\u0000-\\u001f\\u007f]+$',
  description: 'Two characters or more; no colon and no control characters',
})

const userFields = {
  publicId: Type.String(),
  username: Username,
  email: nullable(Type.String({ maxLength: 254 })),
  admin: Type.Boolean(),
  /** Null only while the password of a data file waits to be hashed. */
  passwordHash: nullable(Type.String()),
  /** ISO 8601, UTC. */
  registeredAt: Type.String(),
  /** Rises with each change of password; a token of an earlier generation is refused. */
  generation: Type.Integer({ minimum: 0 }),
}

export const users = declare('users', userFields, {
  unique: [['username'], ['publicId']],
  hidden: ['passwordHash'],
})

/** What an account can begin with. */
export type NewUser = Pick<User, 'username' | 'passwordHash'> & {
  readonly [F in 'id' | 'publicId' | 'email' | 'admin' | 'registeredAt' | 'generation']?:
    | User[F]
    | undefined
}

/** A user as an account begins: what isn't given at its default. */
export function newUser({
  id,
  username,
  passwordHash,
  publicId = randomUUID(),
  email = null,
  admin = false,
  registeredAt = new Date().toISOString(),
  generation = 0,
}: NewUser): NewRecord<User> {
  return { id, publicId, username, email, admin, passwordHash, registeredAt, generation }
}

const shipText = (example: string) => Type.String({ maxLength: 200, examples: [example] })
const count = (example: number, description: string) =>
  Type.Integer({
    minimum: 1,
    maximum: Number.MAX_SAFE_INTEGER,
    description,
    examples: [example],
  })

export const shipFields = {
  affiliation: shipText('Rebel Alliance'),
  category: shipText('Starfighters'),
  crew: count(1, 'How many people it takes'),
  length: count(13, 'In metres'),
  manufacturer: shipText('Incom Corporation'),
  model: shipText('T-65 X-Wing'),
  roles: Type.Array(Type.String({ maxLength: 200 }), {
    maxItems: 100,
    examples: [['Space Superiority Starfighter', 'Escort']],
  }),
  ship_class: shipText('Starfighter'),
}

export const ships = declare('ships', shipFields)

/** The user whom a record belongs to; null once that one is deleted. */
const userId = nullable(Type.Integer())
const belongsToUser = { userId: { collection: users.name, onDelete: 'set null' } } as const

/** ISO 8601, UTC. */
const postedAt = Type.String()

export const articleFields = {
  title: Type.String({ minLength: 1, maxLength: 200, examples: ['New article title'] }),
  text: Type.String({ minLength: 1, maxLength: 100_000, examples: ['New article text'] }),
}

const article = { ...articleFields, userId, postedAt }

export const articles = declare('articles', article, {
  orders: { newest: [{ field: 'postedAt', descending: true }] },
  indexes: [
    { fields: [], order: 'newest' },
    { fields: ['userId'], order: 'newest' },
  ],
  references: belongsToUser,
})

/** What `\s` is in JavaScript, spelled out: other languages take it for other characters. */
const SPACES = ' \\u00a0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000\\ufeff'

export const templateFields = {
  title: Type.String({ minLength: 1, maxLength: 200, examples: ['some title'] }),
  url: Type.String({
    // The document's own example has one slash.
    pattern: `^https?:/[^\\u0000-\\u001f\\u007f${SPACES}]+$`,
    maxLength: 2000,
    description: "A picture's address: http or https, without spaces",
    examples: ['http:/test.com'],
  }),
  description: nullable(Type.String({ maxLength: 2000, examples: ['some desc'] })),
}

const template = { ...templateFields, userId, postedAt, approved: Type.Boolean() }

export const templates = declare('templates', template, {
  indexes: [{ fields: ['approved'], order: BY_ID }],
  references: belongsToUser,
})

/** Nothing either that stands for a character which could not be read. */
const NO_SLASH = '[^/\\u0000-\\u001f\\u007f\\ufffd]+'

/** As one pattern, because the keyword `not` makes the type unknown to readers of the document. */
const except = (...texts: string[]) => `^(?!(?:${texts.join('|')})$)${NO_SLASH}$`

export const PackageName = Type.String({
  minLength: 1,
  maxLength: 200,
  // What the registry's paths begin with can't be a package's name too.
  pattern: except('packages', 'user', 'admin', '\\.{1,2}'),
  description: 'No slash and no control characters; not packages, user, admin, . or ..',
  examples: ['package'],
})

export const TagName = Type.String({
  minLength: 1,
  maxLength: 200,
  pattern: except('\\.{1,2}'),
  description: 'No slash and no control characters; not . or ..',
  examples: ['1.0.0'],
})

const packageFields = { name: PackageName, userId }

export const packages = declare('packages', packageFields, {
  unique: [['name']],
  searchable: ['name'],
  references: belongsToUser,
})

const tagFields = {
  packageId: Type.Integer(),
  tag: TagName,
  fileName: Type.String(),
  contentType: Type.String(),
  /** In bytes. */
  size: Type.Integer({ minimum: 0 }),
  /** Hexadecimal; names the content in the file store. */
  sha256: Type.String(),
  postedAt,
}

/** The files of packages, each under a tag. */
export const tags = declare('tags', tagFields, {
  unique: [['packageId', 'tag']],
  searchable: ['tag'],
  references: { packageId: { collection: packages.name, onDelete: 'delete' } },
})

export const projectFields = {
  name: Type.String({
    minLength: 1,
    maxLength: 200,
    pattern: '^[^\\u0000-\\u001f\\u007f]+$',
    description: 'No control characters',
    examples: ['Harbour survey'],
  }),
  description: nullable(Type.String({ maxLength: 10_000 })),
}

export const projects = declare('projects', projectFields, { unique: [['name']] })

const membershipFields = { userId: Type.Integer(), projectId: Type.Integer() }

/** Who works on which project: many on many. */
export const memberships = declare('memberships', membershipFields, {
  unique: [['userId', 'projectId']],
  orders: { project: [{ field: 'projectId' }] },
  indexes: [{ fields: ['userId'], order: 'project' }],
  references: {
    userId: { collection: users.name, onDelete: 'delete' },
    projectId: { collection: projects.name, onDelete: 'delete' },
  },
})

/** What is one user's alone, and goes with that one. */
const ofOneUser = { userId: { collection: users.name, onDelete: 'delete' } } as const

const dmpFields = {
  /** A UUID of version 7. */
  publicId: Type.String(),
  userId: Type.Integer(),
  /** What its owner wrote: any JSON object within the bounds of `free-form.ts`. */
  content: Type.Unsafe<FreeForm>({ type: 'object' }),
}

/** Data management plans. */
export const dmps = declare('dmps', dmpFields, {
  unique: [['publicId']],
  references: ofOneUser,
})

/**
 * A plan as it begins.
 * @param content what its owner wrote; `id` and `user` in it are the server's, and are passed over
 */
export function newDmp(userId: number, content: FreeForm, publicId = uuidv7()): NewRecord<Dmp> {
  return { publicId, userId, content: withoutOurs(content) }
}

/** The fields of a plan that are its owner's to set. */
export function withoutOurs({ id, user, ...content }: FreeForm): FreeForm {
  return content
}

/** A document in the file store. */
const storedFile = Type.Object({
  sha256: Type.String(),
  /** In bytes. */
  size: Type.Integer({ minimum: 0 }),
})

export const taskStatus = oneOf(['pending', 'finished', 'error'], {
  description: '`finished` once both documents are there; `error` when the plan has none',
})

const taskFields = {
  /** A UUID of version 7. */
  publicId: Type.String(),
  userId: Type.Integer(),
  /** The plan's public id. It stays when the plan goes: the documents show the plan as it was. */
  dmp: Type.String(),
  status: taskStatus,
  /** ISO 8601, UTC. */
  createdAt: Type.String(),
  /** Why there are no documents, in the status `error`. */
  reason: nullable(Type.String()),
  docx: nullable(storedFile),
  pdf: nullable(storedFile),
}

/** A task as it begins. */
export function newTask(userId: number, dmp: string): NewRecord<Task> {
  const createdAt = new Date().toISOString()
  const results = { reason: null, docx: null, pdf: null }
  return { publicId: uuidv7(), userId, dmp, status: 'pending', createdAt, ...results }
}

/** Orders to render a plan. */
export const tasks = declare('tasks', taskFields, {
  unique: [['publicId']],
  orders: { newest: [{ field: 'createdAt', descending: true }] },
  // A plan's tasks are all one user's, so its index comes before theirs.
  indexes: [
    { fields: ['userId', 'status'], order: 'newest' },
    { fields: ['dmp'], order: 'newest' },
    { fields: ['userId'], order: 'newest' },
    { fields: ['status'], order: 'newest' },
    { fields: [], order: 'newest' },
  ],
  references: ofOneUser,
})

/** Such as a UUID. */
export const applicationToken = Type.String({ pattern: '^[!-~]{8,200}$' })

const application = { name: Type.String(), token: applicationToken }

/** The programs that may call the memes API, where it isn't open to all. */
export const applications = declare('applications', application, {
  unique: [['name'], ['token']],
})

export type User = RecordOf<typeof userFields>
export type Ship = RecordOf<typeof shipFields>
export type Article = RecordOf<typeof article>
export type Template = RecordOf<typeof template>
export type Package = RecordOf<typeof packageFields>
export type Tag = RecordOf<typeof tagFields>
export type Project = RecordOf<typeof projectFields>
export type Membership = RecordOf<typeof membershipFields>
export type Dmp = RecordOf<typeof dmpFields>
export type StoredFile = Static<typeof storedFile>
export type Task = RecordOf<typeof taskFields>
export type Application = RecordOf<typeof application>
