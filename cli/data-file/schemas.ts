import { applyEdits, type Edit, type Node, parseTree } from 'jsonc-parser'
import { COLLECTIONS } from '../../seed/described.js'
import { withoutComments } from '../../seed/jsonc.js'
import { endOf, fieldOf, fieldText, type Layout, layoutOf, replacement } from './layout.js'

/**
 * Puts schemas into what the text of a data file says of its collections, and leaves every other byte as it is.
 * @param text valid JSON, with comments and trailing commas too, without a byte order mark
 * @param schemas by the names of parts that are there, and have no schema yet
 */
export function addSchemas(text: string, schemas: ReadonlyMap<string, unknown>): string {
  const plain = withoutComments(text)
  const root = parseTree(plain)
  if (!root) throw new SyntaxError('not JSON')
  return applyEdits(text, new Writing(plain, root).editsFor(schemas))
}

class Writing {
  readonly #text: string
  readonly #root: Node
  /** How far a line stands further in than the one around it. */
  readonly #unit: string

  constructor(text: string, root: Node) {
    this.#text = text
    this.#root = root
    this.#unit = layoutOf(text, root).inner || '  '
  }

  editsFor(schemas: ReadonlyMap<string, unknown>): Edit[] {
    const described = fieldOf(this.#root, COLLECTIONS)
    const edits: Edit[] = []
    const missing = new Map<string, unknown>()
    for (const [name, schema] of schemas) {
      const one = described && fieldOf(described, name)
      if (one) edits.push(this.#addition(one, new Map([['schema', schema]])))
      else missing.set(name, { schema })
    }
    if (missing.size > 0) {
      edits.push(described ? this.#addition(described, missing) : this.#newPart(missing))
    }
    return edits
  }

  /** Adds fields behind those that an object has. */
  #addition(object: Node, fields: ReadonlyMap<string, unknown>): Edit {
    const last = endOf(object.children?.at(-1))
    const layout = layoutOf(this.#text, object)
    if (last === undefined) {
      // Written like the object around it.
      const around = layoutOf(this.#text, object.parent?.parent ?? this.#root)
      return replacement(object, this.#valueText(Object.fromEntries(fields), around))
    }
    const content = [...fields].map(([name, value]) => {
      return `,${separatorOf(layout)}${this.#fieldText(name, value, layout)}`
    })
    return { offset: last, length: 0, content: content.join('') }
  }

  /** It comes first, where a reader of much data finds it. */
  #newPart(fields: ReadonlyMap<string, unknown>): Edit {
    const layout = layoutOf(this.#text, this.#root)
    const field = this.#fieldText(COLLECTIONS, Object.fromEntries(fields), layout)
    const [first] = this.#root.children ?? []
    const separator = separatorOf(layout)
    if (first?.children?.[0]?.value === '$schema') {
      return { offset: first.offset + first.length, length: 0, content: `,${separator}${field}` }
    }
    return layout.inner === undefined
      ? { offset: first?.offset ?? 0, length: 0, content: `${field},${separator}` }
      : { offset: this.#root.offset + 1, length: 0, content: `${separator}${field},` }
  }

  #fieldText(name: string, value: unknown, layout: Layout): string {
    return layout.inner === undefined
      ? fieldText(name, value, layout.gap)
      : `${JSON.stringify(name)}:${layout.gap}${this.#valueText(value, layout)}`
  }

  /** @param layout of the object that the value is in */
  #valueText(value: unknown, { inner, eol }: Layout): string {
    if (inner === undefined) return JSON.stringify(value)
    return spread(value, this.#unit, eol + inner)
  }
}

/** What stands between two fields, behind the comma. */
function separatorOf({ inner, eol, gap }: Layout): string {
  return inner === undefined ? gap : eol + inner
}

/** How long what is on one line may be. */
const LINE = 80

/**
 * A value on many lines, where it is no short one: `{ "type": "string" }` stays on its own.
 * @param line what begins each line after the first, the line break too
 */
function spread(value: unknown, unit: string, line: string): string {
  if (typeof value !== 'object' || value === null) return JSON.stringify(value)
  const inner: readonly unknown[] = Object.values(value)
  const isFlat = inner.every(
    (each) => typeof each !== 'object' || each === null || isFlatList(each),
  )
  const items = Array.isArray(value)
    ? inner.map((each) => spread(each, unit, line + unit))
    : Object.entries(value).map(
        ([name, each]) => `${JSON.stringify(name)}: ${spread(each, unit, line + unit)}`,
      )
  const [open, close] = Array.isArray(value) ? ['[', ']'] : ['{', '}']
  const padding = Array.isArray(value) || items.length === 0 ? '' : ' '
  const short = `${open}${padding}${items.join(', ')}${padding}${close}`
  if (isFlat && short.length <= LINE && !short.includes('\n')) return short
  return `${open}${line}${unit}${items.join(`,${line}${unit}`)}${line}${close}`
}

function isFlatList(value: object): boolean {
  return Array.isArray(value) && value.every((each) => typeof each !== 'object' || each === null)
}
