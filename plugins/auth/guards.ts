import type { FastifyRequest, FastifySchema, preValidationHookHandler } from 'fastify'
import fp from 'fastify-plugin'
import { hasBody, readsBody } from '../http/bodies.js'
import { errors } from '../http/errors.js'
import { failure } from '../openapi/responses.js'
import { basicCredentialsOf } from './basic.js'
import type { Carrier, SecurityScheme } from './carriers.js'
import { loginRefusals } from './login.js'
import type { TokenType } from './tokens.js'

declare module 'fastify' {
  interface FastifyInstance {
    readonly guards: Guards
  }
}

type Check = (request: FastifyRequest) => Promise<void>

interface Hooks {
  readonly onRequest: Check[]
  readonly preValidation: preValidationHookHandler[]
}

interface NamedScheme {
  readonly name: string
  readonly scheme: SecurityScheme
}

/** What a request has to bring beside its token or its password. */
export interface Requirement extends NamedScheme {
  readonly check: Check
}

/** Protects a route and says so in the document: one call, so that the two can't drift apart. */
export type Guard = <S extends FastifySchema>(options: {
  readonly schema: S
}) => Hooks & {
  readonly schema: S
}

export interface Guards {
  /** Lets in who brings an access token. */
  readonly access: Guard
  /** Lets in an admin who brings an access token. */
  readonly admin: Guard
  /** Lets in who brings a refresh token. */
  readonly refresh: Guard
  /** Lets in who brings a username and a password (HTTP Basic). */
  readonly basic: Guard
  /** What `access` checks, once more: for a handler that has read the body itself. */
  readonly recheck: Check
}

export interface GuardOptions {
  /** Where this API looks for a token. */
  readonly carriers: readonly Carrier[]
  /** What else every guarded route of this API asks for, before the token. */
  readonly requirement?: Requirement | undefined
}

const DESCRIPTIONS: Readonly<Record<TokenType, string>> = {
  access: 'An access token, as a login gives it. A request carries one token, however often',
  refresh: 'A refresh token, as a login gives it',
}

const BASIC: SecurityScheme = {
  type: 'http',
  scheme: 'basic',
  description: 'A username and a password',
}

/** Gives the routes of one API their guards. Registered in that API's scope, with its carriers. */
export default fp<GuardOptions>(
  async (app, { carriers, requirement }) => {
    const isBodyNeeded = carriers.some(({ inBody }) => inBody)

    // Where no body is read, nothing can happen while it is.
    app.addHook('onRoute', (route) => {
      if (readsBody(route)) return
      route.preValidation = [route.preValidation ?? []].flat().filter((hook) => !again.has(hook))
    })

    const tokenCheck =
      (type: TokenType, isAdmin = false): Check =>
      async (request) => {
        const token = tokenOf(request, carriers)
        const { user, claims } = await app.tokens.check(token, type, request.store)
        if (isAdmin && !user.admin) throw errors.adminOnly()
        request.user = user
        request.claims = claims
      }

    const tokenGuard = (type: TokenType, isAdmin = false): Guard => {
      const schemes = carriers.flatMap(({ name, scheme }) =>
        scheme ? [{ name: `${type}${name}`, scheme: scheme(DESCRIPTIONS[type]) }] : [],
      )
      const refusals = {
        ...(carriers.length > 1
          ? { 400: failure('There are two tokens, and they differ', errors.tokensDiffer()) }
          : {}),
        401: failure('There is no token, or none that is good', errors.tokenInvalid()),
        ...(isAdmin ? { 403: failure('You are no admin', errors.adminOnly()) } : {}),
      }
      const check = tokenCheck(type, isAdmin)
      return guard(schemes, refusals, {
        onRequest: isBodyNeeded ? [] : [check],
        preValidation: [isBodyNeeded ? onceRead(check) : againIfRead(check)],
      })
    }

    const basicGuard = (): Guard => {
      const check = async (request: FastifyRequest) => {
        const { username, password } = basicCredentialsOf(request)
        request.user = await app.logIn(request, username, password, errors.basicWrong)
      }
      return guard([{ name: 'basic', scheme: BASIC }], loginRefusals(errors.basicWrong()), {
        onRequest: [check],
        preValidation: [],
      })
    }

    const guard = (schemes: readonly NamedScheme[], refusals: object, hooks: Hooks): Guard => {
      const also = requirement ? { [requirement.name]: [] } : {}
      const security = schemes.map(({ name }) => ({ [name]: [], ...also }))
      // A token in a body has no scheme: what is asked for can be there without any.
      if (isBodyNeeded) security.push({ ...also })
      const onRequest = requirement ? [requirement.check, ...hooks.onRequest] : hooks.onRequest
      return ({ schema }) => {
        for (const { name, scheme } of requirement ? [...schemes, requirement] : schemes) {
          app.securitySchemes[name] = scheme
        }
        const response = Object.assign({}, schema.response, refusals)
        return { schema: { ...schema, security, response }, ...hooks, onRequest }
      }
    }

    app.decorate('guards', {
      access: tokenGuard('access'),
      admin: tokenGuard('access', true),
      refresh: tokenGuard('refresh'),
      basic: basicGuard(),
      recheck: tokenCheck('access'),
    })
  },
  { name: 'guards', dependencies: ['tokens', 'login', 'openapi'] },
)

/** Checks when the body is there, because the token is in it. */
function onceRead(check: Check): preValidationHookHandler {
  return (request, _reply, done) => {
    check(request).then(() => done(), done)
  }
}

/** The hooks that check once more. */
const again = new WeakSet<object>()

/** Checks once more when a body has been read: that can take long enough for a token to be revoked, or a user deleted. */
function againIfRead(check: Check): preValidationHookHandler {
  const hook: preValidationHookHandler = (request, _reply, done) => {
    if (hasBody(request)) check(request).then(() => done(), done)
    else done()
  }
  again.add(hook)
  return hook
}

/**
 * The one token that a request carries.
 * @throws 401 when it carries none, 400 when it carries two that differ
 */
function tokenOf(request: FastifyRequest, carriers: readonly Carrier[]): string {
  let token: string | undefined
  for (const { read } of carriers) {
    const carried = read(request)
    if (carried === undefined || carried === token) continue
    if (token !== undefined) throw errors.tokensDiffer()
    token = carried
  }
  if (token === undefined) throw errors.tokenMissing()
  return token
}
