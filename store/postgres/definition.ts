import { indexesOf } from '../access.js'
import { simplified } from '../order.js'
import { countingLock } from './counting/function.js'
import { countingOf } from './counting/tables.js'
import { literal, quoted } from './database.js'
import { eventTriggers } from './events/tables.js'
import { fileTriggers } from './files/tables.js'
import { NO_ID } from './functions.js'
import { jobTriggers } from './jobs/tables.js'
import { nativeOrder } from './ordering.js'
import { declared, type Table } from './table.js'
import { statementTriggers } from './triggers.js'

/** How many characters of four bytes an ordered index takes at most, and some more. */
const LONGEST_ORDERED = 600

/** What a table is made by, and brought up to date: each does nothing where that has been done. */
export interface Definition {
  /** The table itself, which others refer to. */
  readonly table: readonly string[]
  /** What makes it hold what it is to, and be found. */
  readonly rules: readonly string[]
}

/** @param trigrams the schema of `pg_trgm`; undefined where there is none, and a search looks at every record */
export function definitionOf(table: Table, trigrams: string | undefined): Definition {
  const { sql, sequence, columns, derived } = table
  const [, ...others] = columns
  return {
    table: [
      // Whoever counts reads the tables, and is not to be waited for once they are taken.
      `select pg_advisory_xact_lock(${countingLock(table)})`,
      `create sequence if not exists ${sequence} maxvalue ${Number.MAX_SAFE_INTEGER}`,
      `create table if not exists ${sql} (id bigint constraint ${quoted(primaryName(table))} primary key)`,
      `alter sequence ${sequence} owned by ${sql}.id`,
      `alter table ${sql} ${[...others, ...derived]
        .map((column) => `add column if not exists ${declared(column)}`)
        .join(', ')}`,
    ],
    rules: [
      ...uniqueIndexes(table),
      ...indexes(table),
      ...derivedIndexes(table, trigrams),
      ...references(table),
      ...triggers(table),
    ],
  }
}

/** The name of the constraint that holds the ids. */
export function primaryName(table: Table): string {
  return table.nameOf('id', 'unique')
}

/** The name of the index that holds a unique key. */
export function uniqueName(table: Table, fields: readonly string[]): string {
  return table.nameOf('unique', ...fields)
}

/** The name of the constraint that holds a reference. */
export function referenceName(table: Table, field: string): string {
  return table.nameOf('reference', field)
}

function uniqueIndexes(table: Table): readonly string[] {
  return table.declaration.unique.flatMap((fields) => {
    const name = uniqueName(table, fields)
    const columns = `(${fields.map(quoted).join(', ')})`
    const [field = '', ...others] = fields
    if (others.length > 0 || !isLong(table, field)) {
      return [index('unique index', name, table, columns)]
    }
    // An exclusion constraint would do by itself, but has those who want the same value at once wait for each other.
    const digest = `${table.database.qualified('digest_of')}(${quoted(field)})`
    return [
      index('unique index', name, table, `(${digest})`),
      index('index', table.nameOf('key', field), table, `using hash (${quoted(field)})`),
    ]
  })
}

/** Whether a field can be a text of any length, which no ordered index takes. */
function isLong({ declaration }: Table, field: string): boolean {
  const most: unknown = declaration.properties[field]?.maxLength
  const isShort = typeof most === 'number' && most <= LONGEST_ORDERED
  return declaration.texts.includes(field) && !isShort
}

/** A constraint, made anew: one can't be left as it is where it is there. */
function constraint({ sql }: Table, name: string, what: string): readonly string[] {
  return [
    `alter table ${sql} drop constraint if exists ${quoted(name)}`,
    `alter table ${sql} add constraint ${quoted(name)} ${what}`,
  ]
}

function indexes(table: Table): readonly string[] {
  return indexesOf(table.declaration).flatMap(({ fields, sort = [] }) => {
    // By id alone there is one.
    if (fields.length === 0 && simplified(sort).length === 0) return []
    const parts = [...fields.map(quoted), nativeOrder(table, sort)]
    const name = table.nameOf('index', ...fields, JSON.stringify(sort))
    return [index('index', name, table, `(${parts.join(', ')})`)]
  })
}

function derivedIndexes(table: Table, trigrams: string | undefined): readonly string[] {
  return table.derived.flatMap(({ sql, kind, field }) => {
    if (kind === 'text' && trigrams === undefined) return []
    const operators = kind === 'text' ? ` ${quoted(trigrams ?? '')}.gin_trgm_ops` : ''
    const name = table.nameOf(kind === 'text' ? 'search' : 'fingerprints', field)
    // A record is found by its values as quickly as it is by a key: none may wait in a list that each look goes through.
    const storage = kind === 'text' ? '' : ' with (fastupdate = off)'
    return [index('index', name, table, `using gin (${sql}${operators})${storage}`)]
  })
}

/** Looked at when they are written, but only at the end of a transaction that deletes: what refers goes after. */
function references(table: Table): readonly string[] {
  return table.targets.flatMap(({ field, sql }) =>
    constraint(
      table,
      referenceName(table, field),
      `foreign key (${quoted(field)}) references ${sql} deferrable`,
    ),
  )
}

function triggers(table: Table): readonly string[] {
  const { database, declaration, name, tableName, sql } = table
  const { files, queue, sequence } = declaration
  const made = [
    // Last of those of its kind: another refusal comes first.
    `create or replace trigger "try again" after insert on ${sql} for each row when (new.id = ${NO_ID})
      execute function ${database.qualified('try_again')}()`,
    eventTriggers(tableName, name),
    ...countingOf(table),
  ]
  if (files.length > 0) made.push(fileTriggers(database, tableName, files))
  if (queue) made.push(jobTriggers(database, tableName, name, queue))
  if (sequence !== undefined) made.push(sequenceTriggers(table, sequence))
  return made
}

/** What takes note of the numbers that records bring along. */
function sequenceTriggers({ database, name, tableName }: Table, sequence: string): string {
  const call = `${database.qualified('note_numbers')}(${literal(name)}, ${literal(sequence)})`
  return statementTriggers('numbers', tableName, call, ['insert', 'update'])
}

function index(kind: string, name: string, table: Table, what: string): string {
  return `create ${kind} if not exists ${quoted(name)} on ${table.sql} ${what}`
}
