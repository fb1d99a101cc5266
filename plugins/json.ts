import { isUtf8 } from 'node:buffer'
import fp from 'fastify-plugin'
import { errors } from '../errors.js'

/**
 * Reads JSON bodies, as UTF-8 (RFC 8259, section 8.1) and nothing else: what isn't text would be stored as something else
 * than was sent. Many clients say `Content-Type: application/json` on requests without a body: those have none, instead of
 * a broken one.
 */
export default fp(
  async (app) => {
    const parse = app.getDefaultJsonParser('error', 'error')
    app.removeContentTypeParser('text/plain')
    app.addContentTypeParser<Buffer>(
      'application/json',
      { parseAs: 'buffer' },
      (request, body, done) => {
        if (body.length === 0) return done(null, undefined)
        const text = body.toString()
        if (!isUtf8(body) || hasHalfPair(text)) return done(errors.notUnicode())
        return parse(request, text, done)
      },
    )
  },
  { name: 'json' },
)

/** Whether an escape is one half of a surrogate pair without the other: no character at all. */
function hasHalfPair(text: string): boolean {
  if (!/\\u[dD][89a-fA-F]/.test(text)) return false
  const escapes = /\\u[dD][89abAB]..\\u[dD][c-fC-F]..|\\u[dD][89a-fA-F]|\\./g
  return text.match(escapes)?.some(({ length }) => length === '\\uD8'.length) ?? false
}
