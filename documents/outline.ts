import { labelOf, rankOf } from './labels.js'
import { cleanText } from './text.js'

/** A data management plan, with what its document says of where it comes from. */
export interface PlanDocument {
  readonly plan: { readonly [field: string]: unknown }
  readonly author: string
  readonly project?: string | undefined
  /** ISO 8601. */
  readonly date: string
}

/** A name and what it stands for. */
export interface Fact {
  readonly name: string
  readonly value: string
}

/** A part of a document, to be typeset as one. Texts are clean, and can have more than one line. */
export type Block =
  | { readonly kind: 'title'; readonly text: string }
  | { readonly kind: 'heading'; readonly level: HeadingLevel; readonly text: string }
  | { readonly kind: 'paragraph'; readonly text: string }
  | { readonly kind: 'facts'; readonly facts: readonly Fact[] }
  | { readonly kind: 'list'; readonly items: readonly string[] }
  | {
      readonly kind: 'table'
      readonly columns: readonly string[]
      readonly rows: readonly (readonly string[])[]
    }

export type HeadingLevel = 1 | 2 | 3 | 4

/** What a document says, before anybody knows how it looks: each format is typeset from the same. */
export interface Outline {
  readonly title: string
  readonly author: string
  readonly date: Date
  /** A BCP 47 tag. */
  readonly language: string
  readonly blocks: readonly Block[]
}

const UNTITLED = 'Data management plan'

/** Stands where nothing was given. */
const NOTHING = '—'

/** A longer title would be a page of large letters. */
const MAX_TITLE = 200

/** More columns would leave too little room for each. */
const MAX_COLUMNS = 6

/** A longer text in a cell makes a column that nobody reads. */
const MAX_CELL = 400

/** A longer name is easier to read as a heading than beside its value. */
const MAX_NAME = 60

/** Texts that together are no longer than this stand on one line rather than in a list. */
const MAX_INLINE = 100

/** A text of more paragraphs has them as lines of one. */
const MAX_PARAGRAPHS = 5000

/** How much of each ancestor's name a deep heading repeats, so that a document doesn't grow with its depth. */
const MAX_ANCESTOR = 40
const ANCESTORS = 2

/** Turns a plan into the parts of a document: nothing of it is left out, and what a funder asks for comes first. */
export function outlineOf({ plan, author, project, date }: PlanDocument): Outline {
  const titleKey = ['title', 'name'].find((key) => isTitle(ownField(plan, key)))
  const title = titleKey === undefined ? UNTITLED : textOf(ownField(plan, titleKey)).trim()
  const facts = [
    { name: 'Project', value: project },
    { name: 'Author', value: author },
    { name: 'Date', value: writtenDate(date) },
  ].map(({ name, value }) => ({ name, value: textOf(value) }))
  const fields = Object.entries(plan)
    .filter(([key]) => key !== titleKey)
    .map(([key, value]) => ({ key, value, rank: rankOf(key) }))
    .sort((a, b) => a.rank - b.rank)
  return {
    title,
    author: cleanText(author),
    date: new Date(date),
    language: languageOf(ownField(plan, 'language')),
    blocks: [
      { kind: 'title', text: title },
      { kind: 'facts', facts: project === undefined ? facts.slice(1) : facts },
      ...fields.flatMap(({ key, value }) => {
        const label = cleanText(labelOf(key))
        return [headingOf([label]), ...bodyOf(value, [label])]
      }),
    ],
  }
}

/**
 * What stands below a heading.
 * @param path the names of the headings above it
 */
function bodyOf(value: unknown, path: readonly string[]): Block[] {
  if (Array.isArray(value) && value.length > 0) return arrayBody(value, path)
  if (isObject(value)) return fieldsBody(Object.entries(value), path)
  const paragraphs = textOf(value)
    .split(/\n\s*\n/)
    .map((text) => text.replace(/^\n+|\n+$/g, ''))
    .filter((text) => text.trim() !== '')
  // More than anybody has written would take longer than a document may.
  if (paragraphs.length > MAX_PARAGRAPHS)
    return [{ kind: 'paragraph', text: paragraphs.join('\n') }]
  return (paragraphs.length > 0 ? paragraphs : [NOTHING]).map((text) => ({
    kind: 'paragraph',
    text,
  }))
}

function arrayBody(items: readonly unknown[], path: readonly string[]): Block[] {
  if (items.every((item) => !isComplex(item))) return [{ kind: 'list', items: items.map(textOf) }]
  const table = tableOf(items)
  if (table) return [table]
  const lines = items.map(inlineText)
  if (lines.every((line) => line !== undefined)) return [{ kind: 'list', items: lines }]
  return fieldsBody(
    items.map((item, index) => [itemName(item, index + 1), item]),
    path,
  )
}

/** What fits beside its name comes first: below a sub-heading it would seem to belong to that. */
function fieldsBody(
  entries: readonly (readonly [string, unknown])[],
  path: readonly string[],
): Block[] {
  const facts: Fact[] = []
  const sections: Block[][] = []
  for (const [key, value] of entries) {
    const name = cleanText(labelOf(key))
    const text = name.length > MAX_NAME ? undefined : inlineText(value)
    if (text !== undefined) facts.push({ name, value: text })
    else sections.push([headingOf([...path, name]), ...bodyOf(value, [...path, name])])
  }
  return [...(facts.length > 0 ? [{ kind: 'facts', facts } as const] : []), ...sections.flat()]
}

/** A table of objects, or nothing where it would be too wide to read. */
function tableOf(items: readonly unknown[]): Block | undefined {
  if (!items.every(isObject)) return undefined
  const columns = new Set(items.flatMap((item) => Object.keys(item)))
  if (columns.size > MAX_COLUMNS) return undefined
  const names = [...columns].map((key) => cleanText(labelOf(key)))
  if (names.some((name) => name.length > MAX_NAME)) return undefined
  const rows: string[][] = []
  for (const item of items) {
    const row: string[] = []
    for (const key of columns) {
      const text = Object.hasOwn(item, key) ? cellText(item[key]) : ''
      if (text === undefined || text.length > MAX_CELL) return undefined
      row.push(text)
    }
    rows.push(row)
  }
  return { kind: 'table', columns: names, rows }
}

/** A value in a table's cell: an array or object of plain values has a line for each. */
function cellText(value: unknown): string | undefined {
  const inline = inlineText(value)
  if (inline !== undefined) return inline
  if (Array.isArray(value)) {
    return value.every((item) => !isComplex(item)) ? value.map(textOf).join('\n') : undefined
  }
  if (!isObject(value)) return undefined
  const entries = Object.entries(value)
  if (entries.some(([, item]) => isComplex(item))) return undefined
  return entries.map(([key, item]) => `${cleanText(labelOf(key))}: ${textOf(item)}`).join('\n')
}

/** A value on one line, beside its name: any plain one, and short arrays of short ones. */
function inlineText(value: unknown): string | undefined {
  if (!isComplex(value)) return textOf(value)
  if (!Array.isArray(value) || value.some(isComplex)) return undefined
  const texts = value.map(textOf)
  // Where a text has the sign between two, nobody could tell how many there are.
  if (texts.some((text) => /[;\n]/.test(text))) return undefined
  const line = texts.join('; ')
  return line.length > MAX_INLINE ? undefined : line
}

/** An item of an array is known by its name, if it has one. */
function itemName(item: unknown, number: number): string {
  if (isObject(item)) {
    for (const key of ['title', 'name', 'label', 'id']) {
      const name = ownField(item, key)
      if (typeof name !== 'string' || name.trim() === '') continue
      if (name.length <= MAX_NAME - 10 && !/[\n\r]/.test(name)) return `${number}. ${name}`
    }
  }
  return `Item ${number}`
}

/** Below the third level headings look alike, and tell by the names above them where they stand. */
function headingOf(path: readonly string[]): Block {
  const name = path.at(-1) ?? ''
  if (path.length === 1) return { kind: 'heading', level: 1, text: name }
  if (path.length === 2) return { kind: 'heading', level: 2, text: name }
  if (path.length === 3) return { kind: 'heading', level: 3, text: name }
  const ancestors = path.slice(-1 - ANCESTORS, -1).map((ancestor) => clip(ancestor, MAX_ANCESTOR))
  return { kind: 'heading', level: 4, text: ['…', ...ancestors, name].join(' › ') }
}

/** The beginning of a text, with a sign that there is more. */
export function clip(text: string, length: number): string {
  if (text.length <= length) return text
  // Never half of a character.
  return `${text.slice(0, length - 1).replace(/[\ud800-\udbff]$/, '')}…`
}

function textOf(value: unknown): string {
  if (value === null || value === undefined || value === '') return NOTHING
  if (typeof value === 'boolean') return value ? 'Yes' : 'No'
  if (typeof value === 'object') return NOTHING
  return cleanText(String(value))
}

/** Not an empty one: that is written like nothing. */
function isComplex(value: unknown): boolean {
  return typeof value === 'object' && value !== null && Object.keys(value).length > 0
}

function isObject(value: unknown): value is { readonly [field: string]: unknown } {
  return isComplex(value) && !Array.isArray(value)
}

function isTitle(value: unknown): boolean {
  return typeof value === 'string' && value.trim() !== '' && value.length <= MAX_TITLE
}

/** Not what every object inherits. */
function ownField(object: { readonly [field: string]: unknown }, key: string): unknown {
  return Object.hasOwn(object, key) ? object[key] : undefined
}

/** The headings' language, unless the plan names its own. */
function languageOf(value: unknown): string {
  return typeof value === 'string' && /^[a-z]{2,3}(-[a-z0-9]{2,8}){0,3}$/i.test(value)
    ? value
    : 'en'
}

function writtenDate(date: string): string {
  return new Intl.DateTimeFormat('en-GB', { dateStyle: 'long', timeZone: 'UTC' }).format(
    new Date(date),
  )
}
