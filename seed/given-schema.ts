import { Ajv2020, type ErrorObject } from 'ajv/dist/2020.js'
import addFormats from 'ajv-formats'
import { escapePointer } from '../store/check.js'
import type { FreeForm } from '../store/free-form.js'
import { type Finding, findingOf } from './faults.js'

// Loaded only for a data file that has schemas of its own.

/** Finds all that is wrong with a value. */
export type FindFaults = (value: unknown) => readonly ErrorObject[]

const VERSION = 'https://json-schema.org/draft/2020-12/schema'

/** Names for what is in a schema: it becomes a part of the OpenAPI document, where they would lead elsewhere. */
const NAMES: ReadonlySet<string> = new Set(['$id', '$anchor', '$dynamicAnchor', '$dynamicRef'])

/** Keywords that have values in them, where others have schemas. */
const VALUES: ReadonlySet<string> = new Set(['const', 'default', 'enum', 'example', 'examples'])

/** Says nothing of keywords and formats that it doesn't know, as JSON Schema has it. */
const ajv = addFormats.default(
  new Ajv2020({ strict: false, allErrors: true, verbose: true, logger: false }),
)

/**
 * Compiles a schema of the user's own.
 * @param schema without a fault that `faultsOfSchema` finds
 */
export function compileSchema(schema: FreeForm): FindFaults {
  const validate = ajv.compile(schema)
  return (value) => (validate(value) ? [] : (validate.errors ?? []))
}

/**
 * What is wrong with a schema of the user's own: it has to be JSON Schema 2020-12, and to need nothing else.
 * @param path where it is, as a JSON pointer
 */
export function faultsOfSchema(schema: FreeForm, path: string): readonly Finding[] {
  try {
    const { $schema = VERSION } = schema
    if (String($schema).replace(/#$/, '') !== VERSION) {
      return [{ path: `${path}/$schema`, message: `must be ${VERSION}` }]
    }
    const findings = [...wrongKeywords(schema, path), ...wrongReferences(schema, path)]
    if (findings.length > 0) return findings
    // Its answer would be a promise, which everything fits.
    if ('$async' in schema) return [{ path: `${path}/$async`, message: 'is not JSON Schema' }]
    compileSchema(schema)
    return []
  } catch (error) {
    if (!(error instanceof Error)) throw error
    const why = error instanceof RangeError ? 'it is nested too deeply' : error.message
    return [{ path, message: `can't be used: ${why}` }]
  }
}

/** What the schema of schemas finds. It says a fault in many ways: one of each place will do. */
function wrongKeywords(schema: FreeForm, path: string): Finding[] {
  ajv.validateSchema(schema)
  const findings = new Map<string, Finding>()
  for (const error of ajv.errors ?? []) {
    const finding = findingOf(error)
    const place = path + finding.path
    if (!findings.has(place)) findings.set(place, { ...finding, path: place })
  }
  return [...findings.values()]
}

/** References to anything but a place in the schema itself. */
function wrongReferences(schema: FreeForm, path: string): Finding[] {
  return Object.entries(schema).flatMap(([name, value]): Finding[] => {
    const place = `${path}/${escapePointer(name)}`
    if (typeof value === 'object' && value !== null) {
      return VALUES.has(name) ? [] : wrongReferences({ ...value }, place)
    }
    if (typeof value !== 'string') return []
    if (NAMES.has(name)) {
      return [
        { path: place, message: 'is not allowed here: refer to a place, such as #/$defs/author' },
      ]
    }
    const isOutside = name === '$ref' && !/^#(?:\/|$)/.test(value)
    return isOutside
      ? [{ path: place, message: 'must refer to a place in this schema, such as #/$defs/author' }]
      : []
  })
}
