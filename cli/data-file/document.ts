import { applyEdits, type Edit, type Node, parseTree } from 'jsonc-parser'
import { withoutComments } from '../../seed/jsonc.js'
import type { Change, FieldValues, PartChange } from './change.js'
import {
  endOf,
  fieldOf,
  fieldText,
  type Layout,
  layoutOf,
  layoutOfParts,
  replacement,
} from './layout.js'

/**
 * Changes the text of a data file, and leaves every other byte of it as it is: a new record is written like its neighbour.
 * jsonc-parser's own `modify` would parse the whole text for each field, and spread a record on one line over many.
 * @param text valid JSON, with comments and trailing commas too, without a byte order mark
 */
export function changeText(text: string, change: Change): string {
  // Every place is where it was, and no comment is taken for white space.
  const plain = withoutComments(text)
  const root = parseTree(plain)
  if (!root) throw new SyntaxError('not JSON')
  const edits: Edit[] = []
  const missing: [string, FieldValues][] = []
  for (const [part, partChange] of Object.entries(change)) {
    const list = fieldOf(root, part)
    if (list) edits.push(...editsOf(plain, root, list, partChange))
    else if (partChange.added) missing.push([part, partChange.added])
  }
  if (missing.length > 0) edits.push(newParts(plain, root, missing))
  return applyEdits(text, edits)
}

function editsOf(text: string, root: Node, list: Node, partChange: PartChange): Edit[] {
  const { removed = new Set(), fields = new Map(), added } = partChange
  const records = list.children ?? []
  const edits = [...fields].flatMap(([index, values]) => {
    const record = records[index]
    return record && !removed.has(index) ? fieldEdits(text, record, values) : []
  })
  edits.push(...removals(list, records, removed))
  if (added) edits.push(addition(text, root, list, added))
  return edits
}

/** A field that is there gets its new value, another comes first, since it is an id. */
function fieldEdits(text: string, record: Node, values: FieldValues): Edit[] {
  return Object.entries(values).map(([name, value]) => {
    const old = fieldOf(record, name)
    if (old) return { offset: old.offset, length: old.length, content: JSON.stringify(value) }
    const offset = record.children?.[0]?.offset ?? record.offset + 1
    const { gap } = layoutOf(text, record)
    const space = text.slice(record.offset + 1, offset)
    const separator = space.includes('\n') ? space : gap
    return { offset, length: 0, content: `${fieldText(name, value, gap)},${separator}` }
  })
}

function removals(list: Node, records: readonly Node[], removed: ReadonlySet<number>): Edit[] {
  if (removed.size === 0) return []
  if (removed.size === records.length) return [replacement(list, '[]')]
  const firstKept = records.findIndex((_, index) => !removed.has(index))
  return [...removed].flatMap((index) => {
    const record = records[index]
    // With the comma before it; one that has none before it, with the one behind it.
    const [from, to] =
      index < firstKept
        ? [record?.offset, records[index + 1]?.offset]
        : [endOf(records[index - 1]), endOf(record)]
    return from === undefined || to === undefined
      ? []
      : [{ offset: from, length: to - from, content: '' }]
  })
}

function addition(text: string, root: Node, list: Node, record: FieldValues): Edit {
  const last = list.children?.at(-1)
  if (!last) return replacement(list, listText(record, layoutOfParts(text, root)))
  const before = list.children?.at(-2)
  const space = text.slice(endOf(before) ?? list.offset + 1, last.offset).replace(/^\s*,/, '')
  const layout = layoutOf(text, last)
  // A blank line before one record is not one before each.
  const ownLine = layout.eol + space.slice(space.lastIndexOf('\n') + 1)
  const sameLine = before ? space : layout.gap
  const separator = space.includes('\n') ? ownLine : sameLine
  const content = `,${separator}${recordText(record, layout)}`
  return { offset: last.offset + last.length, length: 0, content }
}

function newParts(text: string, root: Node, parts: readonly [string, FieldValues][]): Edit {
  const layout = layoutOfParts(text, root)
  const separator = layout.inner === undefined ? layout.gap : layout.eol + layout.inner
  const contents = parts.map(
    ([part, record]) => `${JSON.stringify(part)}:${layout.gap}${listText(record, layout)}`,
  )
  const last = root.children?.at(-1)
  if (last) {
    const content = contents.map((part) => `,${separator}${part}`).join('')
    return { offset: last.offset + last.length, length: 0, content }
  }
  const content = `{${separator}${contents.join(`,${separator}`)}${layout.eol}}`
  return replacement(root, content)
}

/** A list of one record in a file whose parts have this layout. */
function listText(record: FieldValues, parts: Layout): string {
  const { eol, inner: unit } = parts
  if (unit === undefined) return `[${recordText(record, parts)}]`
  const outer = unit.repeat(2)
  const content = recordText(record, { ...parts, inner: unit.repeat(3), outer })
  return `[${eol}${outer}${content}${eol}${unit}]`
}

function recordText(record: FieldValues, { eol, inner, outer, gap, padding }: Layout): string {
  const fields = Object.entries(record).map(([name, value]) => fieldText(name, value, gap))
  return inner === undefined
    ? `{${padding}${fields.join(`,${gap}`)}${padding}}`
    : `{${eol}${inner}${fields.join(`,${eol}${inner}`)}${eol}${outer}}`
}
