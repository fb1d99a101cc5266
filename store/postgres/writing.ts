import type { Fields } from '../access.js'
import type { Parameters } from './condition.js'
import { columnValue, type Table } from './table.js'

/** What fields are set to. */
export interface Values {
  readonly fields: Fields
  /** Whether anybody sees it, so that the version rises. */
  readonly isVisible: boolean
}

/** What an update sets, in SQL. */
export function changeOf(
  { columns, derived }: Table,
  { fields, isVisible }: Values,
  parameters: Parameters,
): string {
  const set = columns
    .filter(({ field }) => Object.hasOwn(fields, field))
    .map((column) => `${column.sql} = ${parameters.add(columnValue(column, fields), column.kind)}`)
  for (const { sql, kind, field, derive } of derived) {
    if (Object.hasOwn(fields, field)) {
      set.push(`${sql} = ${parameters.add(derive(fields[field]), kind)}`)
    }
  }
  return [...set, `version = version + ${isVisible ? 1 : 0}`].join(', ')
}
