import { type TSchema, Type } from '@sinclair/typebox'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { withArticle } from '../../plugins/http/article.js'
import { tag as tagVersion } from '../../plugins/http/conditional.js'
import { errors } from '../../plugins/http/errors.js'
import { FORM } from '../../plugins/http/form.js'
import { MULTIPART } from '../../plugins/http/multipart.js'
import { addressOf } from '../../plugins/http/record.js'
import { answered, failure } from '../../plugins/openapi/responses.js'
import { addRoute } from '../../plugins/route.js'
import type { World } from '../../plugins/workspaces/world.js'
import { isObject } from '../../seed/json-type.js'
import type { FreeForm } from '../../store/free-form.js'
import { ref } from '../../store/schema.js'
import { guardOf } from './access.js'
import { isAsked, mediaTypesOf, type Route } from './subject.js'
import { create } from './writing.js'

interface Creating {
  readonly url: string
  readonly operationId: string
  readonly params?: TSchema
  /** The fields that new records get from the path, and the answer where that leads nowhere. */
  readonly nested?: {
    /** Which field that is. */
    readonly key: string
    readonly fields: (request: FastifyRequest) => Promise<FreeForm>
    readonly notFound: TSchema
    /** Whether it matters who somebody is that needs no token. */
    readonly isAsked: boolean
  }
}

/** Adds the route that creates the records of a collection, each by itself or many at once. */
export function addCreation(
  app: FastifyInstance,
  route: Route,
  { url, operationId, params, nested }: Creating,
): void {
  const { collection, names, schemas } = route
  const { access, name } = collection
  const one = ref(schemas.record)
  const current = (world: World): TSchema =>
    app.liveSchemas.get(String(schemas.input.$id))?.(world) ?? schemas.input
  const input = ref(nested ? nestedInput(app, operationId, nested.key, current) : schemas.input)
  addRoute(app, {
    method: 'POST',
    url,
    guard: guardOf(app, access.create, isAsked(route) || nested?.isAsked === true),
    schema: {
      operationId,
      summary: `Create ${withArticle(names.one)}`,
      description:
        'It gets an id, unless it brings one. A list of records creates them all, or none of them.',
      tags: [name],
      consumes: [...mediaTypesOf(collection), MULTIPART],
      ...(params ? { params } : {}),
      body: Type.Unsafe<unknown>({
        anyOf: [input, Type.Array(input)],
        alsoAs: { [FORM]: ref(schemas.upload), [MULTIPART]: ref(schemas.upload) },
      }),
      response: {
        201: answered(
          `The new ${names.one}, or the list of them`,
          Type.Unsafe<unknown>({ anyOf: [one, Type.Array(one)] }),
          ['etag?', 'location?'],
        ),
        ...(nested ? { 404: nested.notFound } : {}),
        ...(collection.isAccounts ? accountRefusals : {}),
        409: failure('Another record has this id', errors.idTaken(name, 1)),
      },
    },
    handler: async (request, reply) => createFrom(app, route, reply, await nested?.fields(request)),
  })
}

/** What a record is written as whose path says what is in one of its fields: whatever the body has there. */
function nestedInput(
  app: FastifyInstance,
  operationId: string,
  key: string,
  current: (world: World) => TSchema,
): TSchema {
  const $id = `${operationId.replace(/^create/, '')}NestedInput`
  app.liveSchemas.set($id, (world) => {
    const { required = [], properties = {}, examples, ...rest } = current(world)
    const { [key]: _named, ...others } = properties
    const needed = required.filter((name: string) => name !== key)
    return Type.Unsafe({
      ...rest,
      properties: others,
      ...(needed.length > 0 ? { required: needed } : {}),
      $id,
    })
  })
  // Not a schema of the scope's: of those Fastify makes a new compiler, and a copy for every route.
  return Type.Object({}, { $id, additionalProperties: true })
}

/**
 * Creates what the body of a request has in it, one record or a list of them.
 * @param fields what each gets beside
 * @returns the answer's body
 */
export async function createFrom(
  app: FastifyInstance,
  { collection }: Route,
  reply: FastifyReply,
  fields: FreeForm = {},
): Promise<unknown> {
  const { request } = reply
  const { body } = request
  const bodies: readonly unknown[] = Array.isArray(body) ? body : [body]
  const records = await create(
    collection,
    request,
    bodies.map((each) => (isObject(each) ? { ...each, ...fields } : each)),
    (index) => (Array.isArray(body) ? `/${index}` : ''),
  )
  reply.code(201)
  const [record] = records
  if (Array.isArray(body) || !record) return records.map(({ content }) => content)
  tagVersion(request, reply, record)
  const place = `${encodeURI(app.prefix + collection.path)}/${encodeURIComponent(record.key)}`
  reply.header('location', addressOf(request, place))
  return record.content
}

/** The answers of a route that makes or changes an account, when it doesn't. */
export const accountRefusals = {
  403: failure("It is not your account, or would be an admin's", errors.adminOnly()),
  409: failure('Another account has this name or email', errors.taken(['email'])),
  503: failure('Too many passwords wait to be hashed', errors.overloaded()),
}
