import type { Readable } from 'node:stream'
import multipart from '@fastify/multipart'
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { type Static, type TProperties, Type } from '@sinclair/typebox'
import type { FastifyRequest } from 'fastify'
import { errors } from '../../plugins/http/errors.js'
import { mediaTypeOf, partLimits, refuseLarge, safeFileName } from '../../plugins/http/multipart.js'
import { Id } from '../../plugins/http/record.js'
import { linked, to } from '../../plugins/openapi/links.js'
import { failure, success } from '../../plugins/openapi/responses.js'
import { addRoute } from '../../plugins/route.js'
import { compile, missingField } from '../../store/check.js'
import { type Package, PackageName, TagName } from '../../store/collections.js'
import { UniqueViolation } from '../../store/errors.js'
import { ref } from '../../store/schema.js'
import { notYours, PackageParams, Parameters, requireOwner } from './packages.js'
import { readUpload, type Upload } from './parts.js'

const Uploaded = Type.Object(
  { package_id: Id, tag_id: Id },
  { $id: 'Uploaded', additionalProperties: false, examples: [{ package_id: 1, tag_id: 1 }] },
)

const file = Type.Unsafe<Readable>({ type: 'string', format: 'binary', description: 'The file' })
const asJson = (parameters: TProperties) =>
  Type.String({
    contentMediaType: 'application/json',
    contentSchema: Type.Partial(Type.Object(parameters), { additionalProperties: false }),
    description:
      'The parameters as JSON, here or in the filename of this part: in place of fields, or saying the same. An empty part is as none',
    examples: ['{}'],
  })

/** The body of an upload, as the document shows it. Parameters that are in the path are not in the body. */
const uploadBody = ($id: string, parameters: TProperties, example: object) =>
  Type.Object(
    { ...parameters, json: Type.Optional(asJson(parameters)), file },
    { $id, additionalProperties: false, examples: [{ ...example, file: 'the bytes' }] },
  )

const PackageUpload = uploadBody(
  'PackageUpload',
  { package_name: PackageName, tag: TagName },
  { package_name: 'package', tag: '1.0.0' },
)
const TagUpload = uploadBody('TagUpload', { tag: TagName }, { tag: '1.0.0' })
const FileUpload = uploadBody('FileUpload', {}, {})

const isParameters = compile(Parameters)

/** Where an upload can go to, and what is left for its body to say. */
const UPLOADS = [
  { path: '/packages', params: undefined, body: PackageUpload, operationId: 'uploadPackage' },
  { path: '/:package_name', params: PackageParams, body: TagUpload, operationId: 'uploadTag' },
  {
    path: '/packages/:package_name',
    params: PackageParams,
    body: TagUpload,
    operationId: 'uploadTagAtPackages',
  },
  { path: '/:package_name/:tag', params: Parameters, body: FileUpload, operationId: 'uploadFile' },
  {
    path: '/packages/:package_name/:tag',
    params: Parameters,
    body: FileUpload,
    operationId: 'uploadFileAtPackages',
  },
]

export interface UploadOptions {
  /** The largest file, in bytes. */
  readonly uploadLimit: number
}

/** Uploading files under new tags. */
const uploads: FastifyPluginAsyncTypebox<UploadOptions> = async (app, { uploadLimit }) => {
  for (const schema of [Uploaded, PackageUpload, TagUpload, FileUpload]) app.addSchema(schema)
  const { access } = app.guards

  // Two files: the file, and the part whose filename has the parameters. A package's name is looked for in a filename, slash and all.
  await app.register(multipart, {
    preservePath: true,
    limits: partLimits(uploadLimit, { files: 2, fields: 10, parts: 20 }),
  })
  // An upload is multipart/form-data, and nothing else.
  app.removeContentTypeParser('application/json')

  /** What can be told before the body is read. */
  const refuseEarly = async (request: FastifyRequest) => {
    refuseLarge(request, uploadLimit)
    const { package_name: name = '', tag = '' } = pathOf(request)
    const { packages, tags } = request.store
    const [existing, taken] = await Promise.all([
      packages.getBy({ name }),
      tags.referring('packageId', { name }).getBy({ tag }),
    ])
    if (!existing) return
    requireOwner(request, existing, 'add to')
    if (taken) throw errors.taken(['packageId', 'tag'])
  }

  for (const { path, params, body, operationId } of UPLOADS) {
    const suffix = operationId.endsWith('AtPackages') ? 'AtPackages' : ''
    // Where links find what names the file.
    const placeOf = (name: string) =>
      path.includes(`:${name}`) ? `$request.path.${name}` : `$request.body#/${name}`
    const named = { package_name: placeOf('package_name'), tag: placeOf('tag') }
    addRoute(app, {
      method: 'POST',
      url: path,
      guard: access,
      schema: {
        operationId,
        summary: 'Upload a file under a new tag',
        description:
          'The first upload makes the package, and who uploads it owns it. Only the owner or an admin adds tags.',
        tags: ['registry'],
        consumes: ['multipart/form-data'],
        ...(params ? { params } : {}),
        response: {
          200: linked(
            success('The file is there', Uploaded),
            to([`downloadFile${suffix}`, `deleteTag${suffix}`], { parameters: named }),
            to([`listTags${suffix}`, `deletePackage${suffix}`], {
              parameters: { package_name: named.package_name },
            }),
          ),
          403: notYours('add to'),
          409: failure('The package has this tag', errors.taken(['packageId', 'tag'])),
          507: failure('You have as many files as you may have', errors.noRoom('files')),
        },
      },
      streamedBody: ref(body),
      refuseEarly,
      handler: async (request) => {
        const { parameters, file } = await readUpload(request, request.store.files, uploadLimit)
        try {
          return await storeUpload(request, parameters, file)
        } finally {
          await file?.received.release()
        }
      },
    })
  }
}

/** The parameters that a path has. */
function pathOf({ params }: FastifyRequest): Partial<Parameters> {
  return Object(params)
}

/**
 * Puts an upload into the store: its content, its package if that is new, and its tag.
 * @throws 400 when something is missing or wrong, 403, 409; nothing is kept then
 */
async function storeUpload(
  request: FastifyRequest,
  inBody: Upload['parameters'],
  file: Upload['file'],
): Promise<Static<typeof Uploaded>> {
  const inPath = pathOf(request)
  const parameters = { ...inBody, ...inPath }
  if (!isParameters(parameters)) throw errors.invalid('body', isParameters.fault())
  if (!file) throw errors.invalid('body', missingField('file'))
  for (const [name, value] of Object.entries(inPath)) {
    if (name in inBody && inBody[name] !== value) {
      throw errors.invalid('body', { path: `/${name}`, code: 'elsewhere' })
    }
  }
  const { package_name: name, tag } = parameters
  const { size, sha256 } = file.received
  const { id: packageId } = await ownPackage(request, name)
  const { id } = await request.store.tags.insert({
    packageId,
    userId: request.user.id,
    tag,
    file: { sha256, size },
    fileName: safeFileName(file.name),
    contentType: mediaTypeOf(file.type),
    postedAt: request.world.date(),
  })
  return { package_id: packageId, tag_id: id }
}

/** The package of a name, which is made where there is none. @throws 403 when it is another user's */
async function ownPackage(request: FastifyRequest, name: string): Promise<Package> {
  const { store, user } = request
  let owned = await store.packages.getBy({ name })
  if (!owned) {
    try {
      return await store.packages.insert({ name, userId: user.id })
    } catch (error) {
      if (!(error instanceof UniqueViolation)) throw error
      // Another upload was faster.
      owned = await store.packages.getBy({ name })
      if (!owned) throw errors.conflict()
    }
  }
  requireOwner(request, owned, 'add to')
  return owned
}

export default uploads
