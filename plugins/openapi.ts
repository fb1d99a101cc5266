import swagger from '@fastify/swagger'
import type { TSchema } from '@sinclair/typebox'
import type { FastifySchema, RouteOptions } from 'fastify'
import fp from 'fastify-plugin'
import { errors } from '../errors.js'
import { ErrorBody, ErrorDetail } from '../schemas/error.js'
import { failure } from '../schemas/response.js'
import { version } from '../version.js'
import type { SecurityScheme } from './carriers.js'

declare module 'fastify' {
  interface FastifyInstance {
    /** The security schemes that guards use, by the name the document gives them. */
    readonly securitySchemes: Record<string, SecurityScheme>
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

const DESCRIPTION = `A demo and prototyping API server. Its state lives in memory and goes when the process ends.

Every error has the same shape, \`Error\`. A known path answers another method with 405 and \`Allow\`. A request line or
headers that are too large (431), or a request that takes too long to arrive (408), are refused before they reach a path.`

/** Generates the OpenAPI document from the routes, and serves it. */
export default fp<OpenapiOptions>(
  async (app, { tags }) => {
    const securitySchemes: Record<string, SecurityScheme> = {}
    app.decorate('securitySchemes', securitySchemes)
    app.addSchema(ErrorDetail)
    app.addSchema(ErrorBody)

    await app.register(swagger, {
      openapi: {
        openapi: '3.1.0',
        info: {
          title: 'Slipway',
          version,
          description: DESCRIPTION,
          license: { name: 'MIT', identifier: 'MIT' },
        },
        servers: [{ url: '/', description: 'This server' }],
        tags: [...tags],
        components: { securitySchemes },
      },
      convertConstToEnum: false,
      refResolver: { buildLocalReference: (json) => String(json.$id) },
      transform: ({ schema, url }) => ({ url, schema: withMediaTypes(schema) }),
    })

    app.addHook('onRoute', addImpliedResponses)

    // Generated when it is first asked for, since a start has no need of it. It doesn't change.
    let json: string | undefined
    app.get('/openapi.json', { schema: { hide: true } }, async (_request, reply) => {
      json ??= JSON.stringify(app.swagger(), null, 2)
      return reply.type('application/json; charset=utf-8').send(json)
    })
    let yaml: string | undefined
    // RFC 9512
    app.get('/openapi.yaml', { schema: { hide: true } }, async (_request, reply) => {
      yaml ??= app.swagger({ yaml: true })
      return reply.type('application/yaml; charset=utf-8').send(yaml)
    })
  },
  { name: 'openapi' },
)

const MISSING_FIELD: ErrorDetail = { in: 'body', path: '/name', message: 'is missing' }
const WRONG_ID: ErrorDetail = { in: 'path', path: '/id', message: 'must be integer' }

/** Adds the answers that a route can give because of what it takes in, so that no route has to repeat them. */
function addImpliedResponses(route: RouteOptions): void {
  const { schema } = route
  if (!schema || schema.hide) return
  const implied: Record<number, TSchema> = {}
  const isBodyRead = ['POST', 'PUT', 'PATCH', 'DELETE'].includes(String(route.method))
  if (schema.body) {
    implied[400] = failure('The request is not valid', errors.invalid([MISSING_FIELD]))
  } else if (schema.params || schema.querystring || schema.headers) {
    implied[400] = failure('The request is not valid', errors.invalid([WRONG_ID]))
  } else if (isBodyRead) {
    implied[400] = failure('There is a body, and it is not JSON', errors.notJson())
  }
  if (isBodyRead) {
    implied[413] = failure('The body is larger than BODY_LIMIT', errors.tooLarge())
    implied[415] = failure('The body is not JSON', errors.unsupportedMediaType())
  }
  route.schema = { ...schema, response: Object.assign(implied, schema.response) }
}

/**
 * The plugin drops what stands beside a `$ref`, so each answer is given to it the way OpenAPI has it: description, headers
 * and media type around the schema.
 */
function withMediaTypes(schema: FastifySchema): FastifySchema {
  const response: Record<string, unknown> = {}
  for (const [status, answer] of Object.entries<TSchema>(Object(schema?.response))) {
    const { description, headers, examples: [example] = [], ...content } = answer
    const about = { description, ...(headers ? { headers } : {}) }
    const media = { schema: content, ...(example === undefined ? {} : { example }) }
    response[status] =
      content.type === 'null'
        ? { ...about, type: 'null' }
        : { ...about, content: { 'application/json': media } }
  }
  return { ...schema, response }
}
