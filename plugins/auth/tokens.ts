import { randomBytes, randomUUID } from 'node:crypto'
import jwt from '@fastify/jwt'
import { type Static, Type } from '@sinclair/typebox'
import fp from 'fastify-plugin'
import { LRUCache } from 'lru-cache'
import { compile } from '../../store/check.js'
import type { Store, User } from '../../store/collections.js'
import { errors } from '../http/errors.js'

/** A token as it looks, for examples. */
export const exampleToken = 'eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl'

/** A token as an answer has it. */
export const AccessToken = Type.Object(
  { access_token: Type.String({ description: 'For `Authorization: Bearer`' }) },
  { $id: 'AccessToken', additionalProperties: false, examples: [{ access_token: exampleToken }] },
)

const ISSUER = 'slipway'

/** How many verified tokens are remembered. Each is about 1 KB. */
const CACHE_SIZE = 10_000

const Claims = Type.Object({
  iss: Type.Literal(ISSUER),
  /** The user's id. */
  sub: Type.String({ pattern: '^[1-9][0-9]*$' }),
  /** Names the token, so that it can be revoked. */
  jti: Type.String({ minLength: 1 }),
  /** Seconds since 1970. */
  iat: Type.Integer(),
  /** Seconds since 1970. */
  exp: Type.Optional(Type.Integer()),
  /** Whether it is meant to have no end: what only lacks one is no token. */
  eternal: Type.Optional(Type.Literal(true)),
  type: Type.Union([Type.Literal('access'), Type.Literal('refresh')]),
  /** The user's token generation when it was issued. */
  gen: Type.Integer(),
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

export interface Tokens {
  /**
   * A new token for a user, as they are now.
   * @param lifetime milliseconds, Infinity for a token that never expires; as the settings have it for the type without it
   */
  issue(user: User, type: TokenType, lifetime?: number): string
  /**
   * Finds out whose token it is.
   * @throws 401 when it isn't ours, is of the other type, has expired or was revoked, or its user has gone or has a new password
   */
  check(token: string, type: TokenType, store: Store): Promise<Session>
  /** Ends a token before its time. */
  revoke(claims: Claims, store: Store): Promise<void>
}

/** Issues, checks and revokes tokens: JSON Web Tokens (RFC 7519), HS256 only. */
export default fp<TokenOptions>(
  async (app, { jwtSecret, accessTokenTtl, refreshTokenTtl, hasEternal }) => {
    if (jwtSecret === undefined) {
      app.log.info('JWT_SECRET is not set: tokens end with this process')
    }
    await app.register(jwt, {
      secret: jwtSecret ?? randomBytes(32).toString('base64url'),
      sign: { algorithm: 'HS256' },
      verify: {
        algorithms: ['HS256'],
        allowedIss: ISSUER,
        requiredClaims: ['iss', 'sub', 'jti', 'type'],
      },
    })
    app.decorateRequest('claims')
    const isClaims = compile(Claims)
    const lifetimes = { access: accessTokenTtl, refresh: refreshTokenTtl }

    // The library has a cache too, but hashes each token to look it up, which takes half as long as to verify it.
    const verified = new LRUCache<string, Claims>({ max: CACHE_SIZE })
    const verify = (token: string): Claims => {
      const known = verified.get(token)
      if (known && endOf(known) > Date.now()) return known
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

    app.decorate('tokens', {
      issue: (user, type, lifetime = lifetimes[type]) => {
        const iat = Math.floor(Date.now() / 1000)
        return app.jwt.sign({
          iss: ISSUER,
          sub: String(user.id),
          jti: randomUUID(),
          iat,
          ...(Number.isFinite(lifetime)
            ? { exp: iat + Math.floor(lifetime / 1000) }
            : { eternal: true }),
          type,
          gen: user.generation,
          identity: user.id,
          public_id: user.publicId,
        } satisfies Claims)
      },
      check: async (token, type, store) => {
        const claims = verify(token)
        if (claims.type !== type) throw errors.tokenInvalid()
        const user = await store.sessions.find(claims.jti, Number(claims.sub))
        if (user?.generation !== claims.gen) throw errors.tokenInvalid()
        return { user, claims }
      },
      revoke: (claims, store) => store.sessions.revoke(claims.jti, endOf(claims)),
    })
  },
  { name: 'tokens' },
)

/** When a token ends by itself: milliseconds since 1970, Infinity for never. */
function endOf({ exp = Number.POSITIVE_INFINITY }: Claims): number {
  return exp * 1000
}
