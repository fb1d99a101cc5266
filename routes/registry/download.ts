import { once } from 'node:events'
import { Readable } from 'node:stream'
import contentDisposition from 'content-disposition'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { errors } from '../../errors.js'
import { isTagKnown } from '../../plugins/conditional.js'
import type { Tag } from '../../store/collections.js'
import { type FileStore, MissingContent } from '../../store/files.js'

/**
 * Answers with a file, or with the part of it that the request asks for (RFC 9110, section 14).
 * @throws 404 when it has gone meanwhile, 416
 */
export async function download(
  request: FastifyRequest,
  reply: FastifyReply,
  files: FileStore,
  record: Tag,
): Promise<FastifyReply> {
  const { size, fileName, contentType } = record
  const etag = etagOf(record)
  if (isTagKnown(request, reply, etag)) return reply.code(304).send(undefined)
  const range = rangeOf(request, size, etag)
  const { start, end } = range ?? { start: 0, end: size - 1 }
  const content =
    request.method === 'HEAD' ? Readable.from([]) : await contentOf(reply, files, record, range)
  reply.headers({
    'accept-ranges': 'bytes',
    'content-disposition': contentDisposition(fileName, {
      fallback: fileName.replace(/[^ -~]/g, '?'),
    }),
    'content-length': end - start + 1,
    'content-type': contentType,
    ...(range ? { 'content-range': `bytes ${start}-${end}/${size}` } : {}),
  })
  return reply.code(range ? 206 : 200).send(content)
}

/** Names what a tag holds: its hash. */
export function etagOf({ sha256 }: Tag): string {
  return `"${sha256}"`
}

async function contentOf(
  reply: FastifyReply,
  files: FileStore,
  { sha256, tag }: Tag,
  range?: ByteRange,
): Promise<Readable> {
  // The answers of one connection are given in turn. One that still waits has no connection, and could wait for ever: it
  // is to have no file open.
  if (!reply.raw.socket) await once(reply.raw, 'socket')
  try {
    return await files.read(sha256, range)
  } catch (error) {
    // The tag was deleted since it was looked up.
    if (error instanceof MissingContent) throw errors.recordNotFound('tag', tag)
    throw error
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
