import type { Static, TSchema } from '@sinclair/typebox'
import { Ajv, type ErrorObject } from 'ajv'
import { isPasswordHash } from './password-hash.js'

/** What is wrong with a value, and where: a JSON pointer (RFC 6901). */
export interface Fault {
  readonly path: string
  readonly message: string
}

/** Says whether a value is what a schema asks for. */
export interface Check<T> {
  (value: unknown): value is T
  /** The first fault of the value that was checked last. */
  readonly fault: () => Fault
}

/** The formats of our own, with what is said of a text that has another. */
const FORMATS: Readonly<Record<string, { isValid: (text: string) => boolean; message: string }>> = {
  moment: { isValid: isMoment, message: 'must be a date such as 2026-01-31T12:00:00Z' },
  'password-hash': {
    isValid: isPasswordHash,
    message: 'must be a whole argon2id hash that a login can wait for',
  },
}

const ajv = new Ajv({
  meta: false,
  validateSchema: false,
  verbose: true,
  formats: Object.fromEntries(
    Object.entries(FORMATS).map(([name, { isValid }]) => [name, isValid]),
  ),
})

/**
 * Compiles a schema for use outside a request. The same compiler judges requests, so that what a route lets in is never
 * refused behind it: not every one counts the letters of a text alike.
 */
export function compile<S extends TSchema, T = Static<S>>(schema: S): Check<T> {
  const validate = ajv.compile<T>(schema)
  const check = (value: unknown): value is T => validate(value)
  return Object.assign(check, { fault: () => describe(validate.errors?.[0]) })
}

/** What is said of a field that has to be there and isn't, of a text that has to be more than nothing, and of a field too many. */
export const MISSING = 'is missing'
export const EMPTY = 'must not be empty'
export const UNKNOWN = 'is not known here'
/** And of one of the few texts that a field can't be, though it is made of what it may be made of. */
export const EXCLUDED = 'is not allowed'

/** A fault as a client reads it: at the field it is about, also where that is one too few or too many. */
export function describe(
  error?: Pick<ErrorObject, 'instancePath' | 'keyword' | 'params' | 'message' | 'data'>,
): Fault {
  const { instancePath = '', keyword, params = {}, message = 'is not valid', data } = error ?? {}
  if (keyword === 'required') {
    return {
      path: `${instancePath}/${escapePointer(params.missingProperty)}`,
      message: MISSING,
    }
  }
  const format = keyword === 'format' ? FORMATS[params.format] : undefined
  if (format) return { path: instancePath, message: format.message }
  if (keyword === 'pattern' && isExcluded(String(params.pattern), String(data))) {
    return { path: instancePath, message: EXCLUDED }
  }
  if (keyword === 'minLength' && params.limit === 1) return { path: instancePath, message: EMPTY }
  if (keyword === 'additionalProperties') {
    return unknownField(params.additionalProperty, instancePath)
  }
  return { path: instancePath, message }
}

/** Whether a text is one of those that a pattern rules out at its beginning, in a negative lookahead. */
function isExcluded(pattern: string, text: string): boolean {
  const [exclusion] = /^\^\(\?!.+?\$\)/.exec(pattern) ?? []
  return exclusion !== undefined && !new RegExp(exclusion, 'u').test(text)
}

/**
 * The fault of a field that is not known.
 * @param parent where it was found, as a JSON pointer
 */
export function unknownField(name: unknown, parent = ''): Fault {
  return { path: `${parent}/${escapePointer(name)}`, message: UNKNOWN }
}

/** A name as a part of a JSON pointer (RFC 6901, section 3). */
export function escapePointer(name: unknown): string {
  return String(name).replaceAll('~', '~0').replaceAll('/', '~1')
}

/** ISO 8601 with an offset, of any precision, or an HTTP date (RFC 9110, section 5.6.7); and a day that there is. */
function isMoment(text: string): boolean {
  const time = Date.parse(text)
  // Beyond the year 9999 an ISO date has a sign, and sorts as another.
  if (Number.isNaN(time) || !/^\d{4}-/.test(new Date(time).toISOString())) return false
  if (new Date(time).toUTCString() === text) return true
  const date = /^(\d{4}-\d\d-\d\d)T\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:\d\d)$/.exec(text)?.[1]
  return date !== undefined && new Date(`${date}T00:00:00Z`).toISOString().startsWith(date)
}
