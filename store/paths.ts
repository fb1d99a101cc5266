import type { Row } from './predicate.js'
import type { Path } from './query.js'

/** The names on a path, from the record inwards. */
export function namesOf(path: Path): readonly string[] {
  return typeof path === 'string' ? [path] : path
}

/** A path as one text, to be compared. */
export function keyOfPath(path: Path): string {
  return JSON.stringify(namesOf(path))
}

/** Makes what reads a record at a path; it gives undefined where there is nothing. */
export function readerOf(path: Path): (row: Row) => unknown {
  const [field = '', ...names] = namesOf(path)
  // What every object inherits has a value where a record has none.
  const read = field in Object.prototype ? (row: Row) => ownValue(row, field) : plainly(field)
  const [first, ...rest] = names
  if (first === undefined) return read
  if (rest.length === 0) return (row) => ownValue(read(row), first)
  return (row) => {
    let value = read(row)
    for (const name of names) value = ownValue(value, name)
    return value
  }
}

/**
 * A value with null at the end of a path into it, where something is. What it was stays as it is.
 * @param names the path, in its objects and lists
 */
export function withNullAt(value: unknown, names: readonly string[]): unknown {
  const [name, ...rest] = names
  if (name === undefined) return null
  if (Array.isArray(value)) return value.with(Number(name), withNullAt(ownValue(value, name), rest))
  // A computed name makes a field of its own even where it is `__proto__`.
  return { ...fieldsOf(value), [name]: withNullAt(ownValue(value, name), rest) }
}

function plainly(field: string): (row: Row) => unknown {
  return (row) => row[field]
}

/** What an object or a list has under a name: not its length, and nothing that it inherits. */
function ownValue(value: unknown, name: string): unknown {
  if (typeof value !== 'object' || value === null || !Object.hasOwn(value, name)) return undefined
  return name === 'length' && Array.isArray(value) ? undefined : Reflect.get(value, name)
}

function fieldsOf(value: unknown): object {
  return typeof value === 'object' && value !== null ? value : {}
}
