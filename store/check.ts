import type { Static, TSchema } from '@sinclair/typebox'
import { Ajv, type ErrorObject, type ValidateFunction } from 'ajv'

/** What is wrong with a value. */
export interface Fault {
  /** Where: a JSON pointer (RFC 6901). */
  readonly path: string
  /** What: `missing`, `unknown`, `empty`, `reserved`, or the keyword of JSON Schema that isn't fulfilled. */
  readonly code: string
  /** What belongs to it, such as the `limit` of a `maxLength`. */
  readonly params?: Readonly<Record<string, unknown>>
  /** What the validator says of it, for whoever has no better words. */
  readonly message?: string
}

/** Says whether a value is what a schema asks for. */
export interface Check<T> {
  (value: unknown): value is T
  /** The first fault of the value that was checked last. */
  readonly fault: () => Fault
}

const ajv = new Ajv({ meta: false, validateSchema: false, verbose: true })

/** Makes a format known to every schema that is compiled after. */
export function addFormat(name: string, isValid: (text: string) => boolean): void {
  ajv.addFormat(name, isValid)
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

/** A fault as the validator gives it, put at the field it is about, also where that is one too few or too many. */
export function describe(
  error?: Pick<
    ErrorObject,
    'instancePath' | 'keyword' | 'params' | 'message' | 'data' | 'parentSchema'
  >,
): Fault {
  const { instancePath: path = '', keyword = '', params = {}, data, parentSchema } = error ?? {}
  const { description } = parentSchema ?? {}
  // A pattern tells a person nothing, where what it is for can be said.
  const message =
    keyword === 'pattern' && typeof description === 'string'
      ? `can't have that: ${description}`
      : error?.message
  if (keyword === 'required') return missingField(params.missingProperty, path)
  if (keyword === 'additionalProperties') return unknownField(params.additionalProperty, path)
  const fault = { path, params, ...(message === undefined ? {} : { message }) }
  const isMinimum = keyword === 'minLength' || keyword === 'minProperties'
  if (isMinimum && (params.limit === 1 || data === '')) return { ...fault, code: 'empty' }
  // What a schema rules out is always a few words.
  return { ...fault, code: keyword === 'not' ? 'reserved' : keyword }
}

/**
 * The fault of a field that isn't there, and has to be.
 * @param parent where it should be, as a JSON pointer
 */
export function missingField(name: unknown, parent = ''): Fault {
  return { path: `${parent}/${escapePointer(name)}`, code: 'missing' }
}

/**
 * The fault of a field that is not known.
 * @param parent where it was found, as a JSON pointer
 */
export function unknownField(name: unknown, parent = ''): Fault {
  return { path: `${parent}/${escapePointer(name)}`, code: 'unknown' }
}

/** A name as a part of a JSON pointer (RFC 6901, section 3). */
export function escapePointer(name: unknown): string {
  return String(name).replaceAll('~', '~0').replaceAll('/', '~1')
}
