import { randomUUID } from 'node:crypto'
import { Type } from '@sinclair/typebox'
import { nullable } from '../schemas/nullable.js'
import { BY_ID, declare, type RecordOf } from './declaration.js'
import type { NewRecord } from './store.js'

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

export const templateFields = {
  title: Type.String({ minLength: 1, maxLength: 200, examples: ['some title'] }),
  url: Type.String({
    // The document's own example has one slash.
    pattern: '^https?:/[^\\s\\u0000-\\u001f\\u007f]+$',
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

/** Nothing either that is no character, or stands for one that could not be read. */
const noSlash = '^[^/\\u0000-\\u001f\\u007f\\ud800-\\udfff\\ufffd]+$'

/** What the registry's paths begin with can't be a package's name too. */
const RESERVED = ['packages', 'user', 'admin', '.', '..']

export const PackageName = Type.String({
  minLength: 1,
  maxLength: 200,
  pattern: noSlash,
  not: { enum: RESERVED },
  description: `No slash and no control characters; not ${RESERVED.join(', ')}`,
  examples: ['package'],
})

export const TagName = Type.String({
  minLength: 1,
  maxLength: 200,
  pattern: noSlash,
  not: { enum: ['.', '..'] },
  description: 'No slash and no control characters',
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
export type Application = RecordOf<typeof application>
