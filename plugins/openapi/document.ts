import type { TSchema } from '@sinclair/typebox'
import type { FastifyInstance, FastifyReply, FastifyRequest, RouteOptions } from 'fastify'
import fp from 'fastify-plugin'
import type { SecurityScheme } from '../auth/carriers.js'
import { Credentials } from '../auth/login.js'
import { AccessToken } from '../auth/tokens.js'
import { isTagKnown } from '../http/conditional.js'
import { Problem, ProblemDetail } from '../http/problem.js'
import { addressOf } from '../http/record.js'
import type { World } from '../workspaces/world.js'
import type { Tag } from './describe.js'
import { DocumentKeys, PerDocument } from './keys.js'
import { Message } from './responses.js'
import { json, type Written, yaml } from './texts.js'

declare module 'fastify' {
  interface FastifyInstance {
    /** Shared schemas that follow the data, by their `$id`: as each is in a world now. */
    readonly liveSchemas: Map<string, (world: World) => TSchema>
    /** The names of all shared schemas so far, of every scope. */
    readonly schemaNames: () => ReadonlySet<string>
    /** Names what the document of each world says. Whoever changes that says so. */
    readonly documentKeys: DocumentKeys
    /** The security schemes that guards use, by the name the document gives them. */
    readonly securitySchemes: Record<string, SecurityScheme>
    /** The OpenAPI document, of the server's own world where none is named. Once the server is ready. */
    readonly openapi: (world?: World) => Promise<object>
  }
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
    const liveSchemas = new Map<string, (world: World) => TSchema>()
    const schemasIn = (world: World) => {
      return Object.fromEntries([...liveSchemas].map(([id, schema]) => [id, schema(world)]))
    }
    const keys = new DocumentKeys(schemasIn)
    app.decorate('securitySchemes', securitySchemes)
    app.decorate('liveSchemas', liveSchemas)
    app.decorate('documentKeys', keys)
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

    const generate = async (world: World) => {
      // As they are now: there can be others once the rest is there.
      const schemas = { ...allSchemas(), ...schemasIn(world) }
      const { describe } = await import('./describe.js')
      const hasDatabase = app.database !== undefined
      const about = { tags, securitySchemes, hasDatabase }
      const described = await describe(routes, Object.values(schemas), about)
      await described.ready()
      return described.swagger()
    }
    const generated = new PerDocument<object>(keys, generate)
    app.decorate('openapi', (world = app.worlds.own) => generated.of(world))

    const schema = { hide: true }
    app.get('/openapi.json', { schema }, async (request, reply) =>
      sendText(request, reply, await json.of(request, serverOf(request)), 'application/json'),
    )
    app.get('/openapi.yaml', { schema }, async (request, reply) =>
      sendText(request, reply, await yaml.of(request, serverOf(request)), 'application/yaml'),
    )
  },
  { name: 'openapi', dependencies: ['errors', 'workspaces'] },
)

/** The server that was asked. `/` is whichever gave the document (OpenAPI 3.1, Server Object). */
function serverOf(request: FastifyRequest): string {
  return addressOf(request, '') || '/'
}

function sendText(
  request: FastifyRequest,
  reply: FastifyReply,
  { text, digest }: Written,
  type: string,
) {
  if (isTagKnown(request, reply, `"${digest}"`)) return reply.code(304).send()
  return reply.type(`${type}; charset=utf-8`).send(text)
}
