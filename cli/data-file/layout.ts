import type { Edit, Node } from 'jsonc-parser'

/** How the text around a new record is written. */
export interface Layout {
  /** The line break. */
  readonly eol: string
  /** What stands before a field that has its own line; undefined where all is on one line. */
  readonly inner: string | undefined
  /** What stands before the closing brace then. */
  readonly outer: string
  /** What stands after a colon, and after a comma within a line. */
  readonly gap: string
  /** What stands inside the braces of a record on one line. */
  readonly padding: string
}

/** Of a name that is there twice the last counts, as it does for JSON.parse. */
function propertyOf(object: Node, name: string): Node | undefined {
  return object.children?.findLast(({ children }) => children?.[0]?.value === name)
}

/** The value of an object's field. */
export function fieldOf(object: Node, name: string): Node | undefined {
  return propertyOf(object, name)?.children?.[1]
}

/** How a record is laid out that is there. */
export function layoutOf(text: string, record: Node): Layout {
  const [first] = record.children ?? []
  const space = text.slice(record.offset + 1, first?.offset)
  const value = first?.children?.[1]
  return {
    eol: lineBreakOf(text),
    inner: space.includes('\n') ? space.slice(space.lastIndexOf('\n') + 1) : undefined,
    outer: indentAt(text, record.offset + record.length),
    gap: first?.colonOffset !== undefined && value?.offset === first.colonOffset + 1 ? '' : ' ',
    padding: space,
  }
}

/** How the parts of the file are laid out. Where there are none, as Slipway's own file is. */
export function layoutOfParts(text: string, root: Node): Layout {
  return root.children?.length
    ? layoutOf(text, root)
    : { eol: lineBreakOf(text), inner: '  ', outer: '', gap: ' ', padding: '' }
}

/** A field on one line. */
export function fieldText(name: string, value: unknown, gap: string): string {
  return `${JSON.stringify(name)}:${gap}${JSON.stringify(value)}`
}

/** The white space that begins the line of an offset. */
function indentAt(text: string, offset: number): string {
  const line = text.slice(text.lastIndexOf('\n', offset - 1) + 1, offset)
  return /^\s*/.exec(line)?.[0] ?? ''
}

function lineBreakOf(text: string): string {
  return text.includes('\r\n') ? '\r\n' : '\n'
}

/** Where a value or a field ends. */
export function endOf(node: Node | undefined): number | undefined {
  return node && node.offset + node.length
}

/** The edit that puts something else in a value's place. */
export function replacement(node: Node, content: string): Edit {
  return { offset: node.offset, length: node.length, content }
}
