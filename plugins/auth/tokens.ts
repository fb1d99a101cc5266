import { randomBytes, randomUUID } from 'node:crypto'
import jwt from '@fastify/jwt'
import { type Static, Type } from '@sinclair/typebox'
import fp from 'fastify-plugin'
import { LRUCache } from 'lru-cache'
import { compile } from '../../store/check.js'
import type { User } from '../../store/collections.js'
import type { Shared } from '../../store/shared.js'
import { errors } from '../http/errors.js'
import { LATEST, type World } from '../workspaces/world.js'

/** A token as it looks, for examples. */
export const exampleToken = 'eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl'

/** A token as an answer has it. */
export const AccessToken = Type.Object(
  { access_token: Type.String({ description: 'For `Authorization: Bearer`' }) },
  { $id: 'AccessToken', additionalProperties: false, examples: [{ access_token: exampleToken }] },
)

const ISSUER = 'slipway'

/** How long ago an expired token ended that is minted, in seconds: more than clocks differ. */
const EXPIRED_SINCE = 60

/** How many verified tokens are remembered. Each is about 1 KB. */
const CACHE_SIZE = 10_000

const Claims = Type.Object({
  iss: Type.Literal(ISSUER),
  /** The user's id. */
  sub: Type.String({ pattern: '^[1-9][0-9]*$' }),
  /** Names the token, so that it can be revoked. */
  jti: Type.String({ minLength: 1, maxLength: 128 }),
  /** Seconds since 1970. */
  iat: Type.Integer(),
  /** Seconds since 1970. */
  exp: Type.Optional(Type.Integer()),
  /** Whether it is meant to have no end: what only lacks one is no token. */
  eternal: Type.Optional(Type.Literal(true)),
  type: Type.Union([Type.Literal('access'), Type.Literal('refresh')]),
  /** The user's token generation when it was issued. */
  gen: Type.Integer(),
  /** When it was issued in reality, where the time of its world is another. */
  real_iat: Type.Optional(Type.Integer()),
  /** The user's id as a number, for clients that read it, as fleet's document shows it. Nothing is decided on it here. */
  identity: Type.Optional(Type.Integer()),
  /** The user's public id, likewise, as memes' document shows it. */
  public_id: Type.Optional(Type.String()),
})
export type Claims = Static<typeof Claims>
export type TokenType = Claims['type']

/** Who a request comes from, and the token that says so. */
export interface Session {
  readonly user: User
  readonly claims: Claims
}

declare module 'fastify' {
  interface FastifyInstance {
    readonly tokens: Tokens
  }
  interface FastifyRequest {
    /** What the request's token says. There on routes that a token guards. */
    claims: Claims
  }
}

declare module '@fastify/jwt' {
  interface FastifyJWT {
    payload: Claims
    /** Who the request comes from. There on guarded routes. */
    user: User
  }
}

export interface TokenOptions {
  readonly jwtSecret?: string | undefined
  /** Milliseconds. */
  readonly accessTokenTtl: number
  /** Milliseconds. */
  readonly refreshTokenTtl: number
  /** Whether a login gives access tokens that never expire. */
  readonly hasEternal: boolean
}

/** How a token is to be that is no login's. */
export interface TokenOrder {
  readonly type: TokenType
  /** Milliseconds; as the settings have it for the type without it. */
  readonly lifetime?: number | undefined
  /** Whether it ends before now. */
  readonly isExpired?: boolean | undefined
  readonly issuer?: string | undefined
}

export interface Tokens {
  /**
   * A new token for a user, as they are now, by the time of their world.
   * @param lifetime milliseconds, Infinity for a token that never expires; as the settings have it for the type without it
   */
  issue(world: World, user: User, type: TokenType, lifetime?: number): string
  /**
   * The same in another way, for tests of a client: one that has ended, or that is another issuer's.
   * @returns when it ends by itself too: milliseconds since 1970
   */
  mint(
    world: World,
    user: User,
    order: TokenOrder,
  ): { readonly token: string; readonly end: number }
  /**
   * Finds out whose token it is.
   * @throws 401 when it isn't ours, is of the other type, has expired or was revoked, or its user has gone or has a new password
   */
  check(token: string, type: TokenType, world: World): Promise<Session>
  /**
   * Ends a token before its time.
   * @throws 507 where there is no room to remember it, 503 where it can't be written; the token is good then
   */
  revoke(claims: Claims, world: World): Promise<void>
}

/** Issues, checks and revokes tokens: JSON Web Tokens (RFC 7519), HS256 only. */
export default fp<TokenOptions>(
  async (app, { jwtSecret, accessTokenTtl, refreshTokenTtl, hasEternal }) => {
    const shared = jwtSecret ?? (await sharedSecret(app.database))
    if (shared === undefined) {
      app.log.info('JWT_SECRET is not set: tokens end with this process')
    }
    await app.register(jwt, {
      secret: shared ?? newSecret(),
      sign: { algorithm: 'HS256' },
      verify: {
        algorithms: ['HS256'],
        allowedIss: ISSUER,
        requiredClaims: ['iss', 'sub', 'jti', 'type'],
        // Each world has a time of its own.
        ignoreExpiration: true,
      },
    })
    app.decorateRequest('claims')
    const isClaims = compile(Claims)
    const lifetimes = { access: accessTokenTtl, refresh: refreshTokenTtl }

    // The library has a cache too, but hashes each token to look it up, which takes half as long as to verify it.
    const verified = new LRUCache<string, Claims>({ max: CACHE_SIZE })
    const verify = (token: string): Claims => {
      const known = verified.get(token)
      if (known) return known
      let claims: unknown
      try {
        claims = app.jwt.verify(token)
      } catch {
        throw errors.tokenInvalid()
      }
      if (!isClaims(claims)) throw errors.tokenInvalid()
      if (claims.exp === undefined) {
        const isEternal = hasEternal && claims.eternal === true && claims.type === 'access'
        if (!isEternal) throw errors.tokenInvalid()
      }
      verified.set(token, claims)
      return claims
    }

    /** @param iat when it is issued, by the time of its world: seconds since 1970 */
    const claimsOf = (
      world: World,
      user: User,
      type: TokenType,
      lifetime: number,
      iat = Math.floor(world.now() / 1000),
    ): Claims => ({
      iss: ISSUER,
      sub: String(user.id),
      jti: randomUUID(),
      iat,
      ...(Number.isFinite(lifetime)
        ? { exp: iat + Math.floor(lifetime / 1000) }
        : { eternal: true }),
      type,
      gen: user.generation,
      ...(world.offset === 0 ? {} : { real_iat: iat - Math.floor(world.offset / 1000) }),
      identity: user.id,
      public_id: user.publicId,
    })

    app.decorate('tokens', {
      issue: (world, user, type, lifetime = lifetimes[type]) =>
        app.jwt.sign(claimsOf(world, user, type, lifetime)),
      mint: (world, user, { type, lifetime = lifetimes[type], isExpired, issuer = ISSUER }) => {
        const now = Math.floor(world.now() / 1000)
        const seconds = Math.floor(Math.min(lifetime, LATEST - world.now()) / 1000)
        const iat = isExpired ? Math.max(0, now - seconds - EXPIRED_SINCE) : now
        const end = isExpired ? now - EXPIRED_SINCE : now + seconds
        const claims = claimsOf(world, user, type, (end - iat) * 1000, iat)
        return { token: app.jwt.sign(claims, { iss: issuer }), end: end * 1000 }
      },
      check: async (token, type, world) => {
        const claims = verify(token)
        if (claims.type !== type || isOver(claims, world)) throw errors.tokenInvalid()
        const user = await world.store.sessions.find(claims.jti, Number(claims.sub))
        if (user?.generation !== claims.gen) throw errors.tokenInvalid()
        return { user, claims }
      },
      revoke: async (claims, world) => {
        const end = realEndOf(claims)
        // First, since whoever is told that it has ended may rely on it.
        if (world === app.worlds.own) await app.revokedFile?.add(claims.jti, end)
        await world.store.sessions.revoke(claims.jti, end)
      },
    })
  },
  { name: 'tokens', dependencies: ['store', 'workspaces'] },
)

/** What signs the tokens of all processes that share a database, and of those that come after them. */
export async function sharedSecret(database: Shared | undefined): Promise<string | undefined> {
  return database?.constant('token secret', newSecret)
}

function newSecret(): string {
  return randomBytes(32).toString('base64url')
}

/**
 * Whether a token has ended by itself: by the time of a world, or in reality. It lives no longer where that time is put back, so
 * that a revoked one need not be remembered for ever.
 */
function isOver(claims: Claims, world: World): boolean {
  return endOf(claims) <= world.now() || realEndOf(claims) <= Date.now()
}

/** When a token ends by the time of its world: milliseconds since 1970, Infinity for never. */
function endOf({ exp = Number.POSITIVE_INFINITY }: Claims): number {
  return exp * 1000
}

/** The same in reality. */
function realEndOf(claims: Claims): number {
  const { iat, real_iat: realIat = iat } = claims
  return endOf(claims) + (realIat - iat) * 1000
}
