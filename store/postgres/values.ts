import pg from 'pg'

/**
 * PostgreSQL's texts can't hold U+0000. So it, and the characters that others stand for it by, are each written as three, in a way
 * that keeps the order of texts, and which of them is in which: none of the three begins in the middle of another.
 */
const RESERVED = ['\u0000', '\u0001', '\u0002', '\u0003']
const [, MARK = '', ZERO = '', ONE = ''] = RESERVED
const ESCAPED = [ZERO + ZERO, ZERO + ONE, ONE + ZERO, ONE + ONE].map((digits) => MARK + digits)

const IS_RESERVED = new RegExp(`[${RESERVED.join('')}]`, 'g')
const IS_ESCAPED = new RegExp(`${MARK}[${ZERO}${ONE}]{2}`, 'g')

/** The same in the text of JSON, where each is an escape, and where a backslash can be a character's own. */
const IS_RESERVED_IN_JSON = /\\(?:u000[0-3]|.)/g
const IS_ESCAPED_IN_JSON = /\\(?:u0001(?:\\u000[23]){2}|.)/g

/** A text as the database has it. */
export function writtenText(text: string): string {
  return text.replace(IS_RESERVED, (each) => ESCAPED[each.charCodeAt(0)] ?? each)
}

/** A value of a statement as it goes over the wire: bytes as they are, and all else as text. */
export function written(value: unknown): Buffer | string | null {
  if (typeof value === 'string') return writtenText(value)
  if (value === null || value === undefined) return null
  if (value instanceof Buffer) return value
  return Array.isArray(value) ? `{${value.map(element).join(',')}}` : String(value)
}

/** A value in a list. */
function element(value: unknown): string {
  const text = written(value)
  if (text === null) return 'NULL'
  return Array.isArray(value) ? String(text) : `"${String(text).replace(/["\\]/g, '\\$&')}"`
}

/** A text that the database had. */
export function readText(text: string): string {
  if (!text.includes(MARK)) return text
  return text.replace(IS_ESCAPED, (each) => RESERVED[ESCAPED.indexOf(each)] ?? each)
}

/** JSON as the database has it: as JavaScript writes it, so that the order of fields and the look of numbers stay. */
export function writtenJson(value: unknown): string {
  const json = JSON.stringify(value)
  if (!json.includes('\\u000')) return json
  return json.replace(IS_RESERVED_IN_JSON, (each) => inJson(writtenText, each))
}

/** What JSON that the database had says. */
export function readJson(json: string): unknown {
  if (!json.includes('\\u0001')) return JSON.parse(json)
  return JSON.parse(json.replace(IS_ESCAPED_IN_JSON, (each) => inJson(readText, each)))
}

/** Some escaped characters, put another way. */
function inJson(change: (text: string) => string, escapes: string): string {
  if (!escapes.startsWith('\\u000')) return escapes
  const text: unknown = JSON.parse(`"${escapes}"`)
  return JSON.stringify(change(String(text))).slice(1, -1)
}

/** Reads a column's text. */
export type Reader = (text: string) => unknown

/** How columns are read, by what `pg_type` calls their types. */
const READERS: ReadonlyMap<number, Reader> = new Map<number, Reader>([
  // int8: what is kept in one is a number that JavaScript can count on from.
  [20, Number],
  [25, readText],
  [114, readJson],
])

/** How a column is read: where its type isn't named here, as the driver does. */
export function readerOf(type: number): Reader {
  return READERS.get(type) ?? pg.types.getTypeParser(type)
}
