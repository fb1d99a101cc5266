import type { Joined } from '../engine.js'
import type { Row } from '../predicate.js'
import { type DatabaseRow, quoted } from './database.js'
import type { Table } from './table.js'

/** What is read of each record, and with it. */
export interface Projection<A> {
  /** In SQL; the record's are those of `record/`. */
  readonly columns: string
  /** What is joined to the records for it, in SQL: none of its columns is called as one of theirs is. */
  readonly join: string
  /** Makes it of a row of these. */
  readonly read: (row: DatabaseRow) => A
}

/** The record itself. */
export function whole(table: Table): Projection<Row> {
  return { columns: table.allAs('record'), join: '', read: ({ record }) => recordOf(record) }
}

/** The record, with what a reference of it leads to. */
export function withTarget(
  table: Table,
  reference: string,
  target: Table,
): Projection<Joined<Row, Row>> {
  const its = target.allAs('target')
  return {
    columns: `${table.allAs('record')}, target.*`,
    join: `left join (select ${its} from ${target.sql}) target on "target/id" = ${quoted(reference)}`,
    read: ({ record, target }) => ({
      record: recordOf(record),
      target: isRecord(target) ? target : undefined,
    }),
  }
}

/** The columns of a record, as they are named and read: they are the record. */
export function recordOf(columns: unknown): Row {
  if (!isRecord(columns)) throw new Error('A row of no record was read as one')
  return columns
}

/** Whether columns are those of a record, and there is one. */
export function isRecord(columns: unknown): columns is Row {
  const { id, version }: DatabaseRow = Object(columns)
  return typeof id === 'number' && typeof version === 'number'
}
