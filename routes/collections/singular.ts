import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import {
  expectedVersions,
  IfMatch,
  IfNoneMatch,
  isKnown,
  tag,
} from '../../plugins/http/conditional.js'
import { errors, found } from '../../plugins/http/errors.js'
import { wantsEvents } from '../../plugins/http/event-stream.js'
import { FORM } from '../../plugins/http/form.js'
import { addressOf } from '../../plugins/http/record.js'
import { empty, failure, success } from '../../plugins/openapi/responses.js'
import { addRoute } from '../../plugins/route.js'
import type { FreeForm } from '../../store/free-form.js'
import { ONLY, type OwnRecord } from '../../store/own.js'
import { ref } from '../../store/schema.js'
import { guardOf } from './access.js'
import { bounded, merged, objectIn } from './contents.js'
import { feedAs, recordFeed, tooManyFeeds } from './feed.js'
import { mediaTypesOf, type Route } from './subject.js'
import { isMergePatch, MERGE_PATCH } from './writing.js'

/** How a write makes the resource out of what it is and what came. */
type Compose = (content: FreeForm, value: FreeForm, request: FastifyRequest) => FreeForm

/** Adds the routes of a single resource: there is always one, so that it can be changed, and not deleted. */
export function addSingular(app: FastifyInstance, route: Route): void {
  const { collection, names, schemas } = route
  const { access, name, path, records } = collection
  const { schema, single } = names
  const changeGuard = guardOf(app, access.change, false)
  const isStale = failure(`${name} is not as If-Match has it`, errors.preconditionFailed())
  const consumes = mediaTypesOf(collection)

  addRoute(app, {
    method: 'GET',
    url: path,
    guard: guardOf(app, access.read, false),
    schema: {
      operationId: `get${single}`,
      summary: `Get ${name}`,
      tags: [name],
      headers: IfNoneMatch,
      description: 'With `Accept: text/event-stream` what becomes of it from now on.',
      response: {
        200: {
          ...success(`What ${name} is`, schemas.record, ['cache-control?', 'etag?']),
          ...feedAs(collection),
        },
        304: empty('You have the latest version', ['etag']),
        503: tooManyFeeds,
      },
    },
    handler: async (request, reply) => {
      const record = await only(request)
      if (wantsEvents(request)) return recordFeed(collection, reply, record)
      return isKnown(request, reply, record) ? reply.code(304).send(undefined) : record.content
    },
  })

  const replace: Compose = (_content, value) => value
  const change: Compose = (content, value, request) =>
    isMergePatch(request) ? merged(content, value) : { ...content, ...value }
  addWrite('PUT', `replace${schema}`, `Replace ${name}`, replace)
  addWrite('POST', `create${schema}`, `Replace ${name}, as PUT does`, replace)
  addWrite('PATCH', `change${schema}`, `Change ${name}`, change)

  function addWrite(
    method: 'PATCH' | 'POST' | 'PUT',
    operationId: string,
    summary: string,
    compose: Compose,
  ): void {
    const status = method === 'POST' ? 201 : 200
    const isPart = method === 'PATCH'
    addRoute(app, {
      method,
      url: path,
      guard: changeGuard,
      schema: {
        operationId,
        summary,
        description: isPart
          ? 'What is given takes the place of what is there; the other fields stay.'
          : 'What is sent takes the place of all that is there.',
        tags: [name],
        consumes: isPart ? [...consumes, MERGE_PATCH] : [...consumes],
        headers: IfMatch,
        body: isPart
          ? ref(schemas.patch, {
              alsoAs: { [FORM]: ref(schemas.patchUpload), [MERGE_PATCH]: ref(schemas.mergePatch) },
            })
          : ref(schemas.input, { alsoAs: { [FORM]: ref(schemas.upload) } }),
        response: {
          [status]: success(
            `What ${name} is now`,
            schemas.record,
            status === 201 ? ['etag', 'location'] : ['etag'],
          ),
          412: isStale,
        },
      },
      handler: async (request: FastifyRequest, reply: FastifyReply) => {
        const value = objectIn(request.body)
        const isMerge = isPart && isMergePatch(request)
        if (!isMerge) collection.shape.check(request.world, name, value, isPart ? 'part' : 'whole')
        const { id } = await only(request)
        const record = await records(request.store).update(
          id,
          (old) => {
            const content = bounded(compose(old.content, value, request))
            if (isMerge) collection.shape.check(request.world, name, content, 'whole')
            return { content }
          },
          { versions: expectedVersions(request) },
        )
        const { content } = await written(record, request, reply)
        if (status === 201) {
          reply.header('location', addressOf(request, encodeURI(app.prefix + path)))
        }
        return reply.code(status).send(content)
      },
    })
  }

  async function only({ store }: FastifyRequest): Promise<OwnRecord> {
    return found(await records(store).getBy({ key: ONLY }), 'resource', name)
  }

  async function written(
    record: OwnRecord | undefined,
    request: FastifyRequest,
    reply: FastifyReply,
  ): Promise<OwnRecord> {
    const there = found(record, 'resource', name)
    await collection.shape.learn([there.content], request)
    tag(request, reply, there)
    return there
  }
}
