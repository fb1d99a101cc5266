import { createHash } from 'node:crypto'
import type { TSchema } from '@sinclair/typebox'
import type { FastifyInstance, FastifyReply, FastifyRequest, RouteOptions } from 'fastify'
import fp from 'fastify-plugin'
import type { SecurityScheme } from '../auth/carriers.js'
import { Credentials } from '../auth/login.js'
import { AccessToken } from '../auth/tokens.js'
import { isTagKnown } from '../http/conditional.js'
import { Problem, ProblemDetail } from '../http/problem.js'
import { addressOf } from '../http/record.js'
import type { Tag } from './describe.js'
import { Message } from './responses.js'

declare module 'fastify' {
  interface FastifyInstance {
    /** Shared schemas that follow the data, by their `$id`: as each is now. */
    readonly liveSchemas: Map<string, () => TSchema>
    /** The names of all shared schemas so far, of every scope. */
    readonly schemaNames: () => ReadonlySet<string>
    /** Counts the changes of what the document says. Whoever makes one raises it. */
    readonly documentRevision: { number: number }
    /** The security schemes that guards use, by the name the document gives them. */
    readonly securitySchemes: Record<string, SecurityScheme>
    /**
     * The routes, for @fastify/swagger and what builds on it: in a server of its own that answers nothing, and is not ready
     * yet. Once this one is.
     */
    readonly describe: () => Promise<FastifyInstance>
    /** The OpenAPI document. Once the server is ready. */
    readonly openapi: () => Promise<object>
  }
}

export interface OpenapiOptions {
  /** What the operations are grouped by. */
  readonly tags: readonly Tag[]
}

/** The document for whoever asks: its server is the one that was asked. */
export function askedAt<D extends object>(request: FastifyRequest, document: D): D {
  // `/` is whichever server gave the document (OpenAPI 3.1, Server Object).
  const url = addressOf(request, '') || '/'
  return { ...document, servers: [{ url, description: 'This server' }] }
}

/**
 * Generates the OpenAPI document from the routes, and serves it: when it is first asked for, since a start has no need of
 * it, nor of what makes it.
 */
export default fp<OpenapiOptions>(
  async (app, { tags }) => {
    const securitySchemes: Record<string, SecurityScheme> = {}
    const liveSchemas = new Map<string, () => TSchema>()
    const revision = { number: 0 }
    app.decorate('securitySchemes', securitySchemes)
    app.decorate('liveSchemas', liveSchemas)
    app.decorate('documentRevision', revision)
    for (const schema of [ProblemDetail, Problem, Message, Credentials, AccessToken]) {
      app.addSchema(schema)
    }

    const routes: RouteOptions[] = []
    const scopes = new Set<FastifyInstance>([app])
    app.addHook('onRoute', function (route) {
      if (route.schema?.hide) return
      routes.push(route)
      scopes.add(this)
    })

    const allSchemas = () => Object.assign({}, ...[...scopes].map((scope) => scope.getSchemas()))
    app.decorate('schemaNames', () => new Set(Object.keys(allSchemas())))
    app.decorate('describe', async () => {
      const { describe } = await import('./describe.js')
      const schemas = allSchemas()
      for (const [id, schema] of liveSchemas) schemas[id] = schema()
      return describe(routes, Object.values(schemas), { tags, securitySchemes })
    })

    const generate = async () => {
      const described = await app.describe()
      await described.ready()
      return described.swagger
    }
    const generated = latest(revision, generate)
    app.decorate('openapi', async () => (await generated())())

    const schema = { hide: true }
    app.get('/openapi.json', { schema }, async (request, reply) => {
      const document = askedAt(request, await app.openapi())
      return sendText(request, reply, JSON.stringify(document, null, 2), 'application/json')
    })
    // RFC 9512
    app.get('/openapi.yaml', { schema }, async (request, reply) => {
      const { stringify } = await import('yaml')
      const document = askedAt(request, await app.openapi())
      return sendText(request, reply, stringify(document), 'application/yaml')
    })
  },
  { name: 'openapi', dependencies: ['errors'] },
)

/** Something that is made of the document when it is asked for, and anew once the document has changed. */
export function latest<T>(revision: { readonly number: number }, make: () => Promise<T>) {
  let made: { readonly number: number; readonly value: Promise<T> } | undefined
  return (): Promise<T> => {
    const { number } = revision
    if (made?.number !== number) made = { number, value: make() }
    return made.value
  }
}

function sendText(request: FastifyRequest, reply: FastifyReply, text: string, type: string) {
  const etag = `"${createHash('sha256').update(text).digest('base64url').slice(0, 22)}"`
  if (isTagKnown(request, reply, etag)) return reply.code(304).send()
  return reply.type(`${type}; charset=utf-8`).send(text)
}
