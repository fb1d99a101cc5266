import type { FastifyInstance, FastifyRequest, RouteOptions } from 'fastify'
import fp from 'fastify-plugin'
import type { SecurityScheme } from '../auth/carriers.js'
import { Credentials } from '../auth/login.js'
import { AccessToken } from '../auth/tokens.js'
import { Problem, ProblemDetail } from '../http/problem.js'
import { addressOf } from '../http/record.js'
import type { Tag } from './describe.js'
import { Message } from './responses.js'

declare module 'fastify' {
  interface FastifyInstance {
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
    app.decorate('securitySchemes', securitySchemes)
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

    app.decorate('describe', async () => {
      const { describe } = await import('./describe.js')
      const schemas = Object.assign({}, ...[...scopes].map((scope) => scope.getSchemas()))
      return describe(routes, Object.values(schemas), { tags, securitySchemes })
    })

    const generate = async () => {
      const described = await app.describe()
      await described.ready()
      return described.swagger
    }
    let swagger: ReturnType<typeof generate> | undefined
    const generated = () => {
      swagger ??= generate()
      return swagger
    }
    app.decorate('openapi', async () => (await generated())())

    const schema = { hide: true }
    app.get('/openapi.json', { schema }, async (request, reply) => {
      const document = askedAt(request, await app.openapi())
      return reply.type('application/json; charset=utf-8').send(JSON.stringify(document, null, 2))
    })
    // RFC 9512
    app.get('/openapi.yaml', { schema }, async (request, reply) => {
      const { stringify } = await import('yaml')
      const document = askedAt(request, await app.openapi())
      return reply.type('application/yaml; charset=utf-8').send(stringify(document))
    })
  },
  { name: 'openapi', dependencies: ['errors'] },
)
