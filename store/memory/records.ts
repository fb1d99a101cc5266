import type { Fields } from '../access.js'
import type { Declaration, StoredFile } from '../declaration.js'
import { InvalidRecord } from '../errors.js'
import type { Row } from '../predicate.js'
import { weightOf } from '../weight.js'
import type { Schema } from './schema.js'

/**
 * Builds a record with its fields always in the same order, so that all share one shape in memory.
 * @throws InvalidRecord
 */
export function compose(
  { declaration, name }: Schema,
  id: unknown,
  version: number,
  values: Fields,
): Row {
  const record: Record<string, unknown> = { id, version }
  for (const field of declaration.fields) record[field] = values[field]
  if (!declaration.isRecord(record)) {
    const { path, code } = declaration.isRecord.fault()
    throw new InvalidRecord(name, path, code)
  }
  deepFreeze(record)
  return record
}

/** What a record takes beside itself: its places in the maps and the lists of its collection. */
const PLACES = 400

/** What a field takes: their names are the same in all. */
const FIELD = 16

/** About how many bytes of memory a record takes. */
export function weightOfRecord(row: Row): number {
  let weight = PLACES
  for (const field in row) weight += FIELD + weightOf(row[field])
  return weight
}

/** The contents that a record refers to, each as often as it does. */
export function contentsOf(row: Row, declaration: Declaration): string[] {
  return filesOf(row, declaration).map(({ sha256 }) => sha256)
}

/** How many bytes the files have together that a record refers to. */
export function sizeOfFiles(row: Row, declaration: Declaration): number {
  return filesOf(row, declaration).reduce((sum, { size }) => sum + size, 0)
}

function filesOf(row: Row, { files }: Declaration): StoredFile[] {
  return files.flatMap((field) => row[field]).filter(isFile)
}

function isFile(value: unknown): value is StoredFile {
  return typeof value === 'object' && value !== null && 'sha256' in value
}

function deepFreeze(value: unknown): void {
  if (typeof value !== 'object' || value === null || Object.isFrozen(value)) return
  for (const inner of Object.values(value)) deepFreeze(inner)
  Object.freeze(value)
}
