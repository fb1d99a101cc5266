import { AjvCompiler, type BuildCompilerFromPool } from '@fastify/ajv-compiler'
import { SerializerSelector } from '@fastify/fast-json-stringify-compiler'
import type { AnySchema } from 'ajv'
import { SchemaEnv } from 'ajv/dist/compile/index.js'
import { Texts } from './texts.js'

type BuildSerializer = ReturnType<typeof SerializerSelector>
type Validate = ReturnType<ReturnType<BuildCompilerFromPool>>
type Write = (value: unknown) => string
type SharedSchemas = Record<string, AnySchema | AnySchema[]>

/** Looks for what is wrong with a value; null where nothing is. */
type FindFaults = (value: unknown) => NonNullable<Validate['errors']> | null

const buildAjv = AjvCompiler()
const buildFastJson = SerializerSelector()

/** What has been compiled, by what from. Most routes share most of their schemas, and all servers in a process share all. */
const validators = new Map<string, Validate>()
const writers = new Map<string, Write>()

/** Up to how many values a body may hold for every fault in it to be looked for. */
const THOROUGH = 10_000

/**
 * Checks bodies as they are: nothing is coerced, nothing dropped, and every fault is found. Only in a huge body one fault
 * has to do, since it could hold a fault for every two bytes, and nobody else would be served while they are listed.
 * Paths, queries and headers are text, so a whole number as one writes it is taken for one where the schema asks for that.
 * A schema is compiled when its first value comes: a start would take longer for them than for all else.
 */
export const buildValidator: BuildCompilerFromPool = (shared) => (route) => {
  const { httpPart, schema } = Object(route)
  const findAll = faultFinder(schema, shared, true)
  if (httpPart === 'body') {
    const findFirst = faultFinder(schema, shared, false)
    return validatorOf(schema, (body) => {
      const fault = findFirst(body)
      return fault === null || isLarge(body) ? fault : findAll(body)
    })
  }
  if (isDescription(schema)) return validatorOf(schema, () => null)
  const integers = integersIn(schema)
  if (integers.length === 0) return validatorOf(schema, findAll)
  return validatorOf(schema, (part) => {
    const values: Record<string, unknown> = Object(part)
    for (const name of integers) values[name] = numberOf(values[name])
    return findAll(part)
  })
}

/** In the form that Fastify wants, which is Ajv's. */
function validatorOf(schema: AnySchema, findFaults: FindFaults): Validate {
  const validate: Validate = Object.assign(
    (value: unknown): value is unknown => {
      validate.errors = findFaults(value)
      return validate.errors === null
    },
    { schema, schemaEnv: new SchemaEnv({ schema }) },
  )
  return validate
}

function faultFinder(schema: AnySchema, shared: SharedSchemas, allErrors: boolean): FindFaults {
  const compile = () => {
    const { key, referred } = withReferred(schema, shared)
    const customOptions = {
      allErrors,
      coerceTypes: false,
      removeAdditional: false,
      allowUnionTypes: true,
      // What is said of a fault can depend on the value.
      verbose: true,
      // Ours are checked by the compiler and the tests; the schema of schemas takes longer to compile than all of them.
      meta: false,
      validateSchema: false,
    }
    return once(validators, `${allErrors} ${key}`, () =>
      buildAjv(referred, { customOptions })({ schema }),
    )
  }
  let validate: Validate | undefined
  return (value) => {
    validate ??= compile()
    return validate(value) ? null : (validate.errors ?? [])
  }
}

/** What says something of a text and refuses none. */
const ANNOTATIONS: ReadonlySet<string> = new Set(['type', 'description', 'examples'])

/** Whether a schema of a part that is text can refuse nothing: then it stands for the document alone. */
function isDescription({ required, properties, ...rest }: Exclude<AnySchema, boolean>): boolean {
  return (
    required === undefined &&
    Object.keys(rest).every((keyword) => ANNOTATIONS.has(keyword)) &&
    Object.values<object>(Object(properties)).every(
      (text) =>
        'type' in text &&
        text.type === 'string' &&
        Object.keys(text).every((keyword) => ANNOTATIONS.has(keyword)),
    )
  )
}

/** The names of the values that are to be whole numbers. */
function integersIn({ properties }: Exclude<AnySchema, boolean>): string[] {
  return Object.entries<{ type?: string }>(Object(properties))
    .filter(([, { type }]) => type === 'integer')
    .map(([name]) => name)
}

/** A whole number's text as that number; anything else as it is, such as 01, 1e3, 0x10 or Infinity. */
function numberOf(text: unknown): unknown {
  return typeof text === 'string' && /^(0|-?[1-9]\d{0,15})$/.test(text) ? Number(text) : text
}

function isLarge(body: unknown): boolean {
  const values = [body]
  for (let seen = 0; seen < THOROUGH; seen++) {
    if (values.length === 0) return false
    const value = values.pop()
    if (typeof value !== 'object' || value === null) continue
    if (Array.isArray(value) && value.length > THOROUGH) return true
    for (const inner of Object.values(value)) values.push(inner)
  }
  return true
}

/** The answer that has something new in it: nobody may ever ask for it in the same words. */
const CREATED = '201'

/**
 * Writes answers by their schemas, compiled like those of requests, and remembers the text of what can't change: the store's
 * records are frozen, so each is written once, until a change makes a new one. A list is put together from its records' texts.
 */
export const buildSerializer: BuildSerializer = (externalSchemas, options) => {
  const compile = (route: Parameters<ReturnType<BuildSerializer>>[0]) => {
    const { description, examples, headers, links, ...schema } = Object(route.schema)
    const { key, referred } = withReferred(schema, Object(externalSchemas))
    const isNew = route.httpStatus === CREATED
    return once(writers, `${isNew} ${key}`, () => {
      const write = buildFastJson(referred, options)({ ...route, schema })
      return isNew ? write : remembering(write)
    })
  }
  const writerOf = (route: Parameters<typeof compile>[0]): Write => {
    let write: Write | undefined
    return (value) => {
      write ??= compile(route)
      return write(value)
    }
  }
  return (route) => {
    const { schema } = route
    if (!isArraySchema(schema)) return writerOf(route)
    const writeItem = writerOf({ ...route, schema: schema.items })
    return (items: readonly unknown[]) => `[${items.map(writeItem).join(',')}]`
  }
}

function once<T>(made: Map<string, T>, key: string, make: () => T): T {
  let value = made.get(key)
  if (value === undefined) {
    value = make()
    made.set(key, value)
  }
  return value
}

/**
 * The shared schemas that a schema refers to, and those that they refer to. A compiler that gets no others than
 * these does the same in every scope that has them.
 */
function withReferred(
  schema: unknown,
  externals: SharedSchemas,
): { key: string; referred: SharedSchemas } {
  const referred: SharedSchemas = {}
  const texts = [JSON.stringify(schema)]
  for (let next = texts[0], at = 0; next !== undefined; next = texts[++at]) {
    for (const [, name = ''] of next.matchAll(/"\$ref":"([^"#]+)/g)) {
      const external = externals[name]
      if (external === undefined || name in referred) continue
      referred[name] = external
      texts.push(JSON.stringify(external))
    }
  }
  return { key: texts.join(' '), referred }
}

/** Remembers what `write` has written of what can't change. */
export function remembering(write: Write): Write {
  const texts = new Texts()
  return (value) => {
    if (typeof value !== 'object' || value === null || !Object.isFrozen(value)) return write(value)
    return texts.get(value) ?? texts.put(value, write(value))
  }
}

function isArraySchema(schema: unknown): schema is { type: 'array'; items: object } {
  return (
    typeof schema === 'object' &&
    schema !== null &&
    'type' in schema &&
    schema.type === 'array' &&
    'items' in schema
  )
}
