import { randomBytes } from 'node:crypto'
import multipart, { type Multipart } from '@fastify/multipart'
import type { TSchema } from '@sinclair/typebox'
import type { FastifyInstance, FastifyRequest } from 'fastify'
import { mediaTypesOf } from '../../plugins/http/bodies.js'
import { errors, found } from '../../plugins/http/errors.js'
import { hasHalfPair } from '../../plugins/http/json.js'
import {
  type FilePart,
  MULTIPART,
  mediaTypeOf,
  partLimits,
  readParts,
  refuseLarge,
  safeFileName,
} from '../../plugins/http/multipart.js'
import type { FreeForm } from '../../store/free-form.js'
import { testOf } from '../../store/predicate.js'
import { ownedBy } from './access.js'
import { requireOwnAccount } from './accounts.js'
import type { OwnCollection } from './collection.js'
import { fileIn } from './files.js'
import type { Route } from './subject.js'
import { takesText } from './upload-schema.js'

export interface UploadOptions {
  /** How large all files of a request may be together, in bytes. */
  readonly uploadLimit: number
  /** How long all its texts may be together. */
  readonly bodyLimit: number
}

/** How many parts a form may have. */
const MOST = { files: 100, fields: 1_000, parts: 1_100 }

/** Has the files of multipart bodies stored before the handlers see them: they are objects there, in the fields that they came in. */
export async function addUploads(
  app: FastifyInstance,
  routes: readonly Route[],
  { uploadLimit, bodyLimit }: UploadOptions,
): Promise<void> {
  await app.register(multipart, {
    preservePath: true,
    limits: partLimits(uploadLimit, MOST),
  })
  const byUrl = new Map<string | undefined, Route>()
  for (const route of routes) {
    const { path } = route.collection
    byUrl.set(app.prefix + path, route).set(`${app.prefix}${path}/:id`, route)
  }
  const received = new WeakMap<FastifyRequest, readonly FilePart[]>()

  app.addHook('preValidation', async (request) => {
    if (!request.isMultipart()) return
    const { schema, url } = request.routeOptions
    const taken = mediaTypesOf(schema)
    if (!taken.includes(MULTIPART)) throw errors.unsupportedMediaType(taken)
    refuseLarge(request, uploadLimit)
    if (request.method !== 'POST') await refuseOthers(byUrl.get(url), request)
    const form = new UploadedForm(bodyLimit)
    const parts = await readParts(
      { request, files: request.store.files, uploadLimit },
      async (part, receive) => {
        if (part.type === 'field') form.addText(part)
        else form.addFile(request, await receive(part))
      },
    )
    received.set(request, parts)
    request.body = form.body(request, byUrl.get(url)?.collection)
  })

  // Whatever has become of the request: what no record refers to goes.
  app.addHook('onSend', async (request) => {
    const parts = received.get(request) ?? []
    received.delete(request)
    for (const part of parts) await part.received.release()
  })
}

/**
 * Refuses what can't be changed before its files are read.
 * @throws 401, 403, 404
 */
async function refuseOthers(route: Route | undefined, request: FastifyRequest): Promise<void> {
  if (!route) return
  const { collection, names } = route
  const key = String(Object(request.params).id)
  const record = found(await collection.records(request.store).getBy({ key }), names.one, key)
  requireOwnAccount(request, record)
  const owned = ownedBy(collection, collection.access.change, request)
  if (owned && !testOf(owned)(record)) throw errors.notOwner('change', names.one)
}

/** The fields of a form, in the order in which they came: one that comes several times is a list. */
class UploadedForm {
  readonly #fields = new Map<string, unknown[]>()
  #left: number

  /** @param bodyLimit how long all texts may be together */
  constructor(bodyLimit: number) {
    this.#left = bodyLimit
  }

  /** @throws 400, 413 */
  addText({ fieldname, value }: Extract<Multipart, { type: 'field' }>): void {
    const text = typeof value === 'string' ? value : JSON.stringify(value)
    this.#left -= text.length
    if (this.#left < 0) throw errors.tooManyParts()
    if (typeof value !== 'string' && hasHalfPair(text)) throw errors.notUnicode()
    this.#add(fieldname, value)
  }

  addFile(request: FastifyRequest, { field, name, type, received }: FilePart): void {
    const { sha256, size } = received
    const file = {
      name: randomBytes(12).toString('hex'),
      fileName: safeFileName(name),
      contentType: mediaTypeOf(type),
      sha256,
      size,
    }
    this.#add(field, fileIn(request, file))
  }

  /** @param collection whose frozen shape says which texts are JSON: those that can't be texts */
  body({ world }: FastifyRequest, collection: OwnCollection | undefined): FreeForm {
    const shape = collection?.shape
    const { properties = {} }: TSchema = Object(
      shape?.isFrozen && shape.input(shape.in(world), 'part'),
    )
    const entries = [...this.#fields].map(([name, values]) => {
      const property: unknown = Object.hasOwn(properties, name) ? properties[name] : undefined
      const all = values.map((value) => (takesText(property) ? value : jsonIn(value)))
      return [name, all.length === 1 ? all[0] : all]
    })
    return Object.fromEntries(entries)
  }

  #add(name: string, value: unknown): void {
    const values = this.#fields.get(name)
    if (values) values.push(value)
    else this.#fields.set(name, [value])
  }
}

/** The value of a JSON text; what is none stays a text, to be refused as one. */
function jsonIn(value: unknown): unknown {
  if (typeof value !== 'string') return value
  try {
    const parsed: unknown = JSON.parse(value, (key, inner) => {
      if (key === '__proto__') throw errors.notJson()
      return inner
    })
    return hasHalfPair(value) ? value : parsed
  } catch {
    return value
  }
}
