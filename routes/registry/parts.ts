import { isUtf8 } from 'node:buffer'
import type { Readable } from 'node:stream'
import type { Multipart } from '@fastify/multipart'
import type { FastifyRequest } from 'fastify'
import { errors } from '../../plugins/http/errors.js'
import { hasHalfPair } from '../../plugins/http/json.js'
import { type FilePart, MAX_FIELD_SIZE, readParts, textOf } from '../../plugins/http/multipart.js'
import { isObject } from '../../seed/json-type.js'
import { unknownField } from '../../store/check.js'
import type { Files } from '../../store/engine.js'

/** What an upload brings: parameters, as they came, and the file. */
export interface Upload {
  readonly parameters: Readonly<Record<string, unknown>>
  readonly file?: FilePart
}

/**
 * Reads the parts of an upload, in whatever order they come. The file goes to the disk. Parameters come in three ways: as
 * plain fields, in a field `json`, or in the filename of a part `json` (registry's document). Where that filename is no JSON
 * object, such as the `blob` that a Blob in a FormData gets, what the part holds is read.
 * @throws 400 when it is malformed or ends early, 413 when it is too large, and what the route's guard throws when it is
 * asked again; nothing is kept then
 */
export async function readUpload(
  request: FastifyRequest,
  files: Files,
  uploadLimit: number,
): Promise<Upload> {
  const parameters: Record<string, unknown> = {}
  let hasFile = false
  const [file] = await readParts({ request, files, uploadLimit }, async (part, receive) => {
    if (part.type === 'file' && part.fieldname === 'file') {
      if (hasFile) throw errors.tooManyParts()
      hasFile = true
      await receive(part)
      return
    }
    for (const [name, value] of Object.entries(await parametersIn(part))) {
      if (name in parameters && parameters[name] !== value) {
        throw errors.invalid('body', { path: `/${name}`, code: 'twice' })
      }
      parameters[name] = value
    }
  })
  return file ? { parameters, file } : { parameters }
}

async function parametersIn(part: Multipart): Promise<object> {
  if (part.type === 'file') {
    if (part.fieldname !== 'json') {
      throw errors.invalid('body', unknownField(part.fieldname))
    }
    const content = await contentOf(part.file)
    const name = textOf(part.filename ?? '')
    return objectIn(isJsonObject(name) ? name : content)
  }
  return part.fieldname === 'json' ? objectIn(part.value) : { [part.fieldname]: part.value }
}

/** Whether a text is a JSON object. */
function isJsonObject(text: string): boolean {
  try {
    return isObject(JSON.parse(text))
  } catch {
    return false
  }
}

/** An object, or the JSON text of one. A form that has the field sends it, filled in or not. */
function objectIn(value: unknown): object {
  if (value === '') return {}
  let parsed = value
  if (typeof value === 'string') {
    if (hasHalfPair(value)) throw errors.notUnicode()
    try {
      parsed = JSON.parse(value)
    } catch {
      throw errors.notJson()
    }
  }
  if (isObject(parsed)) return parsed
  throw errors.invalid('body', { path: '/json', code: 'type', params: { type: 'object' } })
}

/**
 * The text that a part holds.
 * @throws 400 when it is no UTF-8, 413 when it is too large
 */
async function contentOf(part: Readable): Promise<string> {
  const chunks: Buffer[] = []
  let size = 0
  for await (const chunk of part) {
    size += chunk.length
    if (size > MAX_FIELD_SIZE) throw errors.tooManyParts()
    chunks.push(chunk)
  }
  const content = Buffer.concat(chunks)
  if (!isUtf8(content)) throw errors.notUnicode()
  return content.toString()
}
