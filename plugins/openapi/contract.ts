import { Ajv2020, type AnySchemaObject, type ValidateFunction } from 'ajv/dist/2020.js'
import addFormats from 'ajv-formats'
import { describe, type Fault } from '../../store/check.js'
import { CACHE_CONTROLS } from '../auth/caching.js'
import { wordsFor } from '../http/faults.js'
import { HEADERS } from './responses.js'

/** An answer as it goes out. */
export interface Answer {
  readonly status: number
  readonly headers: Readonly<Record<string, number | string | string[] | undefined>>
  /** Empty where there is none, undefined where it is streamed and hasn't been read. */
  readonly body: string | Buffer | undefined
  /** What the handler gave, before it was written out; undefined where it gave no value. */
  readonly value?: unknown
}

/** Which operation of the document has answered. */
export interface OperationName {
  /** As the document writes it: `/api/ships/{id}`. */
  readonly path: string
  /** In lower case. */
  readonly method: string
}

/** One way in which an answer isn't what the document says. */
export interface Breach {
  /** `status`, `headers/etag`, `body/0/crew`; or `value/0/crew`, of what the handler gave. */
  readonly place: string
  readonly message: string
}

/** What of the document is looked at. */
interface Document {
  readonly paths: Record<string, Record<string, { readonly responses: Record<string, Response> }>>
  readonly components: { readonly schemas: Record<string, AnySchemaObject> }
}

interface Response {
  readonly headers?: Record<string, HeaderObject>
  readonly content?: Record<string, { readonly schema: AnySchemaObject }>
}

/** What the document calls a download that can have any media type: there is no better name for bytes (RFC 2046, section 4.5.1). */
const ANY_FILE = 'application/octet-stream'

interface HeaderObject {
  readonly required?: boolean
  readonly schema: AnySchemaObject
}

const REFUSAL: Response = {
  content: { 'application/json': { schema: { $ref: '#/components/schemas/Problem' } } },
}

/** What the system has no room or no descriptor for. */
const NOT_NOW: Response = {
  ...REFUSAL,
  headers: { 'retry-after': { required: true, schema: { type: 'integer' } } },
}

/** What the document says of all paths at once, in its description. */
const EVERYWHERE: Readonly<Record<number, Response>> = {
  405: { ...REFUSAL, headers: { allow: { required: true, schema: { type: 'string' } } } },
  408: REFUSAL,
  417: REFUSAL,
  431: REFUSAL,
  500: REFUSAL,
  501: REFUSAL,
  503: NOT_NOW,
  507: NOT_NOW,
}

/** Compares answers with an OpenAPI document. */
export class Contract {
  readonly #document: Document
  readonly #ajv = new Ajv2020({ allErrors: true, strict: false, validateSchema: false })
  readonly #validators = new Map<string, ValidateFunction>()

  constructor(document: object) {
    this.#document = JSON.parse(JSON.stringify(document), close)
    addFormats.default(this.#ajv)
  }

  /**
   * Everything in an answer that isn't as the document has it.
   * @param operation undefined for what is outside the document, such as a path that there isn't: an error has its shape there too
   */
  breachesOf(operation: OperationName | undefined, answer: Answer): Breach[] {
    const { status } = answer
    const general = EVERYWHERE[status]
    if (!operation) {
      if (general) return this.#compare(general, answer)
      return status < 400 ? [] : this.#bodyBreaches(REFUSAL, answer)
    }
    const responses = this.#document.paths[operation.path]?.[operation.method]?.responses
    if (!responses) return [{ place: 'operation', message: 'is not in the document' }]
    const declared = responses[status] ?? general
    if (declared) return this.#compare(declared, answer)
    return [{ place: 'status', message: `is not one of ${Object.keys(responses).join(', ')}` }]
  }

  #compare(declared: Response, answer: Answer): Breach[] {
    return [...this.#headerBreaches(declared, answer), ...this.#bodyBreaches(declared, answer)]
  }

  /** A header that is declared as required is always given, and one of those that clients rely on never goes out undeclared. */
  #headerBreaches({ headers: named = {} }: Response, { headers }: Answer): Breach[] {
    const declared = Object.fromEntries(
      Object.entries(named).map(([name, header]) => [name.toLowerCase(), header]),
    )
    const undeclared = Object.keys(HEADERS)
      .filter((name) => headers[name] !== undefined && !(name in declared))
      .filter((name) => name !== 'cache-control' || !CACHE_CONTROLS.has(headers[name]))
      .map((name) => ({ place: `headers/${name}`, message: 'is not declared' }))
    const faults = Object.entries(declared).flatMap(([name, { schema, required = false }]) => {
      const place = `headers/${name}`
      const text = headers[name]
      if (text === undefined) return required ? [{ place, message: 'is missing' }] : []
      const isNumber = schema.type === 'integer' && !Number.isNaN(Number(text))
      return this.#faultsOf(place, schema, isNumber ? Number(text) : String(text))
    })
    return [...undeclared, ...faults]
  }

  #bodyBreaches({ content }: Response, { headers, body, value }: Answer): Breach[] {
    if (!content) {
      return body?.length === 0
        ? []
        : [{ place: 'body', message: 'is there, and none is declared' }]
    }
    const type = String(headers['content-type'] ?? '')
      .replace(/;.*/, '')
      .toLowerCase()
    const { schema } = content[type] ?? content[ANY_FILE] ?? {}
    if (!schema || type === '') {
      const declared = Object.keys(content).join(', ')
      return [{ place: 'headers/content-type', message: `${type || 'none'} is not ${declared}` }]
    }
    if (type !== 'application/json' || schema.format === 'binary') return []
    const faults = value === undefined ? [] : this.#faultsOf('value', schema, value)
    if (body === undefined) return faults
    const sent = parsed(String(body))
    if (!sent) return [...faults, { place: 'body', message: 'is not JSON' }]
    return [...faults, ...this.#faultsOf('body', schema, sent.value)]
  }

  /** The faults of a value, by a schema that can refer to the document's components. */
  #faultsOf(place: string, schema: AnySchemaObject, value: unknown): Breach[] {
    const key = JSON.stringify(schema)
    let validate = this.#validators.get(key)
    if (!validate) {
      validate = this.#ajv.compile({ ...schema, components: this.#document.components })
      this.#validators.set(key, validate)
    }
    validate(value)
    return (validate.errors ?? [])
      .map(describe)
      .filter((fault) => place !== 'value' || !isVersion(fault))
      .map((fault) => ({ place: `${place}${fault.path}`, message: wordsFor(fault) }))
  }
}

/** Whether it is what the store's records have for `ETag` alone, and whoever writes an answer leaves out. */
function isVersion({ path, code }: Fault): boolean {
  return code === 'unknown' && path.endsWith('/version')
}

/** Closes a schema that doesn't say whether it takes other fields; free-form ones say so. */
function close(_key: string, schema: unknown): unknown {
  const isOpen =
    typeof schema === 'object' &&
    schema !== null &&
    'type' in schema &&
    schema.type === 'object' &&
    !('additionalProperties' in schema)
  return isOpen ? { ...schema, additionalProperties: false } : schema
}

function parsed(text: string): { value: unknown } | undefined {
  try {
    return { value: JSON.parse(text) }
  } catch {
    return undefined
  }
}
