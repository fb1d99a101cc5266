import type { FreeForm } from '../store/free-form.js'

/** A type that a module exports. */
export interface NamedSchema {
  readonly name: string
  /** JSON Schema that refers to nothing but itself. */
  readonly schema: FreeForm
}

/**
 * TypeScript for a schema: what values can be told apart by types. Of what refers back, or is referred to, it makes types of their
 * own.
 * @param takeName gives a name that no other type has, much like the one it is given
 */
export function typeText(
  { name, schema }: NamedSchema,
  takeName: (name: string) => string,
): string {
  return new TypeWriter(name, schema, takeName).write()
}

class TypeWriter {
  readonly #schema: FreeForm
  readonly #takeName: (name: string) => string
  /** The names of what is referred to, by the references. */
  readonly #names: Map<string, string>

  constructor(name: string, schema: FreeForm, takeName: (name: string) => string) {
    this.#schema = schema
    this.#takeName = takeName
    this.#names = new Map([['#', name]])
  }

  write(): string {
    const texts: string[] = []
    // It grows meanwhile.
    for (const [reference, name] of this.#names)
      texts.push(this.#export(name, this.#find(reference)))
    return texts.join('\n')
  }

  #export(name: string, schema: unknown): string {
    const text = this.#typeOf(schema, '')
    const comment = commentOf(schema, '')
    return text.startsWith('{') && text.indexOf('\n}') === text.length - 2
      ? `${comment}export interface ${name} ${text}\n`
      : `${comment}export type ${name} = ${text}\n`
  }

  /** What a reference leads to, by its JSON pointer (RFC 6901). */
  #find(reference: string): unknown {
    let found: unknown = this.#schema
    for (const part of reference.split('/').slice(1)) {
      const key = decodeURIComponent(part).replaceAll('~1', '/').replaceAll('~0', '~')
      found = Object(found)[key]
    }
    return found
  }

  #nameOf(reference: string): string {
    let name = this.#names.get(reference)
    if (name === undefined) {
      const last = reference.split('/').at(-1) ?? ''
      const own = last.replace(/[^A-Za-z0-9]/g, '')
      name = this.#takeName(`${this.#names.get('#')}${own.charAt(0).toUpperCase()}${own.slice(1)}`)
      this.#names.set(reference, name)
    }
    return name
  }

  /** @param indent what the lines of the type begin with, after the first */
  #typeOf(schema: unknown, indent: string): string {
    if (schema === false) return 'never'
    if (!isSchema(schema)) return 'unknown'
    if ('const' in schema) return literal(schema.const)
    if (Array.isArray(schema.enum)) return union(schema.enum.map(literal))
    const { $ref, allOf = [], anyOf, oneOf } = schema
    const all: string[] = typeof $ref === 'string' ? [this.#nameOf($ref)] : []
    all.push(this.#plain(schema, indent))
    for (const each of Object.values(Object(allOf))) all.push(this.#typeOf(each, indent))
    for (const choices of [anyOf, oneOf]) {
      if (Array.isArray(choices)) all.push(union(choices.map((each) => this.#typeOf(each, indent))))
    }
    const said = [...new Set(all)].filter((type) => type !== 'unknown')
    if (said.length < 2) return said[0] ?? 'unknown'
    return said.map(grouped).join(' & ')
  }

  /** What the keywords of a schema say without those that put schemas together. */
  #plain(schema: FreeForm, indent: string): string {
    const implied = [
      ...('properties' in schema ? ['object'] : []),
      ...('items' in schema || 'prefixItems' in schema ? ['array'] : []),
    ]
    const types: readonly unknown[] = [schema.type ?? implied].flat()
    return types.length === 0
      ? 'unknown'
      : union(types.map((type) => this.#typeNamed(type, schema, indent)))
  }

  #typeNamed(type: unknown, schema: FreeForm, indent: string): string {
    if (type === 'object') return this.#object(schema, indent)
    if (type === 'array') return this.#array(schema, indent)
    return type === 'integer' ? 'number' : String(type)
  }

  #object({ properties, required, additionalProperties }: FreeForm, indent: string): string {
    const fields = Object.entries(Object(properties))
    if (fields.length === 0) return `Record<string, ${this.#typeOf(additionalProperties, indent)}>`
    const needed = new Set<unknown>([required].flat())
    const inner = `${indent}  `
    const lines = fields.map(([name, schema]) => {
      const type = this.#typeOf(schema, inner)
      return `${commentOf(schema, inner)}${inner}${fieldName(name)}${needed.has(name) ? '' : '?'}: ${type}\n`
    })
    return `{\n${lines.join('')}${indent}}`
  }

  #array({ items, prefixItems }: FreeForm, indent: string): string {
    if (Array.isArray(prefixItems)) {
      const first = prefixItems.map((each) => `${grouped(this.#typeOf(each, indent))}?`)
      const rest = items === false ? [] : [`...${arrayOf(this.#typeOf(items, indent))}`]
      return `[${[...first, ...rest].join(', ')}]`
    }
    return arrayOf(this.#typeOf(items, indent))
  }
}

function arrayOf(item: string): string {
  return `${grouped(item)}[]`
}

/** A type in parentheses, if it may be put together of others. */
function grouped(type: string): string {
  return / [|&] /.test(type) ? `(${type})` : type
}

function union(types: readonly string[]): string {
  return [...new Set(types)].join(' | ') || 'never'
}

/** A value as a type: of objects and lists none is alike enough. */
function literal(value: unknown): string {
  return typeof value === 'object' && value !== null
    ? 'unknown'
    : (JSON.stringify(value) ?? 'unknown')
}

/** A name as a type has it for a field. */
export function fieldName(name: string): string {
  return /^[\p{ID_Start}$_][\p{ID_Continue}$]*$/u.test(name) ? name : JSON.stringify(name)
}

/** What a schema says in words, above its field. */
function commentOf(schema: unknown, indent: string): string {
  const { description, format } = Object(schema)
  const lines: string[] = typeof description === 'string' ? description.split(/\r?\n/) : []
  if (typeof format === 'string') lines.push(`@format ${format}`)
  if (lines.length === 0) return ''
  const safe = lines.map((line) => line.replaceAll('*/', '*\\/'))
  return safe.length === 1
    ? `${indent}/** ${safe[0]} */\n`
    : `${indent}/**\n${safe.map((line) => `${indent} * ${line}\n`).join('')}${indent} */\n`
}

function isSchema(value: unknown): value is FreeForm {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
