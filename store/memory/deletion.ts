import type { Row } from '../predicate.js'
import type { Table } from './table.js'

export type Tables = ReadonlyMap<string, Table>

/** How many records are dealt with in a single turn, however quick that is. */
export const AT_ONCE = 1000

/**
 * Deletes a record, and does to those that refer to it what is declared: a little more at each step, so that others can have turns
 * between two of them. No step fails.
 * @returns how many records each step has dealt with
 */
export function* deletion(tables: Tables, collection: string, row: Row): Iterable<number> {
  tables.get(collection)?.remove(row)
  const gone: [collection: string, row: Row][] = [[collection, row]]
  // Not one within the other, which is what a long row of records that point at each other would break.
  for (const [collection, row] of gone) {
    for (const [name, table] of tables) {
      for (const { list, changeOf } of table.dependents(collection, row)) {
        for (const chunk of list.chunks) {
          for (const each of chunk) {
            if (changeOf) {
              table.update(each, changeOf(each))
            } else {
              table.remove(each)
              gone.push([name, each])
            }
          }
          yield chunk.length
        }
      }
    }
    yield 1
  }
}

/** Whether more follows from the deletion of a record than is done in a single turn. */
export function isLong(tables: Tables, collection: string, row: Row): boolean {
  const gone = new Map([[row, collection]])
  let count = 0
  for (const [row, collection] of gone) {
    for (const [name, table] of tables) {
      for (const { list, changeOf } of table.dependents(collection, row)) {
        count += list.length
        if (count > AT_ONCE) return true
        if (changeOf) continue
        for (const chunk of list.chunks) for (const each of chunk) gone.set(each, name)
      }
    }
  }
  return false
}
