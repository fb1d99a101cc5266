import type { Fields } from '../access.js'
import { keyOfPath, namesOf } from '../paths.js'
import { type Comparison, equal, type Predicate } from '../query.js'
import { fingerprintColumn, fingerprintsFor, SEPARATOR, searchColumn } from './derived.js'
import { valueAt } from './paths.js'
import type { Column, Table } from './table.js'

/** The values of a statement, in the order in which it names them. */
export class Parameters {
  readonly values: unknown[] = []

  /** @returns what stands for the value in SQL */
  add(value: unknown, type: string): string {
    this.values.push(value)
    return `$${this.values.length}::${type}`
  }
}

/** A predicate in SQL. */
export interface Condition {
  /** What holds of all that the predicate holds of. */
  readonly sql: string
  /** Whether it holds of nothing else: otherwise each record is to be looked at. */
  readonly isExact: boolean
}

const ALL: Condition = { sql: 'true', isExact: true }
const NONE: Condition = { sql: 'false', isExact: true }

/** What only JavaScript can say. */
const UNKNOWN: Condition = { sql: 'true', isExact: false }

/** Puts a predicate into SQL, as closely as that can say it. */
export function conditionOf(
  table: Table,
  predicate: Predicate | undefined,
  parameters: Parameters,
): Condition {
  if (!predicate) return ALL
  if ('and' in predicate) {
    return joined(
      predicate.and
        .map((each) => conditionOf(table, each, parameters))
        .filter((each) => each !== ALL),
      'and',
      ALL,
    )
  }
  if ('or' in predicate) {
    return joined(
      predicate.or.map((each) => conditionOf(table, each, parameters)),
      'or',
      NONE,
    )
  }
  const [field = '', ...names] = namesOf(predicate.path)
  const column = table.columnOf(field)
  const comparing = new Comparing(table, parameters, predicate)
  if (!column || (column.kind !== 'json' && names.length > 0)) {
    // There is never anything: that is no value at all, and so none that is another.
    return predicate.op === 'ne' ? ALL : NONE
  }
  if (predicate.op === 'contains' && names.length === 0 && column.kind !== 'bigint') {
    const searched = comparing.searched(field)
    if (searched) return searched
  }
  if (column.kind === 'json') return comparing.json(column, names)
  return comparing.native(column)
}

/** The predicate that a record has some values. */
export function valuesAre(values: Fields): Predicate {
  const and = Object.entries(values).map(([path, value]): Predicate => {
    const isScalar = value === null || ['string', 'number', 'boolean'].includes(typeof value)
    // What is no value of a field nobody has.
    return isScalar ? equal({ [path]: scalar(value) }) : { or: [] }
  })
  return { and }
}

function scalar(value: unknown): string | number | boolean | null {
  if (typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean') {
    return value
  }
  return null
}

function joined(conditions: readonly Condition[], by: 'and' | 'or', none: Condition): Condition {
  if (conditions.length === 0) return none
  const [only, another] = conditions
  if (only && !another) return only
  return {
    sql: `(${conditions.map(({ sql }) => sql).join(` ${by} `)})`,
    isExact: conditions.every(({ isExact }) => isExact),
  }
}

/** Puts one comparison into SQL. */
class Comparing {
  constructor(
    readonly table: Table,
    readonly parameters: Parameters,
    readonly comparison: Comparison,
  ) {}

  /** A part of a text that is in a field which is searched; undefined where it isn't. */
  searched(field: string): Condition | undefined {
    const { op, value } = this.comparison
    if (op !== 'contains' || !this.table.declaration.searchable.includes(field)) return undefined
    const needle = value.toLowerCase()
    const pattern = `%${needle.replace(/[\\%_]/g, '\\$&')}%`
    return {
      sql: `${searchColumn(field)} like ${this.#add(pattern, 'text')}`,
      // It could be found in two texts that are searched as one.
      isExact: !needle.includes(SEPARATOR),
    }
  }

  /** A comparison with a column that has a type: the value is there, or null. */
  native(column: Column): Condition {
    const { sql } = column
    const comparison = this.comparison
    switch (comparison.op) {
      case 'eq':
        return exactly(this.#isOneOf(column, [comparison.value]))
      case 'ne':
        return exactly(`not coalesce(${this.#isOneOf(column, [comparison.value])}, false)`)
      case 'in':
        return exactly(this.#isOneOf(column, comparison.value))
      case 'lt':
      case 'lte':
      case 'gt':
      case 'gte': {
        const { value } = comparison
        const type = typeof value === 'string' ? 'text' : 'double precision'
        const isText = column.kind === 'text'
        if (column.kind === 'boolean' || isText !== (type === 'text')) return NONE
        return exactly(`${sql} ${OPERATORS[comparison.op]} ${this.#add(value, type)}`)
      }
      case 'is':
        return exactly(this.#isOneOf(column, valuesOf(column, comparison.value)))
      case 'isNot': {
        const isOne = this.#isOneOf(column, valuesOf(column, comparison.value))
        return exactly(`(${sql} is not null and not coalesce(${isOne}, false))`)
      }
      case 'matches':
        return { sql: `${sql} is not null`, isExact: false }
      default:
        return column.kind === 'text' ? { sql: `${sql} is not null`, isExact: false } : NONE
    }
  }

  /** A comparison with what is somewhere in JSON: a value of any type, null, or nothing. */
  json(column: Column, names: readonly string[]): Condition {
    const comparison = this.comparison
    // Only where it is needed, since each brings its names along.
    const value = () => valueAt(column, names, this.parameters)
    switch (comparison.op) {
      case 'eq':
        return exactly(this.#jsonIsOneOf(value, [comparison.value]))
      case 'ne':
        return exactly(`not coalesce(${this.#jsonIsOneOf(value, [comparison.value])}, false)`)
      case 'in':
        return exactly(this.#jsonIsOneOf(value, comparison.value))
      case 'lt':
      case 'lte':
      case 'gt':
      case 'gte': {
        const isText = typeof comparison.value === 'string'
        const read = this.#call(isText ? 'string_of' : 'number_of', value())
        const bound = this.#add(comparison.value, isText ? 'text' : 'double precision')
        const collation = isText ? ' collate "C"' : ''
        return exactly(`${read}${collation} ${OPERATORS[comparison.op]} ${bound}`)
      }
      case 'is': {
        const isOne = `${this.#call('text_of', value())} = any(${this.#add(comparison.value, 'text[]')})`
        const prints = fingerprintsFor(comparison.path, comparison.value)
        const printed = fingerprintColumn(column.field)
        const isIndexed = this.table.derived.some(({ sql }) => sql === printed)
        if (!prints || !isIndexed) return exactly(isOne)
        return exactly(`(${printed} && ${this.#add(prints, 'integer[]')} and ${isOne})`)
      }
      case 'isNot': {
        const text = this.#call('text_of', value())
        const others = this.#add(comparison.value, 'text[]')
        return exactly(`(${text} is not null and ${text} <> all(${others}))`)
      }
      case 'contains':
        // What is in a part of a field is in all of it.
        return { sql: this.searched(column.field)?.sql ?? 'true', isExact: false }
      default:
        return UNKNOWN
    }
  }

  #isOneOf(column: Column, values: readonly unknown[]): string {
    const type = TYPES[column.kind]
    const wanted = values.filter((value) => typeof value === type)
    const isNull = values.includes(null) ? [`${column.sql} is null`] : []
    const isOne = this.#equals(column, wanted)
    return `(${[...isOne, ...isNull].join(' or ') || 'false'})`
  }

  #equals(column: Column, values: readonly unknown[]): readonly string[] {
    // Nothing but a whole number is an id.
    const wanted = column.kind === 'bigint' ? values.filter(Number.isSafeInteger) : values
    const [first, second] = wanted
    if (first === undefined) return []
    return second === undefined
      ? [`${column.sql} = ${this.#add(first, column.kind)}`]
      : [`${column.sql} = any(${this.#add(wanted, `${column.kind}[]`)})`]
  }

  #jsonIsOneOf(value: () => string, values: readonly unknown[]): string {
    const tests = []
    const [texts, numbers] = ['string', 'number'].map((type) =>
      values.filter((each) => typeof each === type),
    )
    if (texts?.length) {
      tests.push(`${this.#call('string_of', value())} = any(${this.#add(texts, 'text[]')})`)
    }
    if (numbers?.length) {
      tests.push(
        `${this.#call('number_of', value())} = any(${this.#add(numbers, 'double precision[]')})`,
      )
    }
    for (const each of [true, false, null]) {
      // Each has a place of its own among all values.
      if (values.includes(each)) tests.push(`${value()}::text = '${each}'`)
    }
    return `(${tests.join(' or ') || 'false'})`
  }

  #call(name: string, value: string): string {
    return `${this.table.database.qualified(name)}(${value})`
  }

  #add(value: unknown, type: string): string {
    return this.parameters.add(value, type)
  }
}

const OPERATORS = { lt: '<', lte: '<=', gt: '>', gte: '>=' } as const

/** What JavaScript calls the type of a column's values. */
const TYPES = {
  bigint: 'number',
  boolean: 'boolean',
  'double precision': 'number',
  json: 'object',
  text: 'string',
} as const

function exactly(sql: string): Condition {
  return { sql, isExact: true }
}

/** The values of a column that are written as one of some texts. */
function valuesOf({ kind }: Column, texts: readonly string[]): readonly unknown[] {
  if (kind === 'text') return texts
  if (kind === 'boolean') {
    return texts.flatMap((text) => (text === 'true' || text === 'false' ? [text === 'true'] : []))
  }
  return texts.map(Number).filter((number, at) => String(number) === texts[at])
}

/** Whether a path is one that names records by their texts: a unique key's, or a pointer's. */
export function isNaming({ declaration }: Table, predicate: Predicate): boolean {
  if (!('op' in predicate) || predicate.op !== 'is') return false
  const path = keyOfPath(predicate.path)
  return (
    declaration.pointers.some((pointer) => keyOfPath(pointer.path) === path) ||
    declaration.unique.some(
      ([field = '', ...others]) =>
        others.length === 0 && declaration.texts.includes(field) && keyOfPath(field) === path,
    )
  )
}
