import { FORM } from '../http/form.js'
import type { ProblemDetail } from '../http/problem.js'
import { type Exchange, headerIn } from './exchange.js'

/** What a request should have been, beside where it went. Secrets are as the journal shows them. */
export interface Wanted {
  readonly query?: Readonly<Record<string, string>>
  readonly headers?: Readonly<Record<string, string>>
  /** JSON, of which objects in the request may have more. */
  readonly body?: unknown
}

/** Where a request isn't what was wanted, and how. */
export function differences(
  exchange: Exchange,
  { query = {}, headers = {}, ...rest }: Wanted,
): ProblemDetail[] {
  const parameters = new URLSearchParams(exchange.url.split(/\?(.*)/s)[1] ?? '')
  const asked = exchange.request()
  const found: ProblemDetail[] = []
  for (const [name, value] of Object.entries(query)) {
    const values = parameters.getAll(name)
    if (values.includes(value)) continue
    found.push({
      in: 'query',
      path: pointer(name),
      message: mustBe(value, values.join(', '), values.length > 0),
    })
  }
  for (const [name, value] of Object.entries(headers)) {
    const actual = headerIn(asked.headers, name.toLowerCase())
    if (actual === value) continue
    found.push({
      in: 'header',
      path: pointer(name),
      message: mustBe(value, actual, actual !== undefined),
    })
  }
  if (!('body' in rest)) return found
  if (asked.truncated || !exchange.hasBodies) {
    return [...found, { in: 'body', path: '', message: 'is not known as a whole' }]
  }
  return [
    ...found,
    ...within('', rest.body, valueIn(asked.body, headerIn(asked.headers, 'content-type'))),
  ]
}

/** What a body says: JSON, the fields of a form, or else text. */
function valueIn(body: string | null, contentType = ''): unknown {
  if (body === null) return undefined
  if (contentType.toLowerCase().startsWith(FORM))
    return Object.fromEntries(new URLSearchParams(body))
  try {
    return JSON.parse(body)
  } catch {
    return body
  }
}

/** Where a value isn't the one that was wanted: objects may have more fields, lists not more items. */
function within(path: string, wanted: unknown, actual: unknown): ProblemDetail[] {
  if (Array.isArray(wanted) && Array.isArray(actual) && wanted.length === actual.length) {
    return wanted.flatMap((item, at) => within(`${path}/${at}`, item, actual[at]))
  }
  if (isObject(wanted) && isObject(actual)) {
    return Object.entries(wanted).flatMap(([name, value]) =>
      within(path + pointer(name), value, Object.hasOwn(actual, name) ? actual[name] : undefined),
    )
  }
  if (!isObject(wanted) && !Array.isArray(wanted) && wanted === actual) return []
  return [{ in: 'body', path, message: mustBe(wanted, actual, actual !== undefined) }]
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function mustBe(wanted: unknown, actual: unknown, isThere: boolean): string {
  return `must be ${shown(wanted)}, ${isThere ? `is ${shown(actual)}` : 'is not there'}`
}

/** How much of a value a message has, in characters. */
const MAX_SHOWN = 80

function shown(value: unknown): string {
  const text = JSON.stringify(value) ?? 'nothing'
  return text.length > MAX_SHOWN ? `${text.slice(0, MAX_SHOWN)}…` : text
}

/** RFC 6901, section 3. */
function pointer(name: string): string {
  return `/${name.replaceAll('~', '~0').replaceAll('/', '~1')}`
}
