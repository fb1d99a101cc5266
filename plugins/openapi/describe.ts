import swagger from '@fastify/swagger'
import type { TSchema } from '@sinclair/typebox'
import Fastify, { type FastifyInstance, type FastifySchema, type RouteOptions } from 'fastify'
import { version } from '../../config.js'
import type { SecurityScheme } from '../auth/carriers.js'
import { completed } from './whole.js'

/** What the whole document begins with. */
function introduction(hasDatabase: boolean): string {
  const state = hasDatabase
    ? 'Its state is in a database, which other processes may share, and stays when the process ends'
    : 'Its state lives in memory and goes when the process ends'
  const workspaces = hasDatabase
    ? 'a workspace, of which there are none with a database (501)'
    : 'a name that no workspace can have (400), a workspace for which there is no room (503)'
  const files = hasDatabase
    ? 'system has no descriptor left or the database can not be reached (503)'
    : "system has no descriptor left or can't reach its files (503)"
  return `A demo and prototyping API server. ${state}.

Every error has the same shape, \`Problem\`. A known path answers another method with 405 and \`Allow\`. A request line or
headers that are too large (431), ${workspaces}, a request that takes too long to arrive (408), one with another expectation than
\`100-continue\` (417), or with another transfer coding than \`chunked\` (501) are refused before they reach a path. Where the disk is full, or what is
stored has reached a limit (507), or the
${files}, \`Retry-After\` says when to try again. A fault of the server's own is a 500.

What depends on a token is for the client alone: \`Cache-Control\` is \`private, no-cache\` or \`no-store\`, and \`Vary\` names the headers
that could have brought the token, in every answer of an operation that takes one.`
}

/** Where the server is by default, for a document that no request has asked for. */
const SERVER = 'http://localhost:3000'

/** What operations are grouped by. */
export interface Tag {
  readonly name: string
  readonly description: string
}

/** What the document says beside the routes. */
export interface About {
  readonly tags: readonly Tag[]
  readonly securitySchemes: Readonly<Record<string, SecurityScheme>>
  /** Whether its state is in a database. */
  readonly hasDatabase: boolean
}

/**
 * Registers routes with @fastify/swagger, in a server of its own that answers nothing. It can still be added to.
 * @param schemas those that the routes refer to
 */
export async function describe(
  routes: readonly RouteOptions[],
  schemas: readonly unknown[],
  { tags, securitySchemes, hasDatabase }: About,
): Promise<FastifyInstance> {
  const app = Fastify({ exposeHeadRoutes: false })
  for (const schema of schemas) app.addSchema(schema)
  await app.register(swagger, {
    openapi: {
      openapi: '3.1.0',
      info: {
        title: 'Slipway',
        version,
        description: introduction(hasDatabase),
        contact: { name: 'The Slipway authors' },
        license: { name: 'MIT', identifier: 'MIT' },
      },
      servers: [{ url: SERVER, description: 'This server' }],
      // An operation that names no other is open to all.
      security: [],
      tags: [...tags],
      components: { securitySchemes },
    },
    convertConstToEnum: false,
    refResolver: { buildLocalReference: (json) => String(json.$id) },
    transformObject: (document) =>
      'openapiObject' in document ? completed(document.openapiObject) : document.swaggerObject,
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

/**
 * The plugin drops what stands beside a `$ref`, so each answer is given to it the way OpenAPI has it: description, headers
 * and media type around the schema.
 */
function withMediaTypes(schema: FastifySchema): FastifySchema {
  const response: Record<string, unknown> = {}
  for (const [status, answer] of Object.entries<TSchema>(Object(schema?.response))) {
    const { description, headers, links: _links, examples: [example] = [], ...rest } = answer
    const { contentMediaType = 'application/json', alsoAs = {}, ...content } = rest
    const about = { description, ...(headers ? { headers } : {}) }
    const media = { schema: content, ...(example === undefined ? {} : { example }) }
    response[status] =
      content.type === 'null'
        ? { ...about, type: 'null' }
        : { ...about, content: { [contentMediaType]: media, ...alsoAs } }
  }
  return { ...schema, response, ...bodyAs(schema) }
}

/** A body that is something else in some of its media types, the way OpenAPI has it. */
function bodyAs(schema: FastifySchema): { readonly body?: object } {
  const { alsoAs, ...body }: TSchema = Object(schema.body)
  if (!alsoAs) return {}
  const content = (schema.consumes ?? []).map((type) => [
    type,
    { schema: alsoAs[type] ?? { ...body } },
  ])
  return { body: { content: Object.fromEntries(content) } }
}
