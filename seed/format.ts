import { type Static, Type } from '@sinclair/typebox'
import { isPasswordHash } from '../plugins/auth/argon2id.js'
import { wordsFor } from '../plugins/http/faults.js'
import { addFormat, type Fault } from '../store/check.js'
import {
  applicationToken,
  articleFields,
  projectFields,
  shipFields,
  templateFields,
} from '../store/collections.js'
import { Username } from '../store/names.js'
import { nullable } from '../store/schema.js'

addFormat('moment', isMoment)
addFormat('password-hash', isPasswordHash)

/** What is said of a text that has another format than it should have. */
const FORMATS: Readonly<Record<string, string>> = {
  moment: 'must be a date such as 2026-01-31T12:00:00Z',
  'password-hash': 'must be a whole argon2id hash that a login can wait for',
}

/** What is wrong in a data file, in English. */
export function seedWordsFor(fault: Fault): string {
  const format = fault.code === 'format' ? FORMATS[String(fault.params?.format)] : undefined
  return format ?? wordsFor(fault)
}

/** Ids leave room above themselves for those that are still to be given. */
const SeedId = Type.Optional(Type.Integer({ minimum: 1, maximum: 1e15 }))

/** A password, as accounts have it. */
export const Password = Type.String({ minLength: 1, maxLength: 1024 })

const PasswordHash = Type.String({ format: 'password-hash' })

export const Uuid = Type.String({ pattern: '^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$' })

export const Email = Type.String({ maxLength: 254 })

export const Moment = Type.String({ format: 'moment' })

export const SeedUser = Type.Object(
  {
    id: SeedId,
    name: Type.Optional(Username),
    username: Type.Optional(Username),
    password: Type.Optional(Password),
    passwordHash: Type.Optional(PasswordHash),
    public_id: Type.Optional(Uuid),
    email: Type.Optional(nullable(Email)),
    admin: Type.Optional(Type.Boolean()),
    date_registered: Type.Optional(Moment),
  },
  { additionalProperties: false },
)
export type SeedUser = Static<typeof SeedUser>

export const SeedShip = Type.Object({ id: SeedId, ...shipFields }, { additionalProperties: false })
export type SeedShip = Static<typeof SeedShip>

/** Whose it is: their id or their name will do. */
export const SeedArticle = Type.Object(
  {
    id: SeedId,
    ...articleFields,
    user_id: Type.Optional(nullable(Type.Integer())),
    'author.username': Type.Optional(nullable(Type.String())),
    date_posted: Type.Optional(Moment),
  },
  { additionalProperties: false },
)
export type SeedArticle = Static<typeof SeedArticle>

/** `user_id` is the username, as it is on the wire. */
export const SeedTemplate = Type.Object(
  {
    id: SeedId,
    ...templateFields,
    description: Type.Optional(templateFields.description),
    posted: Type.Optional(Moment),
    username: Type.Optional(nullable(Type.String())),
    user_id: Type.Optional(nullable(Type.String())),
    approved: Type.Optional(Type.Boolean()),
  },
  { additionalProperties: false },
)
export type SeedTemplate = Static<typeof SeedTemplate>

export const SeedProject = Type.Object(
  { id: SeedId, ...projectFields, description: Type.Optional(projectFields.description) },
  { additionalProperties: false },
)
export type SeedProject = Static<typeof SeedProject>

export const SeedMembership = Type.Object(
  { id: SeedId, user_id: Type.Integer(), project_id: Type.Integer() },
  { additionalProperties: false },
)
export type SeedMembership = Static<typeof SeedMembership>

/** A data management plan: any fields at all, and whose it is by their name. */
export const SeedDmp = Type.Object(
  { id: Type.Optional(Uuid), user: Type.String() },
  { additionalProperties: true },
)
export type SeedDmp = Static<typeof SeedDmp>

/** Each application's token, by its name. */
export const SeedApplications = Type.Unsafe<Readonly<Record<string, string>>>({
  type: 'object',
  minProperties: 1,
  maxProperties: 1000,
  additionalProperties: applicationToken,
})

/** ISO 8601 with an offset, of any precision, or an HTTP date (RFC 9110, section 5.6.7); and a day that there is. */
function isMoment(text: string): boolean {
  const time = Date.parse(text)
  // Beyond the year 9999 an ISO date has a sign, and sorts as another.
  if (Number.isNaN(time) || !/^\d{4}-/.test(new Date(time).toISOString())) return false
  if (new Date(time).toUTCString() === text) return true
  const date = /^(\d{4}-\d\d-\d\d)T\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:\d\d)$/.exec(text)?.[1]
  return date !== undefined && new Date(`${date}T00:00:00Z`).toISOString().startsWith(date)
}
