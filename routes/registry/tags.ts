import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { Type } from '@sinclair/typebox'
import type { FastifyRequest } from 'fastify'
import { errors, found } from '../../errors.js'
import { isTagExpected } from '../../plugins/conditional.js'
import { IfMatch, IfNoneMatch } from '../../schemas/record.js'
import { binary, empty, failure } from '../../schemas/response.js'
import type { Package, Tag } from '../../store/collections.js'
import { download, etagOf } from './download.js'
import { notYours, Parameters, requireOwner } from './parameters.js'

const Range = Type.Object({
  range: Type.Optional(Type.String({ description: 'The part that you want, such as bytes=0-99' })),
  'if-range': Type.Optional(
    Type.String({ description: 'The ETag of the file that you have a part of' }),
  ),
})

const FILE_HEADERS = ['accept-ranges', 'content-disposition', 'etag'] as const

const notFound = failure(
  'There is no such package, or no such tag',
  errors.recordNotFound('tag', ''),
)

/** Files under their tags: downloading and deleting. */
const tags: FastifyPluginAsyncTypebox = async (app) => {
  const { access } = app.guards

  for (const [path, suffix] of [
    ['/:package_name/:tag', ''],
    ['/packages/:package_name/:tag', 'AtPackages'],
  ] as const) {
    app.get(
      path,
      access({
        schema: {
          operationId: `downloadFile${suffix}`,
          summary: 'Download a file',
          tags: ['registry'],
          params: Parameters,
          headers: Type.Object({ ...IfNoneMatch.properties, ...Range.properties }),
          response: {
            200: binary('The file as it was uploaded', FILE_HEADERS),
            206: binary('The part that was asked for', [...FILE_HEADERS, 'content-range']),
            304: empty('You have it', ['etag']),
            404: notFound,
            416: failure('It has no such part', errors.rangeNotSatisfiable(1234)),
          },
        },
      }),
      async (request, reply) => {
        const { tag } = await tagAt(request, request.params)
        return download(request, reply, app.files, tag)
      },
    )

    app.delete(
      path,
      access({
        schema: {
          operationId: `deleteTag${suffix}`,
          summary: 'Delete a tag of your package, with its file',
          tags: ['registry'],
          params: Parameters,
          headers: IfMatch,
          response: {
            204: empty('The tag is gone'),
            403: notYours('delete from'),
            404: notFound,
            412: failure('The file is not as If-Match has it', errors.preconditionFailed()),
          },
        },
      }),
      async (request, reply) => {
        const { owned, tag } = await tagAt(request, request.params)
        requireOwner(request, owned, 'delete from')
        // A tag never gets another file, so there is nothing to be looked at in the same step.
        if (!isTagExpected(request, etagOf(tag))) throw errors.preconditionFailed()
        found(await request.store.tags.delete(tag.id), 'tag', tag.tag)
        return reply.code(204).send(undefined)
      },
    )
  }
}

/** @throws 404 */
async function tagAt(
  { store }: FastifyRequest,
  { package_name: name, tag }: Parameters,
): Promise<{ owned: Package; tag: Tag }> {
  const owned = found(await store.packages.getBy({ name }), 'package', name)
  return { owned, tag: found(await store.tags.getBy({ packageId: owned.id, tag }), 'tag', tag) }
}

export default tags
