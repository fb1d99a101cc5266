import { isUtf8 } from 'node:buffer'
import fp from 'fastify-plugin'
import { errors } from './errors.js'

export const FORM = 'application/x-www-form-urlencoded'

/** More than any form here has; a body could hold half a million. */
const MAX_FIELDS = 1000

/**
 * In the scope of one API: reads HTML forms (URL Standard, section 5.1), a field as text, a field that comes twice as a list.
 * What isn't encoded as that section has it is refused; @fastify/formbody would keep something else than was meant.
 */
export default fp(
  async (app) => {
    app.addContentTypeParser<Buffer>(FORM, { parseAs: 'buffer' }, (_request, body, done) => {
      const text = body.toString()
      if (!isUtf8(body) || !isEncoded(text)) return done(errors.notForm())
      if (text.split('&', MAX_FIELDS + 1).length > MAX_FIELDS) return done(errors.tooManyFields())
      const fields = new Map<string, string[]>()
      for (const [name, value] of new URLSearchParams(text)) {
        const values = fields.get(name)
        if (values) values.push(value)
        else fields.set(name, [value])
      }
      const entries = [...fields].map(([name, values]) => [
        name,
        values.length === 1 ? values[0] : values,
      ])
      done(null, Object.fromEntries(entries))
    })
  },
  { name: 'form' },
)

/** Whether every escape is one, and together they are UTF-8. */
function isEncoded(text: string): boolean {
  try {
    decodeURIComponent(text)
    return true
  } catch {
    return false
  }
}
