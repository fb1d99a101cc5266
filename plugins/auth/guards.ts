import type { TSchema } from '@sinclair/typebox'
import type { FastifyRequest, preValidationHookHandler } from 'fastify'
import fp from 'fastify-plugin'
import type { User } from '../../store/collections.js'
import { hasBody } from '../http/bodies.js'
import { errors } from '../http/errors.js'
import { failure } from '../openapi/responses.js'
import { basicCredentialsOf, bearer, type Carrier, type SecurityScheme } from './carriers.js'
import { loginRefusals } from './login.js'
import type { TokenType } from './tokens.js'

declare module 'fastify' {
  interface FastifyContextConfig {
    /** Who is let in: for whatever reads the body, which then asks again. */
    readonly guard?: Guard | undefined
  }
  interface FastifyInstance {
    readonly guards: Guards
  }
  interface FastifyRequest {
    /** Whether the guard has let the request in before all of its body was there. */
    isBodyDue: boolean
  }
}

/** Lets a request in, or throws. */
export type Check = (request: FastifyRequest) => Promise<void>

interface NamedScheme {
  readonly name: string
  readonly scheme: SecurityScheme
}

/** What a request has to bring beside its token or its password. */
export interface Requirement extends NamedScheme {
  readonly check: Check
}

/** Whom a route lets in, and what the document says of that: one thing, so that the two can't drift apart. */
export interface Guard {
  readonly schemes: readonly NamedScheme[]
  /** What a request can bring: any one of these. */
  readonly security: readonly Readonly<Record<string, string[]>>[]
  /** The answers to a request that isn't let in. */
  readonly refusals: Readonly<Record<number, TSchema>>
  /** Before the body is read. */
  readonly onRequest: readonly Check[]
  /** Once the body has been read; only where that can make a difference. */
  readonly onceRead?: Check
  /** Whether there is nothing to look at before that. */
  readonly isInBody: boolean
}

export interface Guards {
  /** Lets in who brings an access token. */
  readonly access: Guard
  /** Lets everybody in; who brings an access token is known by it, and it has to be good. */
  readonly optional: Guard
  /** Lets in an admin who brings an access token. */
  readonly admin: Guard
  /** Lets in who brings a refresh token. */
  readonly refresh: Guard
  /** Lets in who brings a username and a password (HTTP Basic). */
  readonly basic: Guard
}

export interface GuardOptions {
  /** Where this API looks for a token. */
  readonly carriers: readonly Carrier[]
  /** What else every guarded route of this API asks for, before the token. */
  readonly requirement?: Requirement | undefined
}

const DESCRIPTIONS: Readonly<Record<TokenType, string>> = {
  access:
    "An access token, as a login gives it. Of several in one request, each has to be good, and the same user's",
  refresh: 'A refresh token, as a login gives it',
}

const BASIC: SecurityScheme = {
  type: 'http',
  scheme: 'basic',
  description: 'A username and a password',
}

/** Where the password flow of OAuth 2 gives tokens (RFC 6749, section 3.2). */
export const TOKEN_PATH = '/auth/token'

/** Another way to say that an access token is a Bearer token: it lets documentation tools log in themselves. */
const PASSWORD_FLOW: NamedScheme = {
  name: 'oauth2',
  scheme: {
    type: 'oauth2',
    flows: { password: { tokenUrl: TOKEN_PATH, refreshUrl: TOKEN_PATH, scopes: {} } },
    description: 'A username and a password: one login for every API. No client is asked for',
  },
}

/** Gives one API its guards. Registered in that API's scope, with its carriers. */
export default fp<GuardOptions>(
  async (app, { carriers, requirement }) => {
    const isInBody = carriers.some((carrier) => carrier.isInBody)
    if (!app.hasRequestDecorator('isBodyDue')) app.decorateRequest('isBodyDue', false)

    /** @param guard what it shows and checks, without the requirement */
    const withRequirement = ({ schemes, security, onRequest, ...guard }: Guard): Guard => {
      if (!requirement) return { schemes, security, onRequest, ...guard }
      return {
        ...guard,
        schemes: [...schemes, requirement],
        security: security.map((either) => ({ ...either, [requirement.name]: [] })),
        onRequest: [requirement.check, ...onRequest],
      }
    }

    const tokenGuard = (type: TokenType, isAdmin = false): Guard => {
      const hasFlow = type === 'access' && carriers.includes(bearer)
      const schemes: NamedScheme[] = [
        ...carriers.flatMap(({ name, scheme }) =>
          scheme ? [{ name: `${type}${name}`, scheme: scheme(DESCRIPTIONS[type]) }] : [],
        ),
        ...(hasFlow ? [PASSWORD_FLOW] : []),
      ]
      const check: Check = async (request) => {
        const [token, ...others] = tokensOf(request, carriers)
        if (token === undefined) throw errors.tokenMissing()
        const { user, claims } = await app.tokens.check(token, type, request.world)
        if (others.length > 0) await requireSameUser(request, user, others, type)
        if (isAdmin && !user.admin) throw errors.adminOnly()
        request.user = user
        request.claims = claims
        request.isBodyDue = !request.raw.complete && hasBody(request)
      }
      return withRequirement({
        schemes,
        // A token in a body has no scheme: what is asked for can be there without any.
        security: [...schemes.map(({ name }) => ({ [name]: [] })), ...(isInBody ? [{}] : [])],
        refusals: {
          ...(carriers.length > 1
            ? { 400: failure('There are tokens of different users', errors.tokensDiffer()) }
            : {}),
          401: failure('There is no token, or none that is good', errors.tokenInvalid()),
          ...(isAdmin ? { 403: failure('You are no admin', errors.adminOnly()) } : {}),
        },
        onRequest: isInBody ? [] : [check],
        onceRead: check,
        isInBody,
      })
    }

    const check: Check = async (request) => {
      const { username, password } = basicCredentialsOf(request)
      request.user = await app.logIn(request, username, password, errors.basicWrong)
    }
    const basic = withRequirement({
      schemes: [{ name: 'basic', scheme: BASIC }],
      security: [{ basic: [] }, ...(isInBody ? [{}] : [])],
      refusals: loginRefusals(errors.basicWrong()),
      onRequest: [check],
      isInBody: false,
    })

    const access = tokenGuard('access')
    const ifThere = (check: Check): Check => {
      return async (request) => {
        if (tokensOf(request, carriers).length > 0) await check(request)
      }
    }
    const optional: Guard = {
      ...access,
      security: [...access.security, {}],
      onRequest: access.onRequest.map(ifThere),
      ...(access.onceRead ? { onceRead: ifThere(access.onceRead) } : {}),
    }

    app.decorate('guards', {
      access,
      optional,
      admin: tokenGuard('access', true),
      refresh: tokenGuard('refresh'),
      basic,
    })
  },
  { name: 'guards', dependencies: ['tokens', 'login', 'openapi'] },
)

/**
 * Asks the guard of a request once more, when it has let the request in before the body was there: the rest can take long
 * enough for a token to be revoked, or a user deleted. For whatever reads a body itself.
 * @throws what the guard throws
 */
export async function askAgain(request: FastifyRequest): Promise<void> {
  const { guard } = request.routeOptions.config
  if (guard?.onceRead && request.isBodyDue) await guard.onceRead(request)
}

/**
 * The same at any time later, for an answer that goes on: whether who brought a token may still have it.
 * @throws what the guard throws
 */
export async function askLater(request: FastifyRequest): Promise<void> {
  if (request.user) await request.routeOptions.config.guard?.onceRead?.(request)
}

/** The same for a body that Fastify reads; and where the token is in the body, it is asked for the first time. */
export function checkOnceRead({ onceRead, isInBody }: Guard): preValidationHookHandler[] {
  if (!onceRead) return []
  return [
    (request, _reply, done) => {
      if (isInBody || request.isBodyDue) onceRead(request).then(() => done(), done)
      else done()
    },
  ]
}

/** The tokens that a request carries, each once. The first is the one that counts. */
function tokensOf(request: FastifyRequest, carriers: readonly Carrier[]): readonly string[] {
  const tokens: string[] = []
  for (const { read } of carriers) {
    const token = read(request)
    if (token !== undefined && !tokens.includes(token)) tokens.push(token)
  }
  return tokens
}

/**
 * Looks at the other tokens of a request: documentation tools send every one they know.
 * @throws 401 when one isn't good, 400 when one is another user's
 */
async function requireSameUser(
  { server, world }: FastifyRequest,
  { id }: User,
  tokens: readonly string[],
  type: TokenType,
): Promise<void> {
  const sessions = await Promise.all(tokens.map((token) => server.tokens.check(token, type, world)))
  if (sessions.some(({ user }) => user.id !== id)) throw errors.tokensDiffer()
}
