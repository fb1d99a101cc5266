import type { TSchema } from '@sinclair/typebox'
import type { FastifyInstance, FastifySchema, RouteOptions } from 'fastify'
import fp from 'fastify-plugin'
import { MISSING, UNKNOWN } from '../../store/check.js'
import type { SecurityScheme } from '../auth/carriers.js'
import { AccessToken, Credentials } from '../auth/session.js'
import { mediaTypesOf, readsBody } from '../http/bodies.js'
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
      addImpliedResponses.call(this, route)
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
      errors.unsupportedMediaType(mediaTypesOf(schema)),
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
