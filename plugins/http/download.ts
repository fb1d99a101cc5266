import { once } from 'node:events'
import { Readable } from 'node:stream'
import { Type } from '@sinclair/typebox'
import contentDisposition from 'content-disposition'
import type { FastifyReply, FastifyRequest } from 'fastify'
import type { Files } from '../../store/engine.js'
import { MissingContent } from '../../store/errors.js'
import { binary, empty, failure } from '../openapi/responses.js'
import { IfNoneMatch, isTagKnown } from './conditional.js'
import { type ApiError, errors } from './errors.js'

/** A file that can be downloaded. */
export interface Download {
  /** Names its content in the file store. */
  readonly sha256: string
  /** In bytes. */
  readonly size: number
  readonly fileName: string
  readonly contentType: string
  /** Whether a browser is to show it rather than to save it. */
  readonly isInline?: boolean
}

/** The headers that a download looks at. */
export const DownloadHeaders = Type.Object({
  ...IfNoneMatch.properties,
  range: Type.Optional(
    Type.String({ description: 'The part of the file that you want', examples: ['bytes=0-99'] }),
  ),
  'if-range': Type.Optional(
    Type.String({
      description: 'The ETag of the file that you have a part of',
      examples: ['"q3Vb0w-1"'],
    }),
  ),
})

const FILE_HEADERS = ['accept-ranges', 'content-disposition', 'etag'] as const

/**
 * The answers of a download.
 * @param description what the whole file is
 * @param mediaType the file's, where it is always the same
 */
export const downloadAnswers = (description: string, mediaType?: string) => ({
  200: binary(description, FILE_HEADERS, mediaType),
  206: binary('The part that was asked for', [...FILE_HEADERS, 'content-range'], mediaType),
  304: empty('You have it', ['etag']),
  416: failure('It has no such part', errors.rangeNotSatisfiable(1234), ['etag']),
})

/**
 * Answers with a file, or with the part of it that the request asks for (RFC 9110, section 14).
 * @param gone makes what is thrown when the file has gone since it was looked up
 * @throws 416
 */
export async function download(
  request: FastifyRequest,
  reply: FastifyReply,
  file: Download,
  gone: () => ApiError,
): Promise<FastifyReply> {
  const { size, fileName, contentType, isInline = false } = file
  const { files } = request.store
  const etag = etagOf(file)
  if (isTagKnown(request, reply, etag)) return reply.code(304).send(undefined)
  const range = rangeOf(request, size, etag)
  const { start, end } = range ?? { start: 0, end: size - 1 }
  const content =
    request.method === 'HEAD' ? Readable.from([]) : await contentOf(reply, files, file, gone, range)
  reply.headers({
    'accept-ranges': 'bytes',
    'content-disposition': contentDisposition(fileName, {
      type: isInline ? 'inline' : 'attachment',
      fallback: fileName.replace(/[^ -~]/g, '?'),
    }),
    'content-length': end - start + 1,
    'content-type': contentType,
    ...(range ? { 'content-range': `bytes ${start}-${end}/${size}` } : {}),
  })
  return reply.code(range ? 206 : 200).send(content)
}

/** Names what a file holds: its hash. */
export function etagOf({ sha256 }: Pick<Download, 'sha256'>): string {
  return `"${sha256}"`
}

async function contentOf(
  reply: FastifyReply,
  files: Files,
  { sha256 }: Download,
  gone: () => ApiError,
  range?: ByteRange,
): Promise<Readable> {
  // The answers of one connection are given in turn. One that still waits has no connection, and could wait for ever: it
  // is to have no file open.
  if (!reply.raw.socket) await once(reply.raw, 'socket')
  try {
    return await files.read(sha256, range)
  } catch (error) {
    reply.removeHeader('etag')
    throw error instanceof MissingContent ? gone() : error
  }
}

interface ByteRange {
  readonly start: number
  readonly end: number
}

/**
 * The one range of bytes that a GET asks for. One that isn't understood, several at once, or one for another version is as
 * none: the whole is the answer then (RFC 9110, section 14.2).
 * @throws 416
 */
function rangeOf(
  { method, headers }: FastifyRequest,
  size: number,
  etag: string,
): ByteRange | undefined {
  const { range: wanted = '', 'if-range': version = etag } = headers
  const [, first, last] = /^bytes=(\d*)-(\d*)$/i.exec(wanted) ?? []
  if (method !== 'GET' || version !== etag) return undefined
  if (first === undefined || last === undefined) return undefined
  if (first === '' && last === '') return undefined
  // Without a first position the last one is a length, counted from the end.
  const start = first === '' ? Math.max(0, size - Number(last)) : Number(first)
  const end = first === '' || last === '' ? size - 1 : Math.min(Number(last), size - 1)
  if (first !== '' && last !== '' && Number(last) < start) return undefined
  if (start >= size) throw errors.rangeNotSatisfiable(size)
  return { start, end }
}
