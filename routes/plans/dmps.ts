import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { type Static, Type } from '@sinclair/typebox'
import type { FastifyRequest } from 'fastify'
import { errors, found } from '../../plugins/http/errors.js'
import { linksOf, to } from '../../plugins/openapi/links.js'
import { failure, list, success } from '../../plugins/openapi/responses.js'
import { type Dmp as DmpRecord, newDmp, withoutOurs } from '../../store/collections.js'
import { type FreeForm, faultIn, MAX_DEPTH, MAX_VALUES } from '../../store/free-form.js'
import { Username } from '../../store/names.js'
import { equal } from '../../store/query.js'
import { answer, resource } from '../resource.js'

export const exampleTaskId = '019a8f2d-1c00-7a52-8b1f-3c4d5e6f7a8b'
export const examplePlanId = '019a8f2c-7b40-7c11-9d3e-5f6a2b1c0d4e'

/** A UUID of version 7, as plans and tasks have it. Not `format: uuid`: what is no UUID is as one that names nothing. */
export const PublicId = Type.String({
  maxLength: 128,
  description: 'A UUID',
  examples: [examplePlanId],
})

/**
 * What is said of records that have their id once more, as `_id`, which the original's front end reads. It isn't one of the
 * `properties`: `id` and `_id` are one name to openapi-generator, and a client with that name twice doesn't compile.
 */
export const WITH_SAME_ID = 'Its `_id` is the same as its `id`.'

/** What was done, and to what. */
export const Done = Type.Object(
  {
    id: PublicId,
    ok: Type.Boolean({ description: 'Always true' }),
    msg: Type.String({ description: 'What was done, for a person' }),
  },
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

/** A plan as it is shown: the fields that its owner wrote, and three of the server's. */
const Dmp = Type.Object(
  { id: PublicId, user: Username },
  {
    $id: 'Dmp',
    additionalProperties: true,
    description: `The fields that its owner wrote, and three of the server's. ${WITH_SAME_ID}`,
    examples: [{ id: examplePlanId, _id: examplePlanId, user: 'user', ...exampleContent }],
  },
)

const DmpFields = Type.Unsafe<FreeForm>({
  $id: 'DmpFields',
  type: 'object',
  maxProperties: MAX_VALUES,
  additionalProperties: true,
  description: `Any fields. \`id\`, \`_id\` and \`user\` are the server's, and are passed over. At most ${MAX_DEPTH} levels deep, and ${MAX_VALUES} values in all`,
  examples: [exampleContent],
})

export interface DmpOptions {
  /** How many plans a user may have. */
  readonly countLimit: number
  /** How large a plan can become, in bytes of JSON. */
  readonly sizeLimit: number
}

/** Data management plans: each is its owner's alone. */
const dmps: FastifyPluginAsyncTypebox<DmpOptions> = async (app, { countLimit, sizeLimit }) => {
  for (const schema of [Dmp, DmpFields]) app.addSchema(schema)
  const guard = app.guards.access

  /** @throws 400, 413 */
  const bounded = (content: FreeForm): FreeForm => {
    const fault = faultIn(content)
    if (fault) throw errors.invalid('body', fault)
    if (Buffer.byteLength(JSON.stringify(content)) > sizeLimit) throw errors.planTooLarge()
    return content
  }

  resource(app, {
    kind: 'DMP',
    noun: 'plan',
    tag: 'plans',
    path: '/dmps',
    key: {
      name: 'dmp_id',
      schema: PublicId,
      of: ({ publicId }: DmpRecord) => publicId,
      find: (dmps, id) => dmps.getBy({ publicId: id.toLowerCase() }),
    },
    records: ({ dmps }) => dmps,
    view: Dmp,
    toWire: ({ publicId, content }, _owner, { user }) => {
      return { id: publicId, _id: publicId, user: user.username, ...content }
    },
    ownerId: ({ userId }) => userId,
    sees: isOwn,
    notFound: failure('You have no plan with this id', errors.recordNotFound('DMP', 'none')),
    links: linksOf('dmp_id', 'getDmp', ['updateDmp', 'deleteDmp']),
    list: {
      operationId: 'listDmps',
      summary: 'List your plans',
      description: 'In the order of their creation.',
      guard,
      schema: list('Your plans, in the order of their creation', Dmp),
      select: (_query, { user }) => ({ where: equal({ userId: user.id }) }),
    },
    get: {
      operationId: 'getDmp',
      summary: 'Get one of your plans',
      description: "The fields that you wrote, and the server's own.",
      guard,
    },
    create: {
      operationId: 'createDmp',
      summary: 'Create a plan',
      description: 'A plan is a JSON object of any fields.',
      guard,
      body: DmpFields,
      fromWire: (body, { user }) => newDmp(user.id, bounded(body)),
      room: {
        bounds: ({ user }) => [{ where: { userId: user.id }, atMost: countLimit }],
        refusal: () => errors.noRoom('plans'),
        text: 'You have as many plans as you may have',
      },
      answer: answerDone('The plan is there', 'DMP created', 'location', 'etag'),
      links: to(['createTask'], { description: 'Send `id` as `dmp`' }),
    },
    replace: {
      operationId: 'updateDmp',
      summary: 'Change fields of one of your plans',
      description: 'Fields that are not named stay as they are.',
      guard,
      body: DmpFields,
      fromWire: (body) => {
        const fields = withoutOurs(body)
        return ({ content }) => ({ content: bounded({ ...content, ...fields }) })
      },
      answer: answerDone('The plan is changed', 'DMP updated', 'etag'),
    },
    remove: {
      operationId: 'deleteDmp',
      summary: 'Delete one of your plans',
      description: 'Its tasks and their documents stay.',
      guard,
      answer: answerDone('The plan is gone', 'DMP deleted'),
    },
  })
}

/** An answer that says what was done, and to which plan. */
function answerDone(description: string, msg: string, ...headers: ('etag' | 'location')[]) {
  return answer(
    success(description, Done, headers, done(examplePlanId, msg)),
    (_shown: unknown, { publicId }: DmpRecord) => done(publicId, msg),
  )
}

function isOwn({ user }: Pick<FastifyRequest, 'user'>, { userId }: DmpRecord): boolean {
  return userId === user.id
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
