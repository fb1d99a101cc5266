import type { Static, TSchema } from '@sinclair/typebox'
import { Ajv, type ErrorObject, type ValidateFunction } from 'ajv'

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

/** The formats that were added, with what is said of a text that has another. */
const messages = new Map<string, string>()

const ajv = new Ajv({ meta: false, validateSchema: false, verbose: true })

/**
 * Makes a format known to every schema that is compiled after.
 * @param message what is said of a text that has another, such as "must be a date"
 */
export function addFormat(name: string, isValid: (text: string) => boolean, message: string): void {
  ajv.addFormat(name, isValid)
  messages.set(name, message)
}

/**
 * Compiles a schema for use outside a request, when the first value comes. The same compiler judges requests, so that what a route lets in is never
 * refused behind it: not every one counts the letters of a text alike.
 */
export function compile<S extends TSchema, T = Static<S>>(schema: S): Check<T> {
  let validate: ValidateFunction<T> | undefined
  const check = (value: unknown): value is T => {
    validate ??= ajv.compile<T>(schema)
    return validate(value)
  }
  return Object.assign(check, { fault: () => describe(validate?.errors?.[0]) })
}

/** Finds all that is wrong with a value, where a `Check` stops at the first fault. */
export function allFaults(schema: TSchema, value: unknown): readonly ErrorObject[] {
  const { formats } = ajv
  const all = new Ajv({
    meta: false,
    validateSchema: false,
    verbose: true,
    allErrors: true,
    formats,
  })
  const validate = all.compile(schema)
  validate(value)
  return validate.errors ?? []
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
  const ofFormat = keyword === 'format' ? messages.get(params.format) : undefined
  if (ofFormat !== undefined) return { path: instancePath, message: ofFormat }
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
