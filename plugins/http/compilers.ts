import { AjvCompiler, type BuildCompilerFromPool } from '@fastify/ajv-compiler'
import { SerializerSelector } from '@fastify/fast-json-stringify-compiler'
import type { AnySchema } from 'ajv'

type BuildSerializer = ReturnType<typeof SerializerSelector>
type Validate = ReturnType<ReturnType<BuildCompilerFromPool>>
type Write = (value: unknown) => string

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
 */
export const buildValidator: BuildCompilerFromPool = (externalSchemas) => {
  const compilerWith =
    (allErrors: boolean): ReturnType<BuildCompilerFromPool> =>
    (route) => {
      const { key, referred } = withReferred(Object(route).schema, externalSchemas)
      const customOptions = {
        allErrors,
        coerceTypes: false,
        removeAdditional: false,
        // What is said of a fault can depend on the value.
        verbose: true,
        // Ours are checked by the compiler and the tests; the schema of schemas takes longer to compile than all of them.
        meta: false,
        validateSchema: false,
      }
      return once(validators, `${allErrors} ${key}`, () =>
        buildAjv(referred, { customOptions })(route),
      )
    }
  const compileQuick = compilerWith(false)
  const compileThorough = compilerWith(true)

  return (route) => {
    if (typeof route !== 'object') return compileThorough(route)
    if (route.httpPart !== 'body') {
      const validate = compileThorough(route)
      const integers = integersIn(route)
      if (integers.length === 0) return validate
      return new Proxy(validate, {
        apply: (_validate, _this, [part]) => {
          for (const name of integers) part[name] = numberOf(part[name])
          return validate(part)
        },
      })
    }
    const quick = compileQuick(route)
    let thorough: typeof quick | undefined
    return new Proxy(quick, {
      apply: (_quick, _this, [body]) => {
        if (quick(body)) return true
        if (!isLarge(body)) {
          thorough ??= compileThorough(route)
          thorough(body)
          quick.errors = thorough.errors ?? null
        }
        return false
      },
    })
  }
}

/** The names of the values that are to be whole numbers. */
function integersIn(route: Exclude<AnySchema, boolean>): string[] {
  return Object.entries<{ type?: string }>(route.schema?.properties ?? {})
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

/**
 * Writes answers by their schemas, and remembers the text of what can't change: the store's records are frozen, so
 * each is written once, until a change makes a new one. A list is put together from its records' texts.
 */
export const buildSerializer: BuildSerializer = (externalSchemas, options) => {
  const writerOf = (route: Parameters<ReturnType<BuildSerializer>>[0]) => {
    const { description, examples, headers, links, ...schema } = Object(route.schema)
    const { key, referred } = withReferred(schema, Object(externalSchemas))
    return once(writers, key, () =>
      remembering(buildFastJson(referred, options)({ ...route, schema })),
    )
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
  externals: Record<string, AnySchema | AnySchema[]> = {},
): { key: string; referred: Record<string, AnySchema | AnySchema[]> } {
  const referred: Record<string, AnySchema | AnySchema[]> = {}
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

function remembering(write: Write): Write {
  const texts = new WeakMap<object, string>()
  return (value) => {
    if (typeof value !== 'object' || value === null || !Object.isFrozen(value)) return write(value)
    let text = texts.get(value)
    if (text === undefined) {
      text = write(value)
      texts.set(value, text)
    }
    return text
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
