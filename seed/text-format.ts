import { Ajv, type ValidateFunction } from 'ajv'
import addFormats from 'ajv-formats'

/** What a text looks like. No text has two of these formats. */
export type TextFormat = 'date-time' | 'date' | 'email' | 'uri' | 'uuid'

/**
 * What texts of each format look like. Narrower than validators of JSON Schema are, some of which take `localhost:3000` for a
 * URI, and times that JavaScript alone can read: whoever reads the document may be stricter.
 */
const OUTLINES: Readonly<Record<TextFormat, RegExp>> = {
  'date-time': /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:\d\d)$/,
  date: /^\d{4}-\d\d-\d\d$/,
  email: /^[^\s@]+@[^\s@]+$/,
  uri: /^(?:[a-z][a-z\d+.-]*:\/\/|(?:mailto|tel|urn|data):)./i,
  uuid: /^[\da-f]{8}-(?:[\da-f]{4}-){3}[\da-f]{12}$/i,
}
const FORMATS: readonly TextFormat[] = ['date-time', 'date', 'uuid', 'uri', 'email']

/** A longer text has no format, so that nobody waits for one to be looked at. */
const MAX_LENGTH = 2_048

const ajv = addFormats.default(new Ajv({ meta: false, validateSchema: false }), [...FORMATS])
const validators = new Map<TextFormat, ValidateFunction>()

/** The format of a text, which validators of JSON Schema agree with. */
export function formatOf(text: string): TextFormat | undefined {
  return FORMATS.find((format) => hasFormat(text, format))
}

/** Whether `formatOf` a text is this one. */
export function hasFormat(text: string, format: TextFormat): boolean {
  return text.length <= MAX_LENGTH && OUTLINES[format].test(text) && validatorOf(format)(text)
}

/** What answers are held against the document with. Compiled when the first such text comes. */
function validatorOf(format: TextFormat): (text: string) => boolean {
  let validate = validators.get(format)
  if (!validate) {
    validate = ajv.compile({ type: 'string', format })
    validators.set(format, validate)
  }
  return validate
}
