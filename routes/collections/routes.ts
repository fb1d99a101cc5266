import { Type } from '@sinclair/typebox'
import type { FastifyInstance, FastifyRequest } from 'fastify'
import { withArticle } from '../../plugins/http/article.js'
import { wantsEvents } from '../../plugins/http/event-stream.js'
import { FORM } from '../../plugins/http/form.js'
import { MULTIPART } from '../../plugins/http/multipart.js'
import { success } from '../../plugins/openapi/responses.js'
import type { FreeForm } from '../../store/free-form.js'
import type { OwnRecord } from '../../store/own.js'
import { resource } from '../resource.js'
import { guardOf, hidesAny } from './access.js'
import { accountRefusals, addCreation } from './creation.js'
import { feedAs, recordFeed, tooManyFeeds } from './feed.js'
import { queryOf } from './listing.js'
import { related } from './query-schema.js'
import { wantsRelated, withRelated } from './related.js'
import { isAsked, listOf, mediaTypesOf, type Route, subjectOf } from './subject.js'
import { change, MERGE_PATCH, replacement } from './writing.js'

/** Adds the routes of a collection, as a resource. */
export function addCollection(app: FastifyInstance, route: Route): void {
  const { own, collection, names, schemas } = route
  const { access, name } = collection
  const { one, single, plural } = names
  const readGuard = guardOf(app, access.read, hidesAny(own))
  const changeGuard = guardOf(app, access.change, isAsked(route))
  const learned = {
    schema: success(`The ${one} as it is now`, schemas.record, ['etag']),
    toBody: async (shown: FreeForm, _record: OwnRecord, request: FastifyRequest) => {
      await collection.shape.learn([shown], request)
      return shown
    },
  }
  const consumes = [...mediaTypesOf(collection), MULTIPART]
  const answers = collection.isAccounts ? accountRefusals : {}

  resource<OwnRecord, FreeForm, string, FreeForm, unknown, unknown, unknown>(app, {
    ...subjectOf(route),
    list: {
      ...listOf(route),
      operationId: `list${plural}`,
      summary: `List ${name}`,
      guard: readGuard,
    },
    get: {
      operationId: `get${single}`,
      summary: `Get ${withArticle(one)}`,
      querystring: Type.Object(related),
      guard: readGuard,
      description:
        'With `Accept: text/event-stream` what happens to it from now on, until it is deleted.',
      isComposed: (request) => wantsRelated(queryOf(collection, request)),
      instead: (reply, record) =>
        wantsEvents(reply.request) ? recordFeed(collection, reply, record) : undefined,
      answers: { 503: tooManyFeeds },
      answer: {
        schema: {
          ...success(`The ${one}; without an ETag where others are put in`, schemas.record, [
            'cache-control?',
            'etag?',
          ]),
          ...feedAs(collection),
        },
        toBody: async (shown, _record, request) => {
          const query = queryOf(collection, request)
          if (!wantsRelated(query)) return shown
          const [body] = await withRelated(own, collection, request, [shown], query)
          return body
        },
      },
    },
    replace: {
      operationId: `replace${single}`,
      summary: `Replace ${withArticle(one)}`,
      description: 'The record keeps its id and its place in the list.',
      guard: changeGuard,
      consumes,
      body: schemas.input,
      alsoAs: { [FORM]: schemas.upload, [MULTIPART]: schemas.upload },
      answer: learned,
      answers,
      fromWire: (body, request, key) => replacement(collection, body, request, key),
    },
    change: {
      operationId: `change${single}`,
      summary: `Change ${withArticle(one)}`,
      description: 'What is given takes the place of what is there; the other fields stay.',
      guard: changeGuard,
      consumes: [...consumes, MERGE_PATCH],
      body: schemas.patch,
      alsoAs: {
        [FORM]: schemas.patchUpload,
        [MULTIPART]: schemas.patchUpload,
        [MERGE_PATCH]: schemas.mergePatch,
      },
      answer: learned,
      answers,
      fromWire: (body, request, key) => change(collection, body, request, key),
    },
    remove: {
      operationId: `delete${single}`,
      summary: `Delete ${withArticle(one)}`,
      description: 'The records that name it go with it, unless the data file says otherwise.',
      guard: changeGuard,
      ignoresBody: true,
      answer: {
        schema: success(`The ${one} that is gone`, schemas.record),
        toBody: (shown) => shown,
      },
    },
  })
  addCreation(app, route, { url: collection.path, operationId: `create${single}` })
}
