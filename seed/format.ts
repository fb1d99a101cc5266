import { type Static, Type } from '@sinclair/typebox'
import { shipFields, Username } from '../store/collections.js'

/** Ids leave room above themselves for those that are still to be given. */
const SeedId = Type.Optional(Type.Integer({ minimum: 1, maximum: 1e15 }))

const Password = Type.String({ minLength: 1, maxLength: 1024 })

/** A PHC string with figures that argon2 takes, and that a login can wait for. */
const PasswordHash = Type.String({
  pattern:
    '^\\$argon2id\\$v=19\\$m=[1-9]\\d{2,5},t=[1-9]\\d?,p=[1-9]\\$[A-Za-z0-9+/]{11,88}\\$[A-Za-z0-9+/]{16,88}$',
})

const Moment = Type.String({ format: 'moment' })

export const SeedUser = Type.Object(
  {
    id: SeedId,
    name: Type.Optional(Username),
    username: Type.Optional(Username),
    password: Type.Optional(Password),
    passwordHash: Type.Optional(PasswordHash),
    public_id: Type.Optional(Type.String({ pattern: '^[0-9a-fA-F-]{36}$' })),
    email: Type.Optional(Type.Union([Type.String({ maxLength: 254 }), Type.Null()])),
    admin: Type.Optional(Type.Boolean()),
    date_registered: Type.Optional(Moment),
  },
  { additionalProperties: false },
)
export type SeedUser = Static<typeof SeedUser>

export const SeedShip = Type.Object({ id: SeedId, ...shipFields }, { additionalProperties: false })
export type SeedShip = Static<typeof SeedShip>

/** A data file. Records have the names they have on the wire. */
export const SeedFile = Type.Object(
  {
    users: Type.Optional(Type.Array(SeedUser)),
    ships: Type.Optional(Type.Array(SeedShip)),
  },
  { additionalProperties: false },
)
export type SeedFile = Static<typeof SeedFile>
