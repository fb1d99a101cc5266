import { createHash } from 'node:crypto'
import type { Declaration } from '../declaration.js'
import { keyOfPath } from '../paths.js'
import { someTextIn } from '../predicate.js'
import { type Path, textOf } from '../query.js'
import { quoted } from './database.js'
import { writtenText } from './values.js'

/** A column that is made of a field, so that an index can answer what that one is asked. */
export interface Derived {
  /** Its name in SQL. */
  readonly sql: string
  readonly kind: 'text' | 'integer[]'
  /** What it is made of. */
  readonly field: string
  derive(value: unknown): unknown
}

/** Between two texts that are searched as one. */
export const SEPARATOR = '\0'

/** The fingerprint of a record that has too many values, or too long ones: it can be any. */
const ANY = 0

/** How many values of a record get a fingerprint. */
const MOST_VALUES = 1_000

/** How long a text may be that gets one. */
const LONGEST_TEXT = 200

/**
 * The columns that are made of a collection's fields.
 * @param json which of these are JSON
 */
export function derivedOf(declaration: Declaration, json: readonly string[]): readonly Derived[] {
  const { files, pointers, scans, searchable } = declaration
  const searches = searchable.map(
    (field): Derived => ({ sql: searchColumn(field), kind: 'text', field, derive: searchedText }),
  )
  const fields = scans || pointers.length > 0 ? json.filter((each) => !files.includes(each)) : []
  const prints = fields.map(
    (field): Derived => ({
      sql: fingerprintColumn(field),
      kind: 'integer[]',
      field,
      derive: (value) => fingerprintsOf(field, value),
    }),
  )
  return [...searches, ...prints]
}

/** The column that a field is searched by. */
export function searchColumn(field: string): string {
  return quoted(`search/${field}`)
}

/** The column of what each value in a field is as a text. */
export function fingerprintColumn(field: string): string {
  return quoted(`fingerprints/${field}`)
}

/** Stands for a value at a path, written as text: few others have the same. As the database's function `fingerprint` has it. */
export function fingerprint(path: Path, text: string): number {
  return digestOf(keyOfPath(path) + text)
}

/** What a record can have at a path that is one of some texts; undefined where there is no telling. */
export function fingerprintsFor(
  path: Path,
  texts: readonly string[],
): readonly number[] | undefined {
  if (texts.some(({ length }) => length > LONGEST_TEXT)) return undefined
  return [ANY, ...texts.map((text) => fingerprint(path, text))]
}

function digestOf(text: string): number {
  return createHash('sha256').update(writtenText(text)).digest().readInt32BE()
}

/** All texts in a value in small letters; null where there is none. */
function searchedText(value: unknown): string | null {
  const texts: string[] = []
  someTextIn(value, (text) => {
    texts.push(text)
    return false
  })
  return texts.length === 0 ? null : texts.join(SEPARATOR).toLowerCase()
}

function fingerprintsOf(field: string, content: unknown): readonly number[] {
  const prints = new Set<number>()
  // Not by calling itself, which is what depth would break.
  const open: { path: readonly [string, ...string[]]; value: unknown }[] = [
    { path: [field], value: content },
  ]
  let count = 0
  for (let next = open.pop(); next; next = open.pop()) {
    const { path, value } = next
    const text = textOf(value)
    if (text === undefined) continue
    count++
    if (count > MOST_VALUES) return [ANY]
    if (text.length <= LONGEST_TEXT) prints.add(fingerprint(path, text))
    if (typeof value !== 'object' || value === null) continue
    for (const [name, inner] of Object.entries(value)) {
      open.push({ path: [...path, name], value: inner })
    }
  }
  return [...prints]
}
