import { isUtf8 } from 'node:buffer'
import type { FastifyRequest } from 'fastify'
import fp from 'fastify-plugin'
import { askAgain } from '../auth/guards.js'
import { hasBody, isEncoded } from './bodies.js'
import { errors } from './errors.js'

declare module 'fastify' {
  interface FastifyInstance {
    /**
     * Reads the JSON body of a GET, which Fastify leaves alone.
     * @returns undefined where there is none
     * @throws 400, 413, 415, and what the route's guard throws when it is asked again
     */
    readonly readJson: (request: FastifyRequest) => Promise<unknown>
    /** Parses the bytes of a JSON body, of whatever media type. */
    readonly parseJson: (request: FastifyRequest, body: Buffer, done: Done) => void
  }
}

/**
 * Reads JSON bodies, as UTF-8 (RFC 8259, section 8.1) and nothing else: what isn't text would be stored as something else
 * than was sent. Many clients say `Content-Type: application/json` on requests without a body: those have none, instead of
 * a broken one.
 */
export default fp(
  async (app) => {
    const parseText = app.getDefaultJsonParser('error', 'error')
    const parse = (request: FastifyRequest, body: Buffer, done: Done) => {
      if (body.length === 0) return done(null, undefined)
      const text = body.toString()
      // What can't be read becomes the replacement character, which can also be there as itself.
      const isText = !text.includes(REPLACEMENT) || isUtf8(body)
      if (!isText || hasHalfPair(text)) return done(errors.notUnicode())
      return parseText(request, text, done)
    }
    app.removeContentTypeParser('text/plain')
    app.addContentTypeParser<Buffer>('application/json', { parseAs: 'buffer' }, parse)

    app.decorate('parseJson', parse)
    app.decorate('readJson', async (request) => {
      if (!hasBody(request)) return undefined
      const { 'content-length': length, 'content-type': type = '' } = request.headers
      const isJson = /^application\/json *(;|$)/i.test(type)
      if (isEncoded(request)) throw errors.unsupportedEncoding()
      if (!isJson) throw errors.unsupportedMediaType(['application/json'])
      const { bodyLimit } = request.routeOptions
      if (Number(length) > bodyLimit) throw errors.tooLarge()
      const { raw } = request
      const chunks: Buffer[] = []
      let size = 0
      const read = new Promise((resolve, reject) => {
        raw.on('data', (chunk: Buffer) => {
          size += chunk.length
          if (size <= bodyLimit) chunks.push(chunk)
          else reject(errors.tooLarge())
        })
        // The client has gone.
        raw.on('error', () => reject(errors.notJson()))
        raw.on('end', () => {
          parse(request, Buffer.concat(chunks), (error, body) => {
            if (error) reject(error)
            else resolve(body)
          })
        })
      })
      const body = await read
      await askAgain(request)
      return body
    })
  },
  { name: 'json' },
)

/** Stands for bytes that are no character. */
const REPLACEMENT = '\ufffd'

type Done = (error: Error | null, body?: unknown) => void

/** Whether an escape in a JSON text is one half of a surrogate pair without the other: no character at all. */
export function hasHalfPair(text: string): boolean {
  if (!text.includes('\\u') || !/\\u[dD][89a-fA-F]/.test(text)) return false
  const escapes = /\\u[dD][89abAB]..\\u[dD][c-fC-F]..|\\u[dD][89a-fA-F]|\\./g
  return text.match(escapes)?.some(({ length }) => length === '\\uD8'.length) ?? false
}
