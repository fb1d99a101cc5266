import type { AnySchemaObject } from 'ajv'

/** What of the document is completed. */
interface Document {
  readonly paths?: Readonly<Record<string, Readonly<Record<string, Operation>>>>
  readonly components?: { schemas?: Record<string, AnySchemaObject> }
}

interface Operation {
  readonly requestBody?: {
    required: boolean
    readonly content: Readonly<Record<string, Media>>
  }
  readonly parameters?: readonly Parameter[]
  readonly responses: Readonly<Record<string, { headers?: Readonly<Record<string, Header>> }>>
}

interface Parameter {
  name: string
  readonly in: string
  description?: string
  example?: unknown
  readonly schema: AnySchemaObject
}

interface Media {
  readonly schema: AnySchemaObject
  example?: unknown
}

interface Header {
  readonly schema: AnySchemaObject
}

/**
 * Completes the document with what holds for all of it, so that no route has to say it: the names of headers, formats,
 * examples where tools look for them, whether a body has to be there, and which components are left.
 */
export function completed<D extends object>(document: D): D {
  // The plugin gives parts that are the routes' own.
  const copy: D & Document = JSON.parse(JSON.stringify(document))
  addFormats(copy)
  const schemas = copy.components?.schemas ?? {}
  for (const path of Object.values(copy.paths ?? {})) {
    for (const { requestBody, parameters = [], responses } of Object.values(path)) {
      for (const media of Object.values(requestBody?.content ?? {})) {
        const example = exampleOf(media.schema, schemas)
        if (example !== undefined) media.example = example
        // The plugin calls every body required. One whose fields may all be absent may be absent itself.
        if (requestBody && !needsFields(media.schema, schemas)) requestBody.required = false
      }
      for (const parameter of parameters) {
        if (parameter.in === 'header') parameter.name = canonical(parameter.name)
        // The plugin takes nothing of what stands beside a reference, and the reference looks for an example here.
        if (typeof parameter.schema.$ref !== 'string') continue
        const { description, examples: [example] = [] } = resolved(parameter.schema, schemas)
        if (description) parameter.description = description
        if (example !== undefined) parameter.example = example
      }
      for (const response of Object.values(responses)) {
        if (response.headers) response.headers = finishedHeaders(response.headers)
      }
    }
  }
  dropUnused(copy, schemas)
  return copy
}

/** Whether nothing but an object with some of its fields, or a list, fits a schema. */
function needsFields(
  schema: AnySchemaObject,
  schemas: Readonly<Record<string, AnySchemaObject>>,
): boolean {
  const { type, required = [], minProperties = 0, anyOf = [] } = resolved(schema, schemas)
  const alternatives: readonly AnySchemaObject[] = anyOf
  const isUnion = alternatives.length > 0
  if (type === 'array' || required.length > 0 || minProperties > 0) return true
  return isUnion && alternatives.every((each) => needsFields(each, schemas))
}

function resolved(
  { $ref, ...schema }: AnySchemaObject,
  schemas: Readonly<Record<string, AnySchemaObject>>,
): AnySchemaObject {
  if (typeof $ref !== 'string') return schema
  return schemas[$ref.replace('#/components/schemas/', '')] ?? {}
}

/** The example of a schema, or else of the first one that it lets in. */
function exampleOf(
  schema: AnySchemaObject,
  schemas: Readonly<Record<string, AnySchemaObject>>,
): unknown {
  const { examples: [example] = [], anyOf: [first] = [] } = resolved(schema, schemas)
  return example ?? (first && exampleOf(first, schemas))
}

/** The largest number of `int32` (OpenAPI Format Registry). */
const MAX_INT32 = 2 ** 31 - 1

/** Keywords that have values in them, where others have schemas. */
const VALUES: ReadonlySet<string> = new Set(['const', 'default', 'enum', 'example', 'examples'])

/** Says of each whole number how large it can become: many languages have a type for either size. */
function addFormats(part: object): void {
  if ('type' in part && [part.type].flat().includes('integer')) {
    const isSmall = 'maximum' in part && Number(part.maximum) <= MAX_INT32
    Object.assign(part, { format: isSmall ? 'int32' : 'int64' })
  }
  for (const [name, inner] of Object.entries(part)) {
    if (typeof inner === 'object' && inner !== null && !VALUES.has(name)) addFormats(inner)
  }
}

/** The names of header fields as their RFCs write them. */
const FIELD_NAMES: ReadonlyMap<string, string> = new Map(
  [
    'Accept-Ranges',
    'Allow',
    'Cache-Control',
    'Content-Disposition',
    'Content-Range',
    'ETag',
    'If-Match',
    'If-None-Match',
    'If-Range',
    'Link',
    'Location',
    'Range',
    'Retry-After',
    'WWW-Authenticate',
    'X-Total-Count',
  ].map((name) => [name.toLowerCase(), name]),
)

/** The name of a header field as it is best known. In the code they are in lower case, as Node gives them. */
function canonical(name: string): string {
  return FIELD_NAMES.get(name) ?? name
}

function finishedHeaders(headers: Readonly<Record<string, Header>>): Record<string, Header> {
  return Object.fromEntries(
    Object.entries(headers).map(([name, { schema, ...rest }]) => {
      const { examples: [example] = [], sometimes = false, ...bare } = schema
      return [canonical(name), { ...rest, required: !sometimes, schema: bare, example }]
    }),
  )
}

/** Leaves out the components that no operation refers to: which ones are in use depends on the APIs that are mounted. */
function dropUnused({ paths }: Document, schemas: Record<string, AnySchemaObject>): void {
  const used = new Set<string>()
  const texts = [JSON.stringify(paths)]
  for (let next = texts.pop(); next !== undefined; next = texts.pop()) {
    for (const [, name = ''] of next.matchAll(/"#\/components\/schemas\/([^"]+)"/g)) {
      if (used.has(name)) continue
      used.add(name)
      texts.push(JSON.stringify(schemas[name] ?? null))
    }
  }
  for (const name of Object.keys(schemas)) if (!used.has(name)) delete schemas[name]
}
