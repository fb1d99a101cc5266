import swagger, { type SwaggerTransformObject } from '@fastify/swagger'
import type { TSchema } from '@sinclair/typebox'
import Fastify, { type FastifyInstance, type FastifySchema, type RouteOptions } from 'fastify'
import { version } from '../../config.js'
import type { SecurityScheme } from '../auth/carriers.js'
import type { Tag } from './document.js'

const DESCRIPTION = `A demo and prototyping API server. Its state lives in memory and goes when the process ends.

Every error has the same shape, \`Error\`. A known path answers another method with 405 and \`Allow\`. A request line or
headers that are too large (431), a request that takes too long to arrive (408), or one with another expectation than
\`100-continue\` (417) are refused before they reach a path. A fault of the server's own is a 500.`

/** What the document says beside the routes. */
export interface About {
  readonly tags: readonly Tag[]
  readonly securitySchemes: Readonly<Record<string, SecurityScheme>>
}

/**
 * Registers routes with @fastify/swagger, in a server of its own that answers nothing. It can still be added to.
 * @param schemas those that the routes refer to
 */
export async function describe(
  routes: readonly RouteOptions[],
  schemas: readonly unknown[],
  { tags, securitySchemes }: About,
): Promise<FastifyInstance> {
  const app = Fastify({ exposeHeadRoutes: false })
  for (const schema of schemas) app.addSchema(schema)
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
      // An operation that names no other is open to all.
      security: [],
      tags: [...tags],
      components: { securitySchemes },
    },
    convertConstToEnum: false,
    refResolver: { buildLocalReference: (json) => String(json.$id) },
    transformObject: (document) => withUsedComponents(withOptionalBodies(document)),
    transform: ({ schema, url, route }) => {
      const body = schema?.body ?? route.config?.streamedBody
      return { url, schema: withMediaTypes({ ...schema, ...(body ? { body } : {}) }) }
    },
  })
  for (const route of routes) app.route({ ...route, ...NO_WORK })
  return app
}

const NO_WORK = {
  handler: async () => {},
  validatorCompiler: () => () => true,
  serializerCompiler: () => () => '',
}

/** What of an operation in the document is looked at. */
interface Operation {
  readonly requestBody?: {
    required: boolean
    readonly content: { readonly [type: string]: { readonly schema: { readonly $ref?: string } } }
  }
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
