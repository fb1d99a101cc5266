import type { FastifyInstance, RouteOptions } from 'fastify'
import fp from 'fastify-plugin'
import type { SecurityScheme } from '../auth/carriers.js'
import { Credentials } from '../auth/login.js'
import { AccessToken } from '../auth/tokens.js'
import { ErrorBody, ErrorDetail } from '../http/error-body.js'
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

export interface Tag {
  readonly name: string
  readonly description: string
}

export interface OpenapiOptions {
  /** What the operations are grouped by. */
  readonly tags: readonly Tag[]
}

/**
 * Generates the OpenAPI document from the routes, and serves it: when it is first asked for, since a start has no need of
 * it, nor of what makes it.
 */
export default fp<OpenapiOptions>(
  async (app, { tags }) => {
    const securitySchemes: Record<string, SecurityScheme> = {}
    app.decorate('securitySchemes', securitySchemes)
    for (const schema of [ErrorDetail, ErrorBody, Message, Credentials, AccessToken]) {
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
    let json: string | undefined
    app.get('/openapi.json', { schema }, async (_request, reply) => {
      json ??= JSON.stringify(await app.openapi(), null, 2)
      return reply.type('application/json; charset=utf-8').send(json)
    })
    // RFC 9512
    app.get('/openapi.yaml', { schema }, async (_request, reply) => {
      const yaml = (await generated())({ yaml: true })
      return reply.type('application/yaml; charset=utf-8').send(yaml)
    })
  },
  { name: 'openapi', dependencies: ['errors'] },
)
