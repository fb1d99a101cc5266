import { Type } from '@sinclair/typebox'
import type { FastifyInstance, FastifyRequest } from 'fastify'
import { DownloadHeaders, download, downloadAnswers } from '../../plugins/http/download.js'
import { errors, found } from '../../plugins/http/errors.js'
import { addressOf } from '../../plugins/http/record.js'
import { failure } from '../../plugins/openapi/responses.js'
import { addRoute } from '../../plugins/route.js'
import type { FreeForm } from '../../store/free-form.js'
import type { OwnFile, OwnRecord } from '../../store/own.js'
import { ref } from '../../store/schema.js'
import { guardOf, maySee } from './access.js'
import type { OwnCollection } from './collection.js'
import type { Route } from './subject.js'

/** The files that a request has brought, by the objects that stand for them in its body. */
const brought = new WeakMap<object, OwnFile>()

/** What stands for a file in a body, until the record is known that it goes into. */
export function fileIn(request: FastifyRequest, file: OwnFile): FreeForm {
  const value = shownAs(file, addressOf(request, `/files/${file.name}`))
  brought.set(value, file)
  return value
}

/**
 * A record's content with the addresses of the files that have come with it, and all the files that it then has: those, and of
 * those that it had each that it still has the address of.
 * @param old the files that it had
 */
export function withFiles(
  { path }: OwnCollection,
  request: FastifyRequest,
  key: string,
  content: FreeForm,
  old: readonly OwnFile[] = [],
): { readonly content: FreeForm; readonly files: OwnFile[] | null } {
  const files: OwnFile[] = []
  const placed = (value: unknown): unknown => {
    if (Array.isArray(value)) return value.some(isBrought) ? value.map(placed) : value
    const file = isBrought(value) ? brought.get(value) : undefined
    if (!file) return value
    files.push(file)
    const itsPath = `${request.server.prefix}${encodeURI(path)}/${encodeURIComponent(key)}`
    return shownAs(file, addressOf(request, `${itsPath}/files/${file.name}`))
  }
  const isUpload = Object.values(content).some((value) => [value].flat().some(isBrought))
  const next = isUpload
    ? Object.fromEntries(Object.entries(content).map(([name, value]) => [name, placed(value)]))
    : content
  if (old.length > 0) {
    const named = namesIn(next)
    files.push(...old.filter(({ name }) => named.has(name)))
  }
  return { content: next, files: files.length > 0 ? files : null }
}

function isBrought(value: unknown): value is object {
  return typeof value === 'object' && value !== null && brought.has(value)
}

function shownAs({ fileName, contentType, size }: OwnFile, url: string): FreeForm {
  return { name: fileName, type: contentType, size, url }
}

/** The names of files in the addresses that there are in a value, however deep. A file's name is long, and random. */
function namesIn(content: FreeForm): ReadonlySet<string> {
  const names = new Set<string>()
  const open: unknown[] = [content]
  while (open.length > 0) {
    const value = open.pop()
    if (typeof value !== 'object' || value === null) continue
    const url = 'url' in value && typeof value.url === 'string' ? value.url : ''
    const name = url.slice(url.lastIndexOf('/') + 1)
    if (name) names.add(name)
    for (const inner of Object.values(value)) open.push(inner)
  }
  return names
}

/** What a browser may show by itself: it holds nothing that would run. */
const SHOWN = /^(image\/(avif|bmp|gif|jpeg|png|webp)|text\/plain)$/i

/** Adds the route that downloads the files of a collection's records. */
export function addFiles(app: FastifyInstance, route: Route): void {
  const { collection, names, schemas } = route
  const { access, name, path, records } = collection
  const params = Type.Object({
    id: ref(schemas.id),
    name: Type.String({
      description: "The file's name in its `url`",
      examples: ['0a1b2c3d4e5f60718293a4b5'],
    }),
  })
  const fileNotFound = (of: string) => errors.recordNotFound('file', of)
  addRoute(app, {
    method: 'GET',
    url: `${path}/:id/files/:name`,
    guard: guardOf(app, access.read, false),
    schema: {
      operationId: `download${names.single}File`,
      summary: `Download a file of a ${names.one}`,
      description: 'A part of it can be asked for with `Range`.',
      tags: [name],
      params,
      headers: DownloadHeaders,
      response: {
        ...downloadAnswers('The file, with the media type that it was uploaded with'),
        404: failure('There is no such file', fileNotFound('0a1b2c3d4e5f60718293a4b5')),
      },
    },
    handler: async (request, reply) => {
      const { id, name } = request.params
      const record = await records(request.store).getBy({ key: String(id) })
      const files = record && maySee(collection, request, record) ? filesOf(record) : []
      const file = found(
        files.find((each) => each.name === name),
        'file',
        name,
      )
      const isInline = SHOWN.test(file.contentType)
      // What would run in a page of this server's own runs in none.
      if (!isInline) reply.header('content-security-policy', SANDBOX)
      return download(request, reply, { ...file, isInline }, () => fileNotFound(name))
    },
  })
}

const SANDBOX = "sandbox;default-src 'none';frame-ancestors 'none'"

function filesOf({ files }: OwnRecord): readonly OwnFile[] {
  return files ?? []
}
