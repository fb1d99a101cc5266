import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import type { FastifyRequest } from 'fastify'
import { IfMatch, isTagExpected } from '../../plugins/http/conditional.js'
import { DownloadHeaders, download, downloadAnswers, etagOf } from '../../plugins/http/download.js'
import { errors, found } from '../../plugins/http/errors.js'
import { linked, to } from '../../plugins/openapi/links.js'
import { empty, failure } from '../../plugins/openapi/responses.js'
import { addRoute } from '../../plugins/route.js'
import type { Tag } from '../../store/collections.js'
import { notYours, Parameters, requireOwner } from './packages.js'

const notFound = failure(
  'There is no such package, or no such tag',
  errors.recordNotFound('tag', ''),
)

/** What names the file, as links give it on. */
const named = { package_name: '$request.path.package_name', tag: '$request.path.tag' }

/** Files under their tags: downloading and deleting. */
const tags: FastifyPluginAsyncTypebox = async (app) => {
  const { access } = app.guards
  const answers = downloadAnswers(
    'The file as it was uploaded, with the media type that it was uploaded with',
  )

  for (const [path, suffix] of [
    ['/:package_name/:tag', ''],
    ['/packages/:package_name/:tag', 'AtPackages'],
  ] as const) {
    addRoute(app, {
      method: 'GET',
      url: path,
      guard: access,
      schema: {
        operationId: `downloadFile${suffix}`,
        summary: 'Download a file',
        description:
          'With the name and the media type that it was uploaded with. A part of it can be asked for with `Range`.',
        tags: ['registry'],
        params: Parameters,
        headers: DownloadHeaders,
        response: {
          ...answers,
          200: linked(
            answers[200],
            to([`deleteTag${suffix}`], {
              parameters: { ...named, 'If-Match': '$response.header.ETag' },
            }),
          ),
          404: notFound,
        },
      },
      handler: async (request, reply) => {
        const tag = await tagAt(request, request.params)
        return download(request, reply, { ...tag, ...tag.file }, () =>
          errors.recordNotFound('tag', tag.tag),
        )
      },
    })

    addRoute(app, {
      method: 'DELETE',
      url: path,
      guard: access,
      schema: {
        operationId: `deleteTag${suffix}`,
        summary: 'Delete a tag of your package, with its file',
        description:
          "Only the package's owner or an admin may. The package stays, even without tags.",
        tags: ['registry'],
        params: Parameters,
        headers: IfMatch,
        response: {
          204: linked(
            empty('The tag is gone'),
            to([`downloadFile${suffix}`], { parameters: named }),
          ),
          403: notYours('delete from'),
          404: notFound,
          412: failure('The file is not as If-Match has it', errors.preconditionFailed()),
        },
      },
      handler: async (request, reply) => {
        const { package_name: name } = request.params
        const [tag, owned] = await Promise.all([
          tagAt(request, request.params),
          request.store.packages.getBy({ name }),
        ])
        requireOwner(request, found(owned, 'package', name), 'delete from')
        // A tag never gets another file, so there is nothing to be looked at in the same step.
        if (!isTagExpected(request, etagOf(tag.file))) throw errors.preconditionFailed()
        found(await request.store.tags.delete(tag.id), 'tag', tag.tag)
        return reply.code(204).send(undefined)
      },
    })
  }
}

/** @throws 404 */
async function tagAt(
  { store }: FastifyRequest,
  { package_name: name, tag }: Parameters,
): Promise<Tag> {
  const record = await store.tags.referring('packageId', { name }).getBy({ tag })
  // Which of the two there is none of.
  if (!record) found(await store.packages.getBy({ name }), 'package', name)
  return found(record, 'tag', tag)
}

export default tags
