import { createHash } from 'node:crypto'
import { type TSchema, Type } from '@sinclair/typebox'
import { type Fields, type IndexPlan, indexesOf, nameOf, placeOfKey } from '../access.js'
import { type Check, compile } from '../check.js'
import type { BaseRecord, Declaration } from '../declaration.js'
import { InvalidRecord } from '../errors.js'
import type { Row } from '../predicate.js'
import { type Database, type DatabaseRow, quoted } from './database.js'
import { type Derived, derivedOf } from './derived.js'
import { Statements } from './statements.js'
import { writtenJson } from './values.js'

/** A column's type. */
export type Kind = 'bigint' | 'boolean' | 'double precision' | 'json' | 'text'

/** A field of records, and the column that it is in. */
export interface Column {
  readonly field: string
  /** Its name in SQL. */
  readonly sql: string
  readonly kind: Kind
}

/** How long a name can be in PostgreSQL, in bytes; and a table's, so that there is room for what is named after it. */
const LONGEST_NAME = 63
const LONGEST_TABLE_NAME = 48

/** The table of a collection: what is where. */
export class Table {
  /** Its name in the schema. */
  readonly tableName: string
  /** Its name in SQL, with its schema's. */
  readonly sql: string
  /** Every field of a record, `id` and `version` first. */
  readonly columns: readonly Column[]
  readonly derived: readonly Derived[]
  /** The columns of a record in SQL, one after the other. */
  readonly all: string
  readonly visible: ReadonlySet<string>
  /** What its indexes offer. */
  readonly plans: readonly IndexPlan[]
  /** What it is read with. */
  readonly statements: Statements
  readonly #byField: ReadonlyMap<string, Column>
  readonly #isChange: Check<Fields>

  constructor(
    readonly database: Database,
    readonly name: string,
    readonly declaration: Declaration,
  ) {
    const { fields, hidden, properties } = declaration
    this.tableName = shortened(name, LONGEST_TABLE_NAME)
    this.sql = database.qualified(this.tableName)
    this.columns = [
      { field: 'id', sql: quoted('id'), kind: 'bigint' },
      { field: 'version', sql: quoted('version'), kind: 'bigint' },
      ...fields.map((field) => ({ field, sql: quoted(field), kind: kindOf(declaration, field) })),
    ]
    this.#byField = new Map(this.columns.map((column) => [column.field, column]))
    const json = this.columns.filter(({ kind }) => kind === 'json').map(({ field }) => field)
    this.derived = derivedOf(declaration, json)
    this.all = this.columns.map(({ sql }) => sql).join(', ')
    this.visible = new Set(fields.filter((field) => !hidden.includes(field)))
    this.plans = indexesOf(declaration).map(({ fields, sort = [] }) => ({
      fields,
      order: nameOf(sort),
    }))
    this.statements = new Statements(database)
    this.#isChange = compile(Type.Partial(Type.Object(properties)))
  }

  /** The column of a field; undefined where records have none of that name. */
  columnOf(field: string): Column | undefined {
    return this.#byField.get(field)
  }

  /** The columns of a record in SQL, each named as a field of a part of the row: `record/id`. */
  allAs(part: 'record' | 'target'): string {
    return this.columns
      .map(({ field, sql }) => `${sql} as ${quoted(`${part}/${field}`)}`)
      .join(', ')
  }

  /** The tables that its references lead to, in SQL. */
  get targets(): readonly { readonly field: string; readonly sql: string }[] {
    return Object.entries(this.declaration.references).flatMap(([field, reference]) =>
      reference
        ? [{ field, sql: this.database.qualified(shortened(reference.to, LONGEST_TABLE_NAME)) }]
        : [],
    )
  }

  /** What gives out ids, in SQL. */
  get sequence(): string {
    return this.database.qualified(this.nameOf('id'))
  }

  /** The name of something that belongs to the table, such as an index. */
  nameOf(...parts: readonly string[]): string {
    return shortened([this.name, ...parts].join('/'), LONGEST_NAME)
  }

  /**
   * A record with its own fields, in their order.
   * @throws InvalidRecord
   */
  compose(id: number, version: number, values: Fields): Row {
    const record: Record<string, unknown> = { id, version }
    for (const field of this.declaration.fields) record[field] = values[field]
    if (!this.declaration.isRecord(record)) throw this.#invalid(this.declaration.isRecord)
    return record
  }

  /** A record, from all columns of its row. */
  recordIn(row: unknown): Row {
    const columns: DatabaseRow = Object(row)
    const record: BaseRecord & Record<string, unknown> = {
      id: Number(columns.id),
      version: Number(columns.version),
    }
    for (const field of this.declaration.fields) record[field] = columns[field]
    return record
  }

  /**
   * What of some values changes a record.
   * @throws InvalidRecord
   */
  requireChange(values: Fields): Fields {
    const change: Record<string, unknown> = {}
    for (const field of this.declaration.fields) {
      if (Object.hasOwn(values, field)) change[field] = values[field] ?? null
    }
    if (!this.#isChange(change)) throw this.#invalid(this.#isChange)
    return change
  }

  /** @throws Error where no unique key is declared that has these fields */
  requireKey(key: Fields): void {
    if (placeOfKey(this.declaration, key) >= 0) return
    throw this.unanswerable(`unique key of ${Object.keys(key).join(' and ')}`)
  }

  /** The error of a question that the declaration makes no provision for. */
  unanswerable(what: string): Error {
    return new Error(`${this.name} has no ${what}`)
  }

  #invalid(check: Pick<Check<unknown>, 'fault'>): InvalidRecord {
    const { path, code } = check.fault()
    return new InvalidRecord(this.name, path, code)
  }
}

/** A column as `create table` and `alter table` have it. Texts are ordered as UTF-8 has them. */
export function declared({ sql, kind }: { readonly sql: string; readonly kind: string }): string {
  return `${sql} ${kind === 'text' ? 'text collate "C"' : kind}`
}

/** A field's value as its column has it. */
export function columnValue({ field, kind }: Column, values: Fields): unknown {
  const value = values[field]
  return kind === 'json' && value !== null ? writtenJson(value) : value
}

/** A name that fits, and is no other's. */
function shortened(name: string, most: number): string {
  if (Buffer.byteLength(name) <= most) return name
  const digest = createHash('sha256').update(name).digest('hex').slice(0, 16)
  // A letter takes four bytes at most, and two places of a text at least where it takes four.
  return `${name.slice(0, 12)}~${digest}`
}

/** JavaScript's numbers are all of one type; those that refer to an id are of that one's. */
function kindOf({ properties, references }: Declaration, field: string): Kind {
  if (Object.hasOwn(references, field)) return 'bigint'
  const types = typesOf(properties[field])
  const [type, ...others] = types.filter((each) => each !== 'null')
  if (others.length > 0) return 'json'
  if (type === 'string') return 'text'
  if (type === 'boolean') return 'boolean'
  return type === 'integer' || type === 'number' ? 'double precision' : 'json'
}

function typesOf(schema: TSchema | undefined): readonly unknown[] {
  const members: unknown = schema?.anyOf
  if (Array.isArray(members)) return members.flatMap((member) => typesOf(member))
  return [schema?.type].flat()
}
