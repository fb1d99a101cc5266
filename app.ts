import { maxHeaderSize } from 'node:http'
import Fastify, { type FastifyInstance } from 'fastify'
import { API_NAMES, type Config, type Options, parseConfig } from './config.js'
import accounts from './plugins/auth/accounts.js'
import caching from './plugins/auth/caching.js'
import login from './plugins/auth/login.js'
import passwords from './plugins/auth/passwords.js'
import tokens from './plugins/auth/tokens.js'
import controls from './plugins/control.js'
import faults from './plugins/faults/index.js'
import { withoutPreferences } from './plugins/faults/prefer.js'
import health, { tag as healthTag } from './plugins/health.js'
import { buildSerializer, buildValidator } from './plugins/http/compilers.js'
import connections from './plugins/http/connections.js'
import delay from './plugins/http/delay.js'
import errors, { answerError } from './plugins/http/error-handler.js'
import eventStream from './plugins/http/event-stream.js'
import json from './plugins/http/json.js'
import { loggingFor } from './plugins/http/logs.js'
import methods from './plugins/http/methods.js'
import pages from './plugins/http/pages.js'
import querySecrets from './plugins/http/query-secrets.js'
import readOnly from './plugins/http/read-only.js'
import refusedBody from './plugins/http/refused-body.js'
import { rewritesIn } from './plugins/http/rewrites.js'
import security, { HEADERS } from './plugins/http/security.js'
import stalled from './plugins/http/stalled.js'
import wire, { refuseUnreadable } from './plugins/http/wire.js'
import answers from './plugins/journal/answers.js'
import journal from './plugins/journal/index.js'
import openapi from './plugins/openapi/document.js'
import reference from './plugins/openapi/reference.js'
import storePlugin from './plugins/store.js'
import workspaces from './plugins/workspaces/index.js'
import { withoutWorkspace } from './plugins/workspaces/name.js'
import { apiAccounts } from './routes/auth/accounts.js'
import auth from './routes/auth/index.js'
import type { Own } from './routes/collections/collection.js'
import collections from './routes/collections/index.js'
import { isServed, pathsOf, readOwn, sourcesOf, tagsOf } from './routes/collections/own.js'
import ownShapes from './routes/collections/own-shapes.js'
import { trimmer } from './routes/collections/paths.js'
import { ownAccounts } from './routes/collections/registration.js'
import saving from './routes/collections/saving.js'
import control, { tagOf as controlTagOf } from './routes/control/index.js'
import { apis, partsOf } from './routes/index.js'
import token, { tag as tokenTag } from './routes/token.js'
import { COLLECTIONS } from './seed/described.js'
import type { Source } from './seed/errors.js'
import { type Division, divide } from './seed/own.js'
import { sourceOf } from './seed/read.js'

/** How long an idle connection is kept, in milliseconds. */
const KEEP_ALIVE_TIMEOUT = 5_000

/** How long the head of a request may take to arrive, in milliseconds. */
const HEADERS_TIMEOUT = 15_000

/** How often connections are looked at for requests that take too long, in milliseconds. */
const CONNECTIONS_CHECK = 1_000

/** Said where every part of the data is called as one of the APIs', and doesn't fit it. */
const OWN_INSTEAD = 'if these are collections of your own, start with --apis none'

/**
 * Builds the server. The caller can register more before it listens or is injected into.
 * @param options the settings, all optional; what `parseConfig` gives will do, whole or in part
 * @throws ConfigError when a setting is wrong, SeedError when the data file has a fault, Unavailable when the database can't be reached
 */
export async function buildApp(options: Options = {}): Promise<FastifyInstance> {
  const config = parseConfig(options)
  const content = await sourceOf(config)
  const { source } = content
  const division = divide(content, config.apis, API_NAMES, partsOf)
  const own = await readOwn(division.own, source, config, division.apis.length === 0)
  const trimmed = trimmer(pathsOf(own), config.prefix)
  const rewritten = await rewritesIn(config.routes)
  const logging = await loggingFor(config)
  const app: FastifyInstance = Fastify({
    ...logging,
    bodyLimit: config.bodyLimit,
    requestTimeout: config.requestTimeout,
    keepAliveTimeout: KEEP_ALIVE_TIMEOUT,
    http: {
      // Plugin `wire` asks for the header, in the shape of every other error.
      requireHostHeader: false,
      headersTimeout: Math.min(HEADERS_TIMEOUT, config.requestTimeout),
      // Fastify sets it too, but after Node has compared the two.
      requestTimeout: config.requestTimeout,
      connectionsCheckingInterval: CONNECTIONS_CHECK,
    },
    // A database is waited for as long as the settings say, and filled for as long as that takes.
    ...(config.database === undefined ? {} : { pluginTimeout: 0 }),
    clientErrorHandler: refuseUnreadable,
    // A stop lets requests on open connections finish.
    return503OnClosing: false,
    // What fails here has met no hook yet, and Fastify doesn't look when it has its answer.
    frameworkErrors: (error, request, reply) => {
      reply.raw.once('finish', () => logging.logController.requestCompleted(null, request, reply))
      reply.headers(HEADERS)
      app.noteMalformed(request, reply).finally(() => answerError(error, request, reply))
    },
    rewriteUrl: (request) => {
      const url = withoutWorkspace(request)
      return trimmed(rewritten(app.controls.isThere ? withoutPreferences(request, url) : url))
    },
    // Node bounds the request line already, so a long parameter is its schema's to refuse, like any other.
    routerOptions: { maxParamLength: maxHeaderSize },
    schemaController: { compilersFactory: { buildValidator, buildSerializer } },
  })
  try {
    await register(app, { config, source, division, own })
  } catch (error) {
    // What is open by now would go on, and keep the process alive.
    await app.close()
    throw error
  }
  return app
}

/** What is to be served. */
interface Served {
  readonly config: Config
  readonly source: Source
  readonly division: Division
  readonly own: Own
}

/** Everything that the server has, in order. */
async function register(app: FastifyInstance, served: Served): Promise<void> {
  const { config, source, division, own } = served
  const { apis: names, theirs, kept, own: parts } = division
  const mounted = names.map((name) => apis[name])

  await app.register(errors)
  await app.register(security, config)
  await app.register(caching)
  await app.register(wire)
  await app.register(connections)
  await app.register(querySecrets)
  await app.register(stalled, config)
  await app.register(passwords)
  await app.register(controls, config)
  await app.register(storePlugin, {
    ...config,
    source,
    theirs,
    kept,
    own: sourcesOf(own),
    revokedTokenFile: revokedTokenFileOf(config, source),
    wayOut: config.apis === 'auto' ? OWN_INSTEAD : undefined,
  })
  await app.register(workspaces, config)
  await app.register(journal)
  await app.register(faults)
  await app.register(delay, config)
  await app.register(eventStream)
  await app.register(readOnly, config)
  await app.register(refusedBody)
  await app.register(pages, config)
  await app.register(methods, config)
  await app.register(json)
  await app.register(accounts)
  await app.register(tokens, {
    ...config,
    hasEternal: !Number.isFinite(config.memesTokenTtl) && mounted.some(({ login }) => login),
  })
  await app.register(login, {
    loginLimit: config.loginLimit,
    hasOwnUsers: own.accounts !== undefined,
  })
  await app.register(openapi, {
    tags: [
      ...mounted.map(({ tag }) => tag),
      ...tagsOf(own),
      tokenTag,
      ...(app.controls.isThere ? [controlTagOf(app.database !== undefined)] : []),
      healthTag,
    ],
  })
  if (config.strict) await app.register(import('./plugins/openapi/strict.js'))
  await app.register(answers)
  await app.register(reference, { isHome: !mounted.some(({ hasHome }) => hasHome) })
  await app.register(health)
  await app.register(token, { accessTokenTtl: config.accessTokenTtl })
  for (const { routes } of mounted) await app.register(routes, { config, mounted })
  app.decorate('own', own)
  await app.register(ownShapes, { own })
  await app.register(saving, { own, source, save: config.save, id: config.id })
  if (app.controls.isThere)
    await app.register(control, {
      config,
      apis: names,
      partsOf,
      parts: new Set(names.flatMap(partsOf)),
      described: parts.get(COLLECTIONS),
    })
  if (isServed(own)) {
    const ownPaths = config.prefix === undefined ? pathsOf(own) : []
    await app.register(auth, {
      accounts: own.accounts ? ownAccounts(own.accounts) : apiAccounts,
      hasSessions: !app.hasRoute({ method: 'POST', url: '/auth/login' }),
      isTaken: (name) => ownPaths.includes(name),
    })
    const { bodyLimit, prefix: at, uploadLimit } = config
    await app.register(collections, { own, source, at, bodyLimit, uploadLimit })
  }
}

/** Where revoked tokens are kept: they outlive the process only where what signs them does. */
function revokedTokenFileOf(
  { jwtSecret, save, revokedTokenFile }: Config,
  { name, text }: Source,
): string | undefined {
  if (jwtSecret === undefined) return undefined
  return revokedTokenFile ?? (save && text !== undefined ? `${name}.revoked` : undefined)
}
