import { quoted } from './database.js'

/** What each kind of statement has to show of the rows that it has changed. */
const ROWS = {
  insert: 'new table as new_rows',
  update: 'old table as old_rows new table as new_rows',
  delete: 'old table as old_rows',
}

/**
 * Has a function called after each statement that changes a table.
 * @param name what the triggers' names begin with
 * @param call the function, with its arguments
 * @param kinds of the statements
 */
export function statementTriggers(
  name: string,
  table: string,
  call: string,
  kinds: readonly (keyof typeof ROWS)[] = ['insert', 'update', 'delete'],
): string {
  return kinds
    .map(
      (kind) =>
        `create or replace trigger ${quoted(`${name}_${kind}`)} after ${kind} on ${quoted(table)} referencing ${ROWS[kind]} for each statement execute function ${call};`,
    )
    .join('\n')
}
