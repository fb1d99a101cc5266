import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { type Static, Type } from '@sinclair/typebox'
import type { FastifyRequest } from 'fastify'
import { errors, found, ownersOnly } from '../../plugins/http/errors.js'
import { answerList } from '../../plugins/http/list.js'
import { Id } from '../../plugins/http/record.js'
import { linked, to } from '../../plugins/openapi/links.js'
import { empty, failure, list } from '../../plugins/openapi/responses.js'
import { addRoute } from '../../plugins/route.js'
import { compile } from '../../store/check.js'
import { type Package, PackageName, TagName } from '../../store/collections.js'
import { contains } from '../../store/query.js'

/** What names a file: in a path, or in the body of an upload. */
export const Parameters = Type.Object(
  { package_name: PackageName, tag: TagName },
  { additionalProperties: false },
)
export type Parameters = Static<typeof Parameters>

export const PackageParams = Type.Pick(Parameters, ['package_name'])

export const notYours = (action: string) =>
  failure("It is another user's package", errors.notOwner(action, 'package'))

/** @throws 403 unless the package is the user's, or the user an admin */
export function requireOwner({ user }: FastifyRequest, { userId }: Package, action: string): void {
  if (!user.admin && userId !== user.id) throw errors.notOwner(action, 'package')
}

const PackageEntry = Type.Object(
  { id: Id, title: PackageName },
  { $id: 'PackageEntry', additionalProperties: false, examples: [{ id: 1, title: 'package' }] },
)

const TagEntry = Type.Object(
  { id: Id, tag: TagName },
  { $id: 'TagEntry', additionalProperties: false, examples: [{ id: 1, tag: '1.0.0' }] },
)

const Search = Type.Object({
  search: Type.Optional(
    Type.String({ maxLength: 200, description: 'Text to look for, letter case aside' }),
  ),
})

/** For tags the original program had another name for it. */
const TagSearch = Type.Object({
  ...Search.properties,
  tag_search: Type.Optional(
    Type.String({ maxLength: 200, description: 'The same as `search`, and goes before it' }),
  ),
})
type TagSearch = Static<typeof TagSearch>

const closed = { additionalProperties: false }
const isSearch = compile(Type.Object(Search.properties, closed))
const isTagSearch = compile(Type.Object(TagSearch.properties, closed))

const notFound = failure('No package has this name', errors.recordNotFound('package', 'name'))

/** The package's name, as links give it on. */
const NAME = '$request.path.package_name'

const bodyRefusals = {
  413: failure('The body is larger than BODY_LIMIT', errors.tooLarge()),
  415: failure('The body is not JSON', errors.unsupportedMediaType(['application/json'])),
}

/** Looking for packages and for tags. Beside the query, the text to look for can be in the JSON body of the GET. */
const packages: FastifyPluginAsyncTypebox = async (app) => {
  for (const schema of [PackageEntry, TagEntry]) app.addSchema(schema)
  const { access } = app.guards

  /**
   * What a request looks for, in its query or in its body.
   * @param isTaken says whether a body is one that may be here
   */
  const textOf = async (
    request: FastifyRequest,
    { tag_search, search }: TagSearch,
    isTaken: typeof isTagSearch,
  ): Promise<string | undefined> => {
    const text = tag_search ?? search
    if (text !== undefined) return text
    const body = await app.readJson(request)
    if (body === undefined) return undefined
    if (!isTaken(body)) throw errors.invalid('body', isTaken.fault())
    return body.tag_search ?? body.search
  }

  addRoute(app, {
    method: 'GET',
    url: '/packages',
    guard: access,
    schema: {
      operationId: 'listPackages',
      summary: 'List packages',
      description:
        'All, or those whose names contain a text. The text can be in the query, or as `search` in a JSON body.',
      tags: ['registry'],
      querystring: Search,
      response: {
        200: list('The packages whose names contain the text, by id', PackageEntry),
        ...bodyRefusals,
      },
    },
    handler: async (request, reply) => {
      const text = await textOf(request, request.query, isSearch)
      const where = text ? contains('name', text) : undefined
      return answerList(reply, request.store.packages, { where }, (packages) =>
        packages.map(({ id, name }) => ({ id, title: name })),
      )
    },
  })

  for (const [path, suffix] of [
    ['/:package_name', ''],
    ['/packages/:package_name', 'AtPackages'],
  ] as const) {
    addRoute(app, {
      method: 'GET',
      url: path,
      guard: access,
      schema: {
        operationId: `listTags${suffix}`,
        summary: "List a package's tags",
        description:
          'All, or those that contain a text. The text can be in the query, or as `search` in a JSON body.',
        tags: ['registry'],
        params: PackageParams,
        querystring: TagSearch,
        response: {
          200: linked(
            list('The tags that contain the text, by id', TagEntry),
            to([`deletePackage${suffix}`], { parameters: { package_name: NAME } }),
          ),
          404: notFound,
          ...bodyRefusals,
        },
      },
      handler: async (request, reply) => {
        const { package_name: name } = request.params
        const text = await textOf(request, request.query, isTagSearch)
        const { packages, tags } = request.store
        const where = text ? contains('tag', text) : undefined
        const read = tags.referring('packageId', { name })
        return answerList(reply, read, { where }, async (tags, total) => {
          // What has tags is there.
          if (total === 0) found(await packages.getBy({ name }), 'package', name)
          return tags.map(({ id, tag }) => ({ id, tag }))
        })
      },
    })

    addRoute(app, {
      method: 'DELETE',
      url: path,
      guard: access,
      schema: {
        operationId: `deletePackage${suffix}`,
        summary: 'Delete a package of yours, with all its tags',
        description: 'Only its owner or an admin may. The files go too.',
        tags: ['registry'],
        params: PackageParams,
        response: {
          204: linked(
            empty('The package is gone'),
            to([`listTags${suffix}`], { parameters: { package_name: NAME } }),
          ),
          403: notYours('delete'),
          404: notFound,
        },
      },
      handler: async (request, reply) => {
        const { package_name: name } = request.params
        const { id } = found(await request.store.packages.getBy({ name }), 'package', name)
        const where = request.user.admin ? {} : { userId: request.user.id }
        const deletion = request.store.packages.delete(id, { where })
        found(await ownersOnly(deletion, 'delete', 'package'), 'package', name)
        return reply.code(204).send(undefined)
      },
    })
  }
}

export default packages
