import type { Pointer } from '../declaration.js'
import { keyOfPath, namesOf, withNullAt } from '../paths.js'
import type { Row } from '../predicate.js'
import { conditionOf, Parameters } from './condition.js'
import { type Connection, type DatabaseRow, literal, quoted } from './database.js'
import { fingerprintColumn } from './derived.js'
import { valueAt } from './paths.js'
import { recordOf } from './projection.js'
import type { Table } from './table.js'
import { changeOf } from './writing.js'

/** How many records are changed with one statement. */
const BATCH = 1_000

/** What refers to records of a table: by a reference, or by a pointer. */
interface Way {
  readonly table: Table
  /** What of the other's names it; `id` for a reference. */
  readonly field: string
  readonly reference: string | undefined
  readonly pointer: Pointer | undefined
  readonly deletes: boolean
}

/** Some records that have gone, by what others could name them. */
interface Gone {
  readonly table: Table
  readonly rows: readonly DatabaseRow[]
}

/** What follows from a deletion: the records that refer to one lose the reference, or go too. */
export class Consequences {
  /** By the name of the table that they lead to. */
  readonly #ways = new Map<string, Way[]>()

  constructor(tables: Iterable<Table>) {
    for (const table of tables) for (const [to, way] of waysOf(table)) this.#add(to, way)
  }

  /** Whether anything could follow. */
  follow(table: Table): boolean {
    return this.#waysTo(table).length > 0
  }

  /** The names of all tables that a step in one can change something of. */
  reachOf({ name }: Table): ReadonlySet<string> {
    const reached = new Set([name])
    for (const each of reached) {
      for (const { table } of this.#ways.get(each) ?? []) reached.add(table.name)
    }
    return reached
  }

  /** Does what follows, in the transaction in which a record is deleted. */
  async ofDeletion(table: Table, row: Row, connection: Connection): Promise<void> {
    const open: Gone[] = [{ table, rows: [row] }]
    for (let next = open.shift(); next; next = open.shift()) {
      for (const way of this.#waysTo(next.table)) {
        const rows = await this.#take(way, next, connection)
        if (rows.length > 0 && this.follow(way.table)) open.push({ table: way.table, rows })
      }
    }
  }

  /** @returns what has gone too */
  async #take(way: Way, { rows }: Gone, connection: Connection): Promise<readonly DatabaseRow[]> {
    const named = rows.map((row) => row[way.field]).filter((each) => each !== null)
    const gone: DatabaseRow[] = []
    for (let at = 0; at < named.length; at += BATCH) {
      const some = named.slice(at, at + BATCH)
      if (way.deletes) gone.push(...(await this.#delete(way, some, connection)))
      else if (way.pointer) await setNullAt(way, way.pointer, some, connection)
      else await setNull(way, some, connection)
    }
    return gone
  }

  /** Deletes what names some records, and what of the same table names these, and so on. */
  async #delete(way: Way, named: readonly unknown[], connection: Connection) {
    const { table } = way
    const { sql } = table
    const parameters = new Parameters()
    const keys = [
      'id',
      ...new Set(this.#waysTo(table).flatMap(({ pointer, field }) => (pointer ? [field] : []))),
    ]
    const columns = keys.map((key) => quoted(key))
    const listed = (of: string) => columns.map((column) => `${of}.${column}`).join(', ')
    const first = `select ${columns.join(', ')} from ${sql} where ${naming(way, named, parameters)}`
    const next = this.#waysTo(table)
      .filter((each) => each.table === table && each.deletes)
      .map((each) => namingGone(each, table))
    const others = `select ${listed('other')} from gone join ${sql} other on ${next.join(' or ')}`
    const text = `with recursive gone as (${first}${next.length > 0 ? ` union ${others}` : ''})
      delete from ${sql} record using gone where record.id = gone.id returning ${listed('record')}`
    const statement = table.database.prepared(text)
    const { rows } = await connection.query({ ...statement, values: parameters.values })
    return rows
  }

  #waysTo({ name }: Table): readonly Way[] {
    return this.#ways.get(name) ?? []
  }

  #add(to: string, way: Way): void {
    const others = this.#ways.get(to)
    if (others) others.push(way)
    else this.#ways.set(to, [way])
  }
}

function waysOf(table: Table): readonly (readonly [string, Way])[] {
  const { references, pointers } = table.declaration
  const byReference = Object.entries(references).flatMap(([reference, it]) =>
    it
      ? [
          [
            it.to,
            {
              table,
              field: 'id',
              reference,
              pointer: undefined,
              deletes: it.onDelete === 'delete',
            },
          ] as const,
        ]
      : [],
  )
  const byPointer = pointers.flatMap((pointer) =>
    pointer.onDelete === 'keep'
      ? []
      : [
          [
            pointer.to,
            {
              table,
              field: pointer.field,
              reference: undefined,
              pointer,
              deletes: pointer.onDelete === 'delete',
            },
          ] as const,
        ],
  )
  return [...byReference, ...byPointer]
}

/** That a record names one of some, in SQL. */
function naming(way: Way, named: readonly unknown[], parameters: Parameters): string {
  if (way.reference !== undefined) {
    return `${quoted(way.reference)} = any(${parameters.add(named, 'bigint[]')})`
  }
  if (!way.pointer) return 'false'
  const value = named.map(String)
  return conditionOf(way.table, { path: way.pointer.path, op: 'is', value }, parameters).sql
}

/** That a record named `other` names one of `gone`. */
function namingGone({ reference, pointer, field }: Way, table: Table): string {
  if (reference !== undefined) return `other.${quoted(reference)} = gone.id`
  const [first = '', ...names] = namesOf(pointer?.path ?? '')
  const column = table.columnOf(first)
  if (!pointer || !column) return 'false'
  const { database } = table
  const key = `gone.${quoted(field)}`
  const value = valueAt({ ...column, sql: `other.${column.sql}` }, names)
  const print = `${database.qualified('fingerprint')}(${literal(keyOfPath(pointer.path))}, ${key})`
  return `(other.${fingerprintColumn(first)} && array[0, ${print}] and ${database.qualified('text_of')}(${value}) = ${key})`
}

async function setNull(
  { table, reference = '' }: Way,
  named: readonly unknown[],
  connection: Connection,
): Promise<void> {
  const parameters = new Parameters()
  const isVisible = table.visible.has(reference)
  const set = changeOf(table, { fields: { [reference]: null }, isVisible }, parameters)
  const where = `${quoted(reference)} = any(${parameters.add(named, 'bigint[]')})`
  const statement = table.database.prepared(`update ${table.sql} set ${set} where ${where}`)
  await connection.query({ ...statement, values: parameters.values })
}

/** Sets what points at some records to null where it stands, which only JavaScript can do: in an object with all its fields in their order. */
async function setNullAt(
  way: Way,
  { path }: Pointer,
  named: readonly unknown[],
  connection: Connection,
): Promise<void> {
  const { table } = way
  const [field = '', ...names] = namesOf(path)
  const parameters = new Parameters()
  const where = naming(way, named, parameters)
  const text = `select ${table.all} from ${table.sql} where ${where} order by id limit ${BATCH} for no key update`
  const statement = { ...table.database.prepared(text), values: parameters.values }
  for (;;) {
    const { rows } = await connection.query(statement)
    const changes = rows.map(recordOf).map((row) => {
      const parameters = new Parameters()
      const fields = { [field]: withNullAt(row[field], names) }
      const set = changeOf(table, { fields, isVisible: table.visible.has(field) }, parameters)
      const text = `update ${table.sql} set ${set} where id = ${parameters.add(row.id, 'bigint')}`
      return connection.query({ ...table.database.prepared(text), values: parameters.values })
    })
    await Promise.all(changes)
    if (rows.length < BATCH) return
  }
}
