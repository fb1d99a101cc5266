import { literal } from './database.js'
import type { Column } from './table.js'

/** A name that an element of a list has. */
const INDEX = /^(?:0|[1-9]\d{0,8})$/

/** Takes in the values of a statement. */
interface Adder {
  /** @returns what stands for a value in SQL */
  add(value: unknown, type: string): string
}

/**
 * The JSON at a path into a column, in SQL: null where there is nothing, JSON's null where that is.
 * @param parameters takes in the names; without it they are written out, as an index needs it
 */
export function valueAt(column: Column, names: readonly string[], parameters?: Adder): string {
  const text = (name: string) => parameters?.add(name, 'text') ?? literal(name)
  // A field is always there.
  if (names.length === 0) return `coalesce(${column.sql}, 'null')`
  return names.reduce(
    // The one operator looks into objects alone, the other into lists too, and counts from their ends.
    (value, name) =>
      INDEX.test(name) ? `(${value} #> array[${text(name)}])` : `(${value} -> ${text(name)})`,
    column.sql,
  )
}
