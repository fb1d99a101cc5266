import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { type Static, Type } from '@sinclair/typebox'
import type { FastifyRequest } from 'fastify'
import {
  expectedVersions,
  IfMatch,
  IfNoneMatch,
  isKnown,
  tag,
} from '../../plugins/http/conditional.js'
import { errors, found } from '../../plugins/http/errors.js'
import { locationOf } from '../../plugins/http/record.js'
import { linked, linksOf, to } from '../../plugins/openapi/links.js'
import { empty, failure, list, success } from '../../plugins/openapi/responses.js'
import { addRoute } from '../../plugins/route.js'
import { type Dmp as DmpRecord, newDmp, Username, withoutOurs } from '../../store/collections.js'
import { type FreeForm, faultIn, MAX_DEPTH, MAX_VALUES } from '../../store/free-form.js'
import { all } from '../../store/lookups.js'
import { equal } from '../../store/query.js'
import { ref } from '../../store/schema.js'

export const exampleTaskId = '019a8f2d-1c00-7a52-8b1f-3c4d5e6f7a8b'
export const examplePlanId = '019a8f2c-7b40-7c11-9d3e-5f6a2b1c0d4e'

/** A UUID of version 7, as plans and tasks have it. Not `format: uuid`: what is no UUID is as one that names nothing. */
export const PublicId = Type.String({
  maxLength: 128,
  description: 'A UUID',
  examples: [examplePlanId],
})

/** What was done, and to what. */
export const Done = Type.Object(
  { id: PublicId, ok: Type.Literal(true), msg: Type.String() },
  {
    $id: 'Done',
    additionalProperties: false,
    examples: [{ id: examplePlanId, ok: true, msg: 'DMP created' }],
  },
)

/** What a change of the record with this id is answered with. */
export function done(id: string, msg: string): Static<typeof Done> {
  return { id, ok: true, msg }
}

const exampleContent = {
  title: 'Data management plan of the harbour survey',
  project: 'Harbour survey',
  datasets: [{ name: 'Samples', format: 'CSV' }],
  licence: 'CC BY 4.0',
}

/** A plan as it is shown: the fields that its owner wrote, and two of the server's. */
const Dmp = Type.Object(
  { id: PublicId, user: Username },
  {
    $id: 'Dmp',
    additionalProperties: true,
    examples: [{ id: examplePlanId, user: 'user', ...exampleContent }],
  },
)

const DmpFields = Type.Unsafe<FreeForm>({
  $id: 'DmpFields',
  type: 'object',
  maxProperties: MAX_VALUES,
  additionalProperties: true,
  description: `Any fields. \`id\` and \`user\` are the server's, and are passed over. At most ${MAX_DEPTH} levels deep, and ${MAX_VALUES} values in all`,
  examples: [exampleContent],
})

const DmpParams = Type.Object({ dmp_id: PublicId })

const links = linksOf('dmp_id', 'getDmp', ['updateDmp', 'deleteDmp'])
const notFound = failure('You have no plan with this id', errors.recordNotFound('DMP', 'none'))
const stale = failure('The plan is not as If-Match has it', errors.preconditionFailed())

export interface DmpOptions {
  /** How large a plan can become, in bytes of JSON. */
  readonly sizeLimit: number
}

/** Data management plans: each is its owner's alone. */
const dmps: FastifyPluginAsyncTypebox<DmpOptions> = async (app, { sizeLimit }) => {
  for (const schema of [Dmp, DmpFields]) app.addSchema(schema)
  const { access } = app.guards

  /** @throws 400, 413 */
  const bounded = (content: FreeForm): FreeForm => {
    const fault = faultIn(content)
    if (fault) throw errors.invalid('body', fault)
    if (Buffer.byteLength(JSON.stringify(content)) > sizeLimit) throw errors.planTooLarge()
    return content
  }

  addRoute(app, {
    method: 'GET',
    url: '/dmps',
    guard: access,
    schema: {
      operationId: 'listDmps',
      summary: 'List your plans',
      tags: ['plans'],
      response: { 200: list('Your plans, in the order of their creation', Dmp) },
    },
    handler: async ({ store, user }) => {
      const dmps = await all(store.dmps, { where: equal({ userId: user.id }) })
      return dmps.map((dmp) => shown(dmp, user.username))
    },
  })

  addRoute(app, {
    method: 'POST',
    url: '/dmps',
    guard: access,
    schema: {
      operationId: 'createDmp',
      summary: 'Create a plan',
      tags: ['plans'],
      body: ref(DmpFields),
      response: {
        201: linked(
          links.shows(
            success('The plan is there', Done, ['location', 'etag'], done(examplePlanId, CREATED)),
            '$response.body#/id',
          ),
          to(['createTask'], { requestBody: { dmp: '$response.body#/id' } }),
        ),
      },
    },
    handler: async (request, reply) => {
      const { store, user } = request
      const dmp = await store.dmps.insert(newDmp(user.id, bounded(request.body)))
      tag(request, reply, dmp, user)
      reply.code(201).header('location', locationOf(request, dmp.publicId))
      return done(dmp.publicId, CREATED)
    },
  })

  addRoute(app, {
    method: 'GET',
    url: '/dmps/:dmp_id',
    guard: access,
    schema: {
      operationId: 'getDmp',
      summary: 'Get one of your plans',
      tags: ['plans'],
      params: DmpParams,
      headers: IfNoneMatch,
      response: {
        200: links.shows(success('The plan', Dmp, ['etag'])),
        304: empty('You have the latest version', ['etag']),
        404: notFound,
      },
    },
    handler: async (request, reply) => {
      const { user } = request
      const dmp = await ownDmp(request, request.params.dmp_id)
      if (isKnown(request, reply, dmp, user)) return reply.code(304).send(undefined)
      return shown(dmp, user.username)
    },
  })

  addRoute(app, {
    method: 'PUT',
    url: '/dmps/:dmp_id',
    guard: access,
    schema: {
      operationId: 'updateDmp',
      summary: 'Change fields of one of your plans',
      description: 'Fields that are not named stay as they are.',
      tags: ['plans'],
      params: DmpParams,
      headers: IfMatch,
      body: ref(DmpFields),
      response: {
        200: links.shows(
          success('The plan is changed', Done, ['etag'], done(examplePlanId, UPDATED)),
        ),
        404: notFound,
        412: stale,
      },
    },
    handler: async (request, reply) => {
      const { params, store, user } = request
      const { id, publicId } = await ownDmp(request, params.dmp_id)
      const fields = withoutOurs(request.body)
      const change = store.dmps.update(
        id,
        ({ content }) => ({ content: bounded({ ...content, ...fields }) }),
        { versions: expectedVersions(request, true) },
      )
      tag(request, reply, found(await change, 'DMP', publicId), user)
      return done(publicId, UPDATED)
    },
  })

  addRoute(app, {
    method: 'DELETE',
    url: '/dmps/:dmp_id',
    guard: access,
    schema: {
      operationId: 'deleteDmp',
      summary: 'Delete one of your plans',
      description: 'Its tasks and their documents stay.',
      tags: ['plans'],
      params: DmpParams,
      headers: IfMatch,
      response: {
        200: links.ends(success('The plan is gone', Done, [], done(examplePlanId, DELETED))),
        404: notFound,
        412: stale,
      },
    },
    handler: async (request) => {
      const { params, store } = request
      const { id, publicId } = await ownDmp(request, params.dmp_id)
      const versions = expectedVersions(request, true)
      found(await store.dmps.delete(id, { versions }), 'DMP', publicId)
      return done(publicId, DELETED)
    },
  })
}

const CREATED = 'DMP created'
const UPDATED = 'DMP updated'
const DELETED = 'DMP deleted'

function shown({ publicId, content }: DmpRecord, username: string): Static<typeof Dmp> {
  return { id: publicId, user: username, ...content }
}

/** @throws 404 also when it is another user's: who owns what is nobody's business */
export async function ownDmp(
  { store, user }: Pick<FastifyRequest, 'store' | 'user'>,
  id: string,
): Promise<DmpRecord> {
  const dmp = await store.dmps.getBy({ publicId: id.toLowerCase() })
  return found(dmp?.userId === user.id ? dmp : undefined, 'DMP', id)
}

export default dmps
