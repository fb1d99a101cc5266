import { randomUUID } from 'node:crypto'
import { Type } from '@sinclair/typebox'
import { v7 as uuidv7 } from 'uuid'
import { declare, type RecordIn, StoredFile } from './declaration.js'
import type { ForkableView, NewRecord, View } from './engine.js'
import type { FreeForm } from './free-form.js'
import { normalName, Username } from './names.js'
import { nullable, oneOf } from './schema.js'

export const userFields = {
  publicId: Type.String(),
  username: Username,
  /**
   * The username as `normalName` has it, by which accounts are told apart. Null where nobody logs in, or where a data file has
   * another account of that name before: this one logs in by the very characters of its own.
   */
  name: nullable(Type.String()),
  email: nullable(Type.String({ maxLength: 254 })),
  admin: Type.Boolean(),
  /** Null only while the password of a data file waits to be hashed. */
  passwordHash: nullable(Type.String()),
  /** ISO 8601, UTC. */
  registeredAt: Type.String(),
  /** Rises with each change of password; a token of an earlier generation is refused. */
  generation: Type.Integer({ minimum: 0 }),
}

/** Each name, in whichever way it is written, and each public id is one user's alone. */
export const userRules = {
  unique: [['username'], ['name'], ['publicId']],
  hidden: ['passwordHash'],
} as const

/** What an account can begin with. */
export type NewUser = Pick<User, 'username' | 'passwordHash'> & {
  readonly [F in 'id' | 'name' | 'publicId' | 'email' | 'admin' | 'registeredAt' | 'generation']?:
    | User[F]
    | undefined
}

/** A user as an account begins: what isn't given at its default. */
export function newUser({
  id,
  username,
  passwordHash,
  name = normalName(username),
  publicId = randomUUID(),
  email = null,
  admin = false,
  registeredAt = new Date().toISOString(),
  generation = 0,
}: NewUser): NewRecord<User> {
  return { id, publicId, username, name, email, admin, passwordHash, registeredAt, generation }
}

const shipText = (example: string, description: string) =>
  Type.String({ maxLength: 200, description, examples: [example] })
const count = (example: number, description: string) =>
  Type.Integer({
    minimum: 1,
    maximum: Number.MAX_SAFE_INTEGER,
    description,
    examples: [example],
  })

export const shipFields = {
  affiliation: shipText('Rebel Alliance', 'Whom it belongs to'),
  category: shipText('Starfighters', 'The kind of ship'),
  crew: count(1, 'How many people it takes'),
  length: count(13, 'In metres'),
  manufacturer: shipText('Incom Corporation', 'Who makes it'),
  model: shipText('T-65 X-Wing', 'What its maker calls it'),
  roles: Type.Array(Type.String({ maxLength: 200 }), {
    maxItems: 100,
    description: 'What it is used for',
    examples: [['Space Superiority Starfighter', 'Escort']],
  }),
  ship_class: shipText('Starfighter', 'Its class'),
}

/** The user whom a record belongs to; null once that one is deleted. */
const userId = nullable(Type.Integer())

/** ISO 8601, UTC. */
const postedAt = Type.String()

export const articleFields = {
  title: Type.String({
    minLength: 1,
    maxLength: 200,
    description: 'The headline',
    examples: ['New article title'],
  }),
  text: Type.String({
    minLength: 1,
    maxLength: 100_000,
    description: 'What the article says',
    examples: ['New article text'],
  }),
}

const article = { ...articleFields, userId, postedAt }

/**
 * What `\s` is in JavaScript: other languages take it for other characters. As the characters themselves, since there is no
 * escape for them that every language has; U+FEFF with its neighbours, which are no characters, since no file of Go's may have
 * it itself in its middle.
 */
const SPACES = ' \u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000\ufefe-\uff00'

export const templateFields = {
  title: Type.String({
    minLength: 1,
    maxLength: 200,
    description: 'What the template is called',
    examples: ['some title'],
  }),
  url: Type.String({
    // The document's own example has one slash.
    pattern: `^https?:/[^\\x00-\\x1f\\x7f${SPACES}]+$`,
    maxLength: 2000,
    description: "A picture's address: http or https, without spaces",
    examples: ['http:/test.com'],
  }),
  description: nullable(
    Type.String({
      maxLength: 2000,
      description: 'What is to be said of it',
      examples: ['some desc'],
    }),
  ),
}

const template = { ...templateFields, userId, postedAt, approved: Type.Boolean() }

/** Nothing either that stands for a character which could not be read. */
const NO_SLASH = '^[^/\\x00-\\x1f\\x7f\ufffd]+$'

export const PackageName = Type.String({
  minLength: 1,
  maxLength: 200,
  pattern: NO_SLASH,
  // What the registry's paths begin with can't be a package's name too.
  not: { enum: ['packages', 'user', 'admin', '.', '..'] },
  description: 'No slash and no control characters; not packages, user, admin, . or ..',
  examples: ['package'],
})

export const TagName = Type.String({
  minLength: 1,
  maxLength: 200,
  pattern: NO_SLASH,
  not: { enum: ['.', '..'] },
  description: 'No slash and no control characters; not . or ..',
  examples: ['1.0.0'],
})

const packageFields = { name: PackageName, userId }

const tagFields = {
  packageId: Type.Integer(),
  /** Who uploaded it. */
  userId,
  tag: TagName,
  file: StoredFile,
  fileName: Type.String(),
  contentType: Type.String(),
  postedAt,
}

export const projectFields = {
  name: Type.String({
    minLength: 1,
    maxLength: 200,
    pattern: '^[^\\x00-\\x1f\\x7f]+$',
    description: 'No control characters',
    examples: ['Harbour survey'],
  }),
  description: nullable(Type.String({ maxLength: 10_000 })),
}

const membershipFields = { userId: Type.Integer(), projectId: Type.Integer() }

const dmpFields = {
  /** A UUID of version 7. */
  publicId: Type.String(),
  userId: Type.Integer(),
  /** What its owner wrote: any JSON object within the bounds of `free-form.ts`. */
  content: Type.Unsafe<FreeForm>({ type: 'object' }),
}

/**
 * A plan as it begins.
 * @param content what its owner wrote; `id`, `_id` and `user` in it are the server's, and are passed over
 */
export function newDmp(userId: number, content: FreeForm, publicId = uuidv7()): NewRecord<Dmp> {
  return { publicId, userId, content: withoutOurs(content) }
}

/** The fields of a plan that are its owner's to set. */
export function withoutOurs({ id, _id, user, ...content }: FreeForm): FreeForm {
  return content
}

export const taskStatus = oneOf(['pending', 'done', 'error'], {
  description: '`done` once both documents are there; `error` when the plan has none',
})

/** A plan as it was when its task was posted, and what else is in its documents. */
export interface RenderingOrder {
  readonly plan: FreeForm
  readonly author: string
  readonly project?: string | undefined
  /** ISO 8601, UTC. */
  readonly date: string
}

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
  /** What is to be rendered; null once it has been. */
  order: nullable(Type.Unsafe<RenderingOrder>({ type: 'object' })),
  docx: nullable(StoredFile),
  pdf: nullable(StoredFile),
}

/** A task as it begins. */
export function newTask(userId: number, dmp: string, order: RenderingOrder): NewRecord<Task> {
  const results = { reason: null, docx: null, pdf: null }
  const createdAt = order.date
  return { publicId: uuidv7(), userId, dmp, status: 'pending', createdAt, order, ...results }
}

/** Such as a UUID. */
export const applicationToken = Type.String({ pattern: '^[!-~]{8,200}$' })

const applicationFields = { name: Type.String(), token: applicationToken }

/** Whose record it is; null once that one is deleted. */
const belongsToUser = { userId: { to: 'users', onDelete: 'set null' } } as const

/** What is one user's alone goes with that one. */
const ofOneUser = { userId: { to: 'users', onDelete: 'delete' } } as const

const newestPost = [{ path: 'postedAt', descending: true }] as const
const newestTask = [{ path: 'createdAt', descending: true }] as const

/** Every collection of the five APIs: the one place where they are named. */
export const collections = {
  users: declare(userFields, userRules),
  ships: declare(shipFields),
  articles: declare(article, {
    indexes: [
      { fields: [], sort: newestPost },
      { fields: ['userId'], sort: newestPost },
    ],
    references: belongsToUser,
  }),
  templates: declare(template, {
    indexes: [{ fields: ['approved'] }],
    references: belongsToUser,
  }),
  packages: declare(packageFields, {
    unique: [['name']],
    searchable: ['name'],
    references: belongsToUser,
  }),
  /** The files of packages. */
  tags: declare(tagFields, {
    unique: [['packageId', 'tag']],
    searchable: ['tag'],
    references: { ...belongsToUser, packageId: { to: 'packages', onDelete: 'delete' } },
    hidden: ['userId'],
    files: ['file'],
  }),
  projects: declare(projectFields, { unique: [['name']] }),
  /** Who works on which project: many on many. */
  memberships: declare(membershipFields, {
    unique: [['userId', 'projectId']],
    indexes: [{ fields: ['userId'], sort: [{ path: 'projectId' }] }],
    references: {
      userId: { to: 'users', onDelete: 'delete' },
      projectId: { to: 'projects', onDelete: 'delete' },
    },
  }),
  /** Data management plans. */
  dmps: declare(dmpFields, { unique: [['publicId']], references: ofOneUser }),
  /** Orders to render a plan. */
  tasks: declare(taskFields, {
    unique: [['publicId']],
    // A plan's tasks are all one user's, so its index comes before theirs.
    indexes: [
      { fields: ['userId', 'status'], sort: newestTask },
      { fields: ['dmp'], sort: newestTask },
      { fields: ['userId'], sort: newestTask },
      { fields: ['status'], sort: newestTask },
      { fields: [], sort: newestTask },
      { fields: ['status'] },
    ],
    references: ofOneUser,
    hidden: ['order'],
    files: ['docx', 'pdf'],
    queue: { field: 'status', waiting: 'pending', by: 'userId' },
  }),
  /** The programs that may call the memes API, where it isn't open to all. */
  applications: declare(applicationFields, { unique: [['name'], ['token']] }),
}

/** Everything Slipway knows. */
export type Store = View<typeof collections>

/** The same where it can be kept aside, put back, and go several ways. */
export type ForkableStore = ForkableView<typeof collections>

/** What a record of each collection is. */
export type Records = { [N in keyof typeof collections]: RecordIn<(typeof collections)[N]> }

export type User = Records['users']
export type Ship = Records['ships']
export type Article = Records['articles']
export type Template = Records['templates']
export type Package = Records['packages']
export type Tag = Records['tags']
export type Project = Records['projects']
export type Membership = Records['memberships']
export type Dmp = Records['dmps']
export type Task = Records['tasks']
export type Application = Records['applications']
