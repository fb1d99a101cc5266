import { isDeepStrictEqual } from 'node:util'
import { getNodeValue, type Node, parseTree } from 'jsonc-parser'
import { isContainer } from './json-type.js'

/** Up to the comma between two values, past comments. */
const COMMA = /^(?:\s|\/\/[^\n]*|\/\*[\s\S]*?\*\/)*,/

/** What stands between two brackets, or between a comma and the next, and which value that is. */
interface Piece {
  /** What stands before it, from the bracket or the comma on. */
  readonly before: string
  readonly text: string
  /** What stands between it and the comma. */
  readonly after: string
}

/** One of the values that a container is to have. */
interface Item {
  /** Where it was, when it was there. */
  readonly from: number | undefined
  /** Of an object's field. */
  readonly name?: string
  readonly value: unknown
}

/** How a container is written. */
interface Style {
  /** Whether each value has a line of its own. */
  readonly isSpread: boolean
  /** What stands inside its brackets otherwise. */
  readonly padding: string
}

const LIST = ['[', ']'] as const
const OBJECT = ['{', '}'] as const

/**
 * Writes other values into a JSON text, with or without comments, and keeps its layout: what stays is as it was to the byte,
 * what comes is written like what is beside it.
 * @param text an object's
 * @param fields the object's fields that have a new value; the others stay as they are
 * @param id the field by which the records of a list are known
 * @param before what the text's fields mean, where that isn't all in the text: records whose ids aren't written down
 * @returns the new text, which means what the fields are
 */
export function withFields(
  text: string,
  fields: Readonly<Record<string, unknown>>,
  id = 'id',
  before: Readonly<Record<string, unknown>> = {},
): string {
  const root = parseTree(text, [], { allowTrailingComma: true })
  if (root?.type !== 'object') throw new SyntaxError('not an object')
  const value = { ...getNodeValue(root), ...fields }
  const written = new Layout(text, root, id).write(root, value, before)
  return text.slice(0, root.offset) + written + text.slice(endOf(root))
}

class Layout {
  readonly #text: string
  readonly #id: string
  readonly #eol: string
  /** What a level is indented by. */
  readonly #unit: string
  /** What stands between a name and its value. */
  readonly #colon: string
  /** What stands after a comma within a line. */
  readonly #gap: string

  constructor(text: string, root: Node, id: string) {
    this.#text = text
    this.#id = id
    this.#eol = text.includes('\r\n') ? '\r\n' : '\n'
    const [first] = root.children ?? []
    const [name, value] = first?.children ?? []
    this.#colon = name && value ? text.slice(endOf(name), value.offset) : ': '
    this.#gap = /\s/.test(this.#colon) ? ' ' : ''
    this.#unit = lastLine(first ? text.slice(root.offset + 1, first.offset) : '\n  ') || '  '
  }

  /** The text of a value in the place of another. */
  write(node: Node, value: unknown, known: unknown): string {
    const old: unknown = getNodeValue(node)
    if (isDeepStrictEqual(old, value)) return this.#text.slice(node.offset, endOf(node))
    const { children = [] } = node
    const items = children.length > 0 ? this.#itemsOf(node, value, known ?? old) : []
    if (items.length === 0) {
      const indent = /^\s*/.exec(this.#lineAt(node.offset))?.[0] ?? ''
      return this.#render(value, node, indent, this.#styleOf(holderOf(node) ?? node))
    }
    const pieces = children.map((_child, at) => this.#pieceAt(node, children, at))
    const { separator, ...edges } = this.#spacesOf(node, children)
    const written = items.map(({ from, name, value }, at) => {
      const piece = from === undefined ? undefined : pieces[from]
      const child = from === undefined ? undefined : children[from]
      const space = at === 0 ? edges.first : separator
      const isOwn = piece && (/\S/.test(piece.before) || (at > 0 && from !== 0))
      const before = isOwn ? piece.before : space
      if (!child || !piece) {
        const indent = space.includes('\n') ? lastLine(space) : ''
        const like = name === undefined ? children.at(-1) : undefined
        return before + this.#entry(name, value, like, indent, this.#styleOf(node))
      }
      const [key, inner = child] = child.children && child.type === 'property' ? child.children : []
      const head = key ? this.#text.slice(child.offset, inner.offset) : ''
      return before + head + this.write(inner, value, knownAt(known, name ?? from)) + piece.after
    })
    const [open, close] = node.type === 'array' ? LIST : OBJECT
    return `${open}${written.join(',')}${edges.last}${close}`
  }

  /** What a container is to have, and where of it that was; none where the new value is of another kind. */
  #itemsOf({ children = [], type }: Node, value: unknown, known: unknown): Item[] {
    if (type === 'object' && isContainer(value) && !Array.isArray(value)) {
      // Of a name that is there twice the last counts, as it does for JSON.parse.
      const places = new Map(children.map((child, at) => [String(child.children?.[0]?.value), at]))
      const kept = [...places].filter(([name]) => Object.hasOwn(value, name))
      const added = Object.keys(value).filter((name) => !places.has(name))
      const first = added.filter((name) => name === this.#id)
      return [
        ...first.map((name) => ({ from: undefined, name, value: value[name] })),
        ...kept.map(([name, from]) => ({ from, name, value: value[name] })),
        ...added
          .filter((name) => name !== this.#id)
          .map((name) => ({ from: undefined, name, value: value[name] })),
      ]
    }
    if (type !== 'array' || !Array.isArray(value)) return []
    const places = new Map<string, number[]>()
    for (const [at, child] of children.entries()) {
      const key = this.#keyOf(knownAt(known, at) ?? getNodeValue(child))
      places.set(key, [...(places.get(key) ?? []), at])
    }
    let last = -1
    return value.map((each) => {
      const from = places.get(this.#keyOf(each))?.find((at) => at > last)
      last = from ?? last
      return { from, value: each }
    })
  }

  /** What a value of a list is known by. */
  #keyOf(value: unknown): string {
    if (!isContainer(value) || value[this.#id] === undefined) return JSON.stringify(value)
    return `id ${JSON.stringify(value[this.#id])}`
  }

  #pieceAt(node: Node, children: readonly Node[], at: number): Piece {
    const child = children[at] ?? node
    const [, before] =
      at === 0 ? ['', this.#opening(node, child)] : this.#gapAfter(node, children, at - 1)
    const [after] = at === children.length - 1 ? [''] : this.#gapAfter(node, children, at)
    return { before, after, text: '' }
  }

  /** What stands between a value and the comma behind it, and between that and the next value or the bracket. */
  #gapAfter(node: Node, children: readonly Node[], at: number): [before: string, after: string] {
    const from = endOf(children[at] ?? node)
    const gap = this.#text.slice(from, children[at + 1]?.offset ?? endOf(node) - 1)
    const [comma] = COMMA.exec(gap) ?? []
    return comma === undefined ? ['', gap] : [comma.slice(0, -1), gap.slice(comma.length)]
  }

  /** What stands around the values of a container: before the first, before each other one, and behind the last. */
  #spacesOf(node: Node, children: readonly Node[]) {
    const first = blank(this.#opening(node, children[0] ?? node))
    const [, second] = children.length > 1 ? this.#gapAfter(node, children, 0) : []
    const other = second === undefined ? undefined : blank(second)
    const isSpread = this.#isSpread(node)
    // A blank line before one record is not one before each.
    const separator = isSpread ? this.#eol + lastLine(other ?? first) : (other ?? this.#gap)
    const last = this.#text.slice(endOf(children.at(-1) ?? node), endOf(node) - 1)
    return { first, separator, last }
  }

  #opening(node: Node, first: Node): string {
    return this.#text.slice(node.offset + 1, first.offset)
  }

  /** Whether each value of a container has a line of its own. */
  #isSpread(node: Node): boolean {
    const [first] = node.children ?? []
    return first ? this.#opening(node, first).includes('\n') : false
  }

  #styleOf(node: Node): Style {
    const isSpread = this.#isSpread(node)
    const [first] = node.children ?? []
    return { isSpread, padding: first && !isSpread ? blank(this.#opening(node, first)) : '' }
  }

  #lineAt(offset: number): string {
    return this.#text.slice(this.#text.lastIndexOf('\n', offset - 1) + 1, offset)
  }

  #entry(
    name: string | undefined,
    value: unknown,
    like: Node | undefined,
    indent: string,
    style: Style,
  ): string {
    const head = name === undefined ? '' : JSON.stringify(name) + this.#colon
    return head + this.#render(value, like, indent, style)
  }

  /** The text of a new value, written like another where that has the same kind. */
  #render(value: unknown, like: Node | undefined, indent: string, outer: Style): string {
    if (typeof value !== 'object' || value === null) return JSON.stringify(value)
    const isList = Array.isArray(value)
    const [open, close] = isList ? LIST : OBJECT
    const entries = Object.entries(value)
    if (entries.length === 0) return open + close
    const isAlike = like?.type === (isList ? 'array' : 'object') && like.children?.length
    const model = isAlike ? like : undefined
    const style = model ? this.#styleOf(model) : outer
    const inner = indent + this.#unit
    const texts = entries.map(([name, each]) => {
      const child = isList ? model?.children?.[0] : fieldOf(model, name)
      return this.#entry(
        isList ? undefined : name,
        each,
        child,
        style.isSpread ? inner : indent,
        style,
      )
    })
    if (style.isSpread) {
      const line = this.#eol + inner
      return `${open}${line}${texts.join(`,${line}`)}${this.#eol}${indent}${close}`
    }
    // A list is closer set than an object in most files.
    const padding = isList && !model ? '' : style.padding
    return `${open}${padding}${texts.join(`,${this.#gap}`)}${padding}${close}`
  }
}

function fieldOf(object: Node | undefined, name: string): Node | undefined {
  return object?.children?.findLast(({ children }) => children?.[0]?.value === name)?.children?.[1]
}

/** The container that a value is in. */
function holderOf({ parent }: Node): Node | undefined {
  return parent?.type === 'property' ? parent.parent : parent
}

function knownAt(known: unknown, at: string | number | undefined): unknown {
  return at === undefined || typeof known !== 'object' || known === null
    ? undefined
    : new Map(Object.entries(known)).get(String(at))
}

/** White space, without the comments in it. */
function blank(space: string): string {
  return /\S/.test(space) ? (/^\s*/.exec(space)?.[0] ?? '') : space
}

function lastLine(space: string): string {
  return space.slice(space.lastIndexOf('\n') + 1)
}

function endOf(node: Node): number {
  return node.offset + node.length
}
