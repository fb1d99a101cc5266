import type { Multipart, MultipartFile } from '@fastify/multipart'
import type { FastifyRequest } from 'fastify'
import type { Files, ReceivedFile } from '../../store/engine.js'
import { Unavailable } from '../../store/errors.js'
import { askAgain } from '../auth/guards.js'
import { ApiError, errors } from './errors.js'

export const MULTIPART = 'multipart/form-data'

/** How large a part may be that isn't a file, in bytes. */
export const MAX_FIELD_SIZE = 64 * 1024

/** How much larger than its files a body may be, in bytes. */
const OVERHEAD = 1024 * 1024

/**
 * How much an upload may have beside its files and its fields' values, in bytes: boundaries and headers, a field that is
 * still arriving, and what has arrived of a file but not gone through the parser yet.
 */
const MAX_BESIDE = 4 * MAX_FIELD_SIZE

/** A file that has come in a part, under the name that it was sent with. */
export interface FilePart {
  readonly field: string
  readonly name: string
  readonly type: string
  readonly received: ReceivedFile
}

export interface Reading {
  readonly request: FastifyRequest
  readonly files: Files
  /** How large all files may be together, in bytes. */
  readonly uploadLimit: number
}

/**
 * What the parser of parts takes; the rest is refused with 413.
 * @param fileSize the largest file, in bytes
 */
export function partLimits(
  fileSize: number,
  counts: { readonly files: number; readonly fields: number; readonly parts: number },
) {
  return {
    fileSize,
    ...counts,
    fieldSize: MAX_FIELD_SIZE,
    headerPairs: 20,
    headerSize: MAX_FIELD_SIZE,
  }
}

/**
 * Refuses what is too large by what it says of itself.
 * @throws 413
 */
export function refuseLarge({ headers }: FastifyRequest, uploadLimit: number): void {
  if (Number(headers['content-length']) > uploadLimit + OVERHEAD) throw errors.tooLarge()
}

/**
 * Reads the parts of an upload, in whatever order they come.
 * @param take looks at each; a file is kept when it is received, and the caller is to release it
 * @throws 400 when it is malformed or ends early, 413 when it is too large, what `take` throws, and what the route's guard throws
 * when it is asked again; nothing is kept then
 */
export async function readParts(
  { request, files, uploadLimit }: Reading,
  take: (part: Multipart, receive: (part: MultipartFile) => Promise<FilePart>) => Promise<void>,
): Promise<readonly FilePart[]> {
  const parts: FilePart[] = []
  const meter = meterOf(request, uploadLimit)
  const receive = async ({ fieldname, file, filename, mimetype }: MultipartFile) => {
    // The rest need not be read.
    file.once('limit', () => file.destroy(errors.tooLarge()))
    meter.watch(file)
    const received = await files.receive(file)
    const part = { field: fieldname, name: textOf(filename ?? ''), type: mimetype, received }
    parts.push(part)
    return part
  }
  try {
    try {
      for await (const part of request.parts()) {
        if (part.type === 'field') {
          if (part.valueTruncated) throw errors.tooManyParts()
          meter.allow(part)
        }
        await take(part, receive)
      }
    } catch (error) {
      const isBrokenOff = request.raw.destroyed && !request.raw.complete
      throw isKnown(error) && !isBrokenOff ? error : errors.malformedUpload()
    }
    await askAgain(request)
    return parts
  } catch (error) {
    for (const { received } of parts) await received.release()
    throw error
  }
}

/**
 * Counts what is neither a file nor a field's value, and ends the reading when there is too much of it: the parser passes
 * over text around the parts, and cuts off their headers, however long they are.
 */
function meterOf({ raw }: FastifyRequest, uploadLimit: number) {
  let size = 0
  let allowed = MAX_BESIDE
  const watched: { readonly bytesRead: number }[] = []
  const count = (chunk: Buffer) => {
    size += chunk.length
    const inFiles = watched.reduce((sum, { bytesRead }) => sum + bytesRead, 0)
    const isTooLarge = size > uploadLimit + OVERHEAD
    if (!isTooLarge && size - inFiles <= allowed) return
    raw.off('data', count)
    // The parser of parts listens, and hands the error on to whoever waits for the next part.
    raw.emit('error', isTooLarge ? errors.tooLarge() : errors.tooManyParts())
  }
  raw.on('data', count)
  return {
    watch: (file: { readonly bytesRead: number }) => {
      watched.push(file)
    },
    allow: ({ value }: { readonly value: unknown }) => {
      allowed += (typeof value === 'string' ? value : JSON.stringify(value)).length
    },
  }
}

/** Browsers, curl and others write quotes and line breaks in a filename as escapes (HTML, section 4.10.21.8). */
export function textOf(filename: string): string {
  if (filename.includes('"')) return filename
  return filename.replace(/%(22|0A|0D)/gi, (code) => decodeURIComponent(code))
}

/** Whether an error says itself what is wrong. What the parser of parts throws beside does not. */
function isKnown(error: unknown): boolean {
  if (error instanceof ApiError || error instanceof Unavailable) return true
  if (!(error instanceof Error) || !('code' in error)) return false
  return typeof error.code === 'string' && /^(FST_|E[A-Z]+$)/.test(error.code)
}

/** Type and subtype (RFC 6838, section 4.2). */
const MEDIA_TYPE = /^[a-z0-9][a-z0-9!#$&^_.+-]{0,126}\/[a-z0-9][a-z0-9!#$&^_.+-]{0,126}$/i

/** The media type that a part says it has, where it is one. */
export function mediaTypeOf(type: string): string {
  return MEDIA_TYPE.test(type) ? type : 'application/octet-stream'
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
