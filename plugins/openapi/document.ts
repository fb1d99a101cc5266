import swagger, { type SwaggerTransformObject } from '@fastify/swagger'
import type { TSchema } from '@sinclair/typebox'
import type { FastifyInstance, FastifySchema, RouteOptions } from 'fastify'
import fp from 'fastify-plugin'
import { version } from '../../config.js'
import { MISSING, UNKNOWN } from '../../store/check.js'
import type { SecurityScheme } from '../auth/carriers.js'
import { AccessToken, Credentials } from '../auth/session.js'
import { readsBody } from '../http/bodies.js'
import { ErrorBody, ErrorDetail } from '../http/error-body.js'
import { errors } from '../http/errors.js'
import { linksIn } from './links.js'
import { Message } from './message.js'
import { failure, worded } from './responses.js'

declare module 'fastify' {
  interface FastifyContextConfig {
    /** What the body of a route has in it that reads the body itself. */
    readonly streamedBody?: TSchema
  }
  interface FastifyInstance {
    /** The security schemes that guards use, by the name the document gives them. */
    readonly securitySchemes: Record<string, SecurityScheme>
  }
}

/** What of an operation in the document is looked at. */
interface Operation {
  readonly requestBody?: {
    required: boolean
    readonly content: { readonly [type: string]: { readonly schema: { readonly $ref?: string } } }
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
headers that are too large (431), a request that takes too long to arrive (408), or one with another expectation than
\`100-continue\` (417) are refused before they reach a path. A fault of the server's own is a 500.`

/** Generates the OpenAPI document from the routes, and serves it. */
export default fp<OpenapiOptions>(
  async (app, { tags }) => {
    const securitySchemes: Record<string, SecurityScheme> = {}
    app.decorate('securitySchemes', securitySchemes)
    for (const schema of [ErrorDetail, ErrorBody, Message, Credentials, AccessToken]) {
      app.addSchema(schema)
    }

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
        // An operation that names no other is open to all.
        security: [],
      },
      convertConstToEnum: false,
      refResolver: { buildLocalReference: (json) => String(json.$id) },
      transformObject: (document) => withUsedComponents(withOptionalBodies(document)),
      transform: ({ schema, url, route }) => {
        const body = schema?.body ?? route.config?.streamedBody
        return { url, schema: withMediaTypes({ ...schema, ...(body ? { body } : {}) }) }
      },
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
  { name: 'openapi', dependencies: ['errors'] },
)

/**
 * Adds the answers that a route can give because of what it takes in, so that no route has to repeat them. Errors are put
 * in the words of the route's API.
 */
function addImpliedResponses(this: FastifyInstance, route: RouteOptions): void {
  const { schema, config } = route
  if (!schema || schema.hide) return
  const isBodyRead = readsBody(route)
  const body = schema.body ?? config?.streamedBody
  const fault = faultIn(this, { ...schema, body }) ?? (isBodyRead ? EXTRA_FIELD : undefined)
  const answers: Record<string, TSchema> = Object.assign({}, schema.response)
  if (isBodyRead) {
    answers[413] = failure('The body is larger than BODY_LIMIT', errors.tooLarge())
    answers[415] = failure(
      'The body has a media type that is not read here',
      errors.unsupportedMediaType(),
    )
  }
  // A guard's 400, for two tokens that differ, is one more way not to be valid.
  if (fault) answers[400] = failure('The request is not valid', errors.invalid([fault]))
  answers[400] ??= failure('The request is not valid', errors.hostMissing())
  route.schema = { ...schema, response: worded(answers, this.wording) }
  // The plugin takes them from the route, by the status of the answer that has them.
  for (const [status, answer] of Object.entries(answers)) {
    const links = linksIn(answer)
    if (links) route.links = { ...route.links, [status]: links }
  }
}

const EXTRA_FIELD: ErrorDetail = { in: 'body', path: '/colour', message: UNKNOWN }

/** A fault that validation can find in a request, as an example; undefined where it looks at nothing. */
function faultIn(app: FastifyInstance, schema: FastifySchema): ErrorDetail | undefined {
  const { body, params, querystring, headers } = schema
  if (body) {
    const { required = [] }: TSchema = Object(app.getSchema(Object(body).$ref))
    const [missing] = required
    return missing === undefined
      ? EXTRA_FIELD
      : { in: 'body', path: `/${missing}`, message: MISSING }
  }
  for (const [part, taken] of [
    ['path', params],
    ['query', querystring],
    ['header', headers],
  ] as const) {
    const [first] = Object.entries<TSchema>(Object(taken).properties ?? {})
    if (!first) continue
    const [name, { type, maxLength }] = first
    const message =
      type === 'integer' ? 'must be integer' : `must NOT have more than ${maxLength} characters`
    return { in: part, path: `/${name}`, message }
  }
  return undefined
}

/** The plugin calls every body required. A body whose fields may all be absent may be absent itself. */
const withOptionalBodies: SwaggerTransformObject = (document) => {
  if (!('openapiObject' in document)) return document.swaggerObject
  const { openapiObject } = document
  for (const path of Object.values(openapiObject.paths ?? {})) {
    for (const { requestBody } of Object.values<Operation>(Object(path))) {
      const [media] = Object.values(requestBody?.content ?? {})
      const name = media?.schema.$ref?.replace('#/components/schemas/', '') ?? ''
      const { required = [] }: TSchema = Object(openapiObject.components?.schemas?.[name])
      if (requestBody && required.length === 0) requestBody.required = false
    }
  }
  return openapiObject
}

/** What of the document knows components. */
interface WithComponents {
  readonly paths?: unknown
  readonly components?: { readonly schemas?: Record<string, unknown> }
}

/** Leaves out the components that no operation refers to: which ones are in use depends on the APIs that are mounted. */
function withUsedComponents<D extends WithComponents>(document: D): D {
  const schemas = document.components?.schemas ?? {}
  const used = new Set<string>()
  const texts = [JSON.stringify(document.paths)]
  for (let next = texts.pop(); next !== undefined; next = texts.pop()) {
    for (const [, name = ''] of next.matchAll(/"#\/components\/schemas\/([^"]+)"/g)) {
      if (used.has(name)) continue
      used.add(name)
      texts.push(JSON.stringify(schemas[name] ?? null))
    }
  }
  for (const name of Object.keys(schemas)) if (!used.has(name)) delete schemas[name]
  return document
}

/**
 * The plugin drops what stands beside a `$ref`, so each answer is given to it the way OpenAPI has it: description, headers
 * and media type around the schema.
 */
function withMediaTypes(schema: FastifySchema): FastifySchema {
  const response: Record<string, unknown> = {}
  for (const [status, answer] of Object.entries<TSchema>(Object(schema?.response))) {
    const { description, headers, links: _links, examples: [example] = [], ...rest } = answer
    const { contentMediaType = 'application/json', ...content } = rest
    const about = { description, ...(headers ? { headers } : {}) }
    const media = { schema: content, ...(example === undefined ? {} : { example }) }
    response[status] =
      content.type === 'null'
        ? { ...about, type: 'null' }
        : { ...about, content: { [contentMediaType]: media } }
  }
  return { ...schema, response }
}
