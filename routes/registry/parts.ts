import { isUtf8 } from 'node:buffer'
import type { Readable } from 'node:stream'
import type { Multipart } from '@fastify/multipart'
import type { FastifyRequest } from 'fastify'
import { askAgain } from '../../plugins/auth/guards.js'
import { ApiError, errors } from '../../plugins/http/errors.js'
import { hasHalfPair } from '../../plugins/http/json.js'
import { unknownField } from '../../store/check.js'
import type { Files, ReceivedFile } from '../../store/engine.js'

/** How large a part may be that isn't the file, in bytes. */
export const MAX_FIELD_SIZE = 64 * 1024

/**
 * How much an upload may have beside its file and its fields' values, in bytes: boundaries and headers, a field that is
 * still arriving, and what has arrived of the file but not gone through the parser yet.
 */
const MAX_OVERHEAD = 4 * MAX_FIELD_SIZE

/** What an upload brings: parameters, as they came, and the file. */
export interface Upload {
  readonly parameters: Readonly<Record<string, unknown>>
  readonly file?: { readonly name: string; readonly type: string; readonly received: ReceivedFile }
}

/**
 * Reads the parts of an upload, in whatever order they come. The file goes to the disk. Parameters come in three ways: as
 * plain fields, in a field `json`, or in the filename of a part `json` (registry's document). Where that filename is no JSON
 * object, such as the `blob` that a Blob in a FormData gets, what the part holds is read.
 * @throws 400 when it is malformed or ends early, 413 when it is too large, and what the route's guard throws when it is
 * asked again; nothing is kept then
 */
export async function readUpload(request: FastifyRequest, files: Files): Promise<Upload> {
  const upload = await readParts(request, files)
  try {
    await askAgain(request)
    return upload
  } catch (error) {
    await upload.file?.received.release()
    throw error
  }
}

async function readParts(request: FastifyRequest, files: Files): Promise<Upload> {
  const parameters: Record<string, unknown> = {}
  const meter = meterOf(request)
  let file: Upload['file']
  try {
    for await (const part of request.parts()) {
      if (part.type === 'file' && part.fieldname === 'file') {
        if (file) throw errors.tooManyParts()
        // The rest need not be read.
        part.file.once('limit', () => part.file.destroy(errors.tooLarge()))
        meter.watch(part.file)
        const received = await files.receive(part.file)
        file = { name: textOf(part.filename ?? ''), type: part.mimetype, received }
      } else {
        if (part.type === 'field') meter.allow(String(part.value).length)
        for (const [name, value] of Object.entries(await parametersIn(part))) {
          if (name in parameters && parameters[name] !== value) {
            throw errors.invalid('body', { path: `/${name}`, code: 'twice' })
          }
          parameters[name] = value
        }
      }
    }
  } catch (error) {
    await file?.received.release()
    const isBrokenOff = request.raw.destroyed && !request.raw.complete
    throw isKnown(error) && !isBrokenOff ? error : errors.malformedUpload()
  }
  return file ? { parameters, file } : { parameters }
}

/**
 * Counts what is neither the file nor a field's value, and ends the reading when there is too much of it: the parser passes
 * over text around the parts, and cuts off their headers, however long they are.
 */
function meterOf({ raw }: FastifyRequest) {
  let size = 0
  let allowed = MAX_OVERHEAD
  let file: { readonly bytesRead: number } | undefined
  const count = (chunk: Buffer) => {
    size += chunk.length
    if (size - (file?.bytesRead ?? 0) <= allowed) return
    raw.off('data', count)
    // The parser of parts listens, and hands the error on to whoever waits for the next part.
    raw.emit('error', errors.tooManyParts())
  }
  raw.on('data', count)
  return {
    watch: (watched: { readonly bytesRead: number }) => {
      file = watched
    },
    allow: (more: number) => {
      allowed += more
    },
  }
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
  if (part.valueTruncated) throw errors.tooManyParts()
  return part.fieldname === 'json' ? objectIn(part.value) : { [part.fieldname]: part.value }
}

/** Browsers, curl and others write quotes and line breaks in a filename as escapes (HTML, section 4.10.21.8). */
function textOf(filename: string): string {
  if (filename.includes('"')) return filename
  return filename.replace(/%(22|0A|0D)/gi, (code) => decodeURIComponent(code))
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
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

/** Whether an error says itself what is wrong. What the parser of parts throws beside does not. */
function isKnown(error: unknown): boolean {
  if (error instanceof ApiError) return true
  if (!(error instanceof Error) || !('code' in error)) return false
  return typeof error.code === 'string' && /^(FST_|E[A-Z]+$)/.test(error.code)
}

/** In characters; what file systems commonly take. */
const MAX_LENGTH = 255

/**
 * A name that a browser can save a file under: without folders, and without characters that aren't seen, such as those
 * that turn the direction of text.
 * @param name as it was uploaded
 */
export function safeFileName(name: string): string {
  const last = name.split(/[/\\]/).at(-1) ?? ''
  const visible = last.replace(/[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu, '').trim()
  const short = [...visible].slice(0, MAX_LENGTH).join('')
  return /^\.*$/.test(short) ? 'file' : short
}
