import { setImmediate } from 'node:timers/promises'
import {
  type BaseRecord,
  BY_ID,
  type Declaration,
  type FieldOf,
  type Order,
} from '../declaration.js'
import type { Collection, Condition, NewRecord, Page, Query, Update } from '../engine.js'
import {
  ConditionFailed,
  InvalidRecord,
  ReferenceViolation,
  UniqueViolation,
  VersionMismatch,
} from '../errors.js'
import { SortedList } from './sorted-list.js'
import { TextIndex } from './text-index.js'

/** How many records a scan looks at before it lets other work have a turn: well under a millisecond's worth. */
const SCAN_STRETCH = 4096

/** What one collection asks of another, so that references hold. */
export interface Cascading {
  has(id: number): boolean
  /** A record of another collection was deleted: clears the references to it, or deletes what refers to it. */
  release(collection: string, id: number): void
}

interface UniqueKey<R> {
  readonly fields: readonly FieldOf<R>[]
  readonly records: Map<unknown, R>
}

interface SortedIndex<R extends object> {
  readonly fields: readonly FieldOf<R>[]
  readonly order: string
  readonly compare: (a: R, b: R) => number
  readonly lists: Map<unknown, SortedList<R>>
}

/**
 * A collection in memory: a map by id, a map for each unique key, and sorted lists for each index. Every write is one
 * synchronous step behind its `async` signature, which is what makes it atomic.
 */
export class MemoryCollection<R extends BaseRecord> implements Collection<R>, Cascading {
  readonly #declaration: Declaration<R>
  readonly #others: ReadonlyMap<string, Cascading>
  readonly #records = new Map<number, R>()
  readonly #uniqueKeys: readonly UniqueKey<R>[]
  readonly #indexes: readonly SortedIndex<R>[]
  readonly #texts: ReadonlyMap<FieldOf<R>, TextIndex<R>>
  readonly #references: readonly { field: FieldOf<R>; collection: string; deletes: boolean }[]
  readonly #visible: readonly string[]
  readonly #listeners: ((record: R) => void)[] = []
  #highestId = 0

  constructor(declaration: Declaration<R>, others: ReadonlyMap<string, Cascading>) {
    this.#declaration = declaration
    this.#others = others
    this.#uniqueKeys = declaration.unique.map((fields) => ({ fields, records: new Map() }))
    this.#references = referencesOf(declaration)
    this.#texts = new Map(
      declaration.searchable.map((field) => [
        field,
        new TextIndex<R>((record) => String(record[field])),
      ]),
    )
    this.#visible = declaration.fields.filter(
      (field) => !declaration.hidden.some((hidden) => hidden === field),
    )
    this.#indexes = [
      { fields: [], order: BY_ID },
      ...declaration.indexes,
      ...this.#references.map(({ field }) => ({ fields: [field], order: BY_ID })),
    ]
      // The first that fits a query is then the one that narrows it down most.
      .sort((a, b) => b.fields.length - a.fields.length)
      .map(({ fields, order }) => ({
        fields,
        order,
        compare: comparison(this.#orderNamed(order)),
        lists: new Map(),
      }))
  }

  async get(id: number): Promise<R | undefined> {
    return this.#records.get(id)
  }

  async getBy(key: Partial<R>): Promise<R | undefined> {
    const fields = Object.keys(key)
    const unique = this.#uniqueKeys.find(
      (candidate) =>
        candidate.fields.length === fields.length &&
        candidate.fields.every((field) => field in key),
    )
    if (!unique) {
      throw new Error(`${this.#declaration.name} has no unique key of ${fields.join(' and ')}`)
    }
    return unique.records.get(keyOf(key, unique.fields))
  }

  async find(query: Query<R> = {}): Promise<Page<R>> {
    const {
      where = {},
      order = BY_ID,
      search,
      offset = 0,
      limit = Number.POSITIVE_INFINITY,
    } = query
    const texts = search && order === BY_ID ? this.#texts.get(search.field) : undefined
    if (search && texts && Object.keys(where).length === 0) {
      const matches = await texts.search(search.text)
      return { items: matches.slice(offset, offset + limit), total: matches.length }
    }
    const index = this.#indexFor(where, order, search !== undefined)
    const list = index.lists.get(keyOf(where, index.fields))
    if (!list) return { items: [], total: 0 }

    const isWanted = this.#filter(where, index.fields, search)
    if (!isWanted) return { items: list.slice(offset, limit), total: list.length }

    const matches = await scan(list.toArray(), isWanted)
    return { items: matches.slice(offset, offset + limit), total: matches.length }
  }

  async insert({ id, ...values }: NewRecord<R>): Promise<R> {
    const record = this.#compose(id ?? this.#highestId + 1, 1, values)
    if (this.#records.has(record.id)) throw new UniqueViolation(this.#declaration.name, ['id'])
    this.#check(record)
    this.#put(record)
    this.#highestId = Math.max(this.#highestId, record.id)
    return record
  }

  async update(id: number, change: Update<R>, condition?: Condition<R>): Promise<R | undefined> {
    const old = this.#records.get(id)
    if (!old) return undefined
    this.#require(old, condition)
    return this.#replace(old, typeof change === 'function' ? change(old) : change)
  }

  async delete(id: number, condition?: Condition<R>): Promise<R | undefined> {
    const record = this.#records.get(id)
    if (!record) return undefined
    this.#require(record, condition)
    this.#remove(record)
    return record
  }

  onDelete(listener: (record: R) => void): void {
    this.#listeners.push(listener)
  }

  has(id: number): boolean {
    return this.#records.has(id)
  }

  release(collection: string, id: number): void {
    for (const reference of this.#references) {
      if (reference.collection !== collection) continue
      const index = this.#indexes.find(
        ({ fields, order }) =>
          order === BY_ID && fields.length === 1 && fields[0] === reference.field,
      )
      for (const record of index?.lists.get(id)?.toArray() ?? []) {
        // Deleting one of these can already have deleted another.
        if (!this.#records.has(record.id)) continue
        if (reference.deletes) this.#remove(record)
        else this.#replace(record, { [reference.field]: null })
      }
    }
  }

  /** Builds a record with its fields always in the same order, so that all share one shape in memory. */
  #compose(id: number, version: number, ...sources: readonly object[]): R {
    const values: Record<string, unknown> = Object.assign({}, ...sources)
    const record: Record<string, unknown> = { id, version }
    for (const field of this.#declaration.fields) record[field] = values[field]
    if (!this.#declaration.isRecord(record)) {
      const { path, message } = this.#declaration.isRecord.fault()
      throw new InvalidRecord(this.#declaration.name, path, message)
    }
    return deepFreeze(record)
  }

  #replace(old: R, change: object): R {
    const isVisible = this.#visible.some((field) => field in change)
    const record = this.#compose(old.id, isVisible ? old.version + 1 : old.version, old, change)
    this.#check(record, old)
    this.#put(record, old)
    return record
  }

  #require(record: R, { where = {}, versions }: Condition<R> = {}): void {
    if (!hasValues(record, where)) throw new ConditionFailed(this.#declaration.name)
    if (versions && !versions.includes(record.version)) {
      throw new VersionMismatch(this.#declaration.name)
    }
  }

  /** Refuses a record that would break a unique key or a reference. Changes nothing. */
  #check(record: R, old?: R): void {
    for (const { fields, records } of this.#uniqueKeys) {
      const holder = records.get(keyOf(record, fields))
      if (holder && holder !== old) throw new UniqueViolation(this.#declaration.name, fields)
    }
    for (const { field, collection } of this.#references) {
      const target = record[field]
      if (target === null || target === old?.[field]) continue
      if (typeof target !== 'number' || !this.#others.get(collection)?.has(target)) {
        throw new ReferenceViolation(this.#declaration.name, field, collection)
      }
    }
  }

  #put(record: R, old?: R): void {
    this.#records.set(record.id, record)
    for (const texts of this.#texts.values()) {
      if (old) texts.remove(old)
      texts.add(record)
    }
    for (const { fields, records } of this.#uniqueKeys) {
      if (old) records.delete(keyOf(old, fields))
      if (fields.every((field) => record[field] !== null))
        records.set(keyOf(record, fields), record)
    }
    for (const index of this.#indexes) {
      const list = old && index.lists.get(keyOf(old, index.fields))
      if (old && list && hasValues(record, pick(old, index.fields))) {
        list.replace(old, record)
        continue
      }
      if (old) unlist(index, old)
      enlist(index, record)
    }
  }

  #remove(record: R): void {
    this.#records.delete(record.id)
    for (const texts of this.#texts.values()) texts.remove(record)
    for (const { fields, records } of this.#uniqueKeys) records.delete(keyOf(record, fields))
    for (const index of this.#indexes) unlist(index, record)
    for (const other of this.#others.values()) other.release(this.#declaration.name, record.id)
    for (const listener of this.#listeners) listener(record)
  }

  #orderNamed(name: string): Order<R> {
    const order = name === BY_ID ? [] : this.#declaration.orders[name]
    if (!order) throw new Error(`${this.#declaration.name} has no order named ${name}`)
    return order
  }

  /** The index that fits a query best. A scan is only for what an index has narrowed down, or for a search. */
  #indexFor(where: Partial<R>, order: string, isSearch: boolean): SortedIndex<R> {
    const best = this.#indexes.find(
      (index) => index.order === order && index.fields.every((field) => field in where),
    )
    const wanted = Object.keys(where).length
    if (!best || (wanted > 0 && best.fields.length === 0 && !isSearch)) {
      throw new Error(
        `${this.#declaration.name} has no index for ${Object.keys(where).join(' and ') || 'all'} by ${order}`,
      )
    }
    return best
  }

  /** What of a query the index leaves to be looked at record by record; undefined when that is nothing. */
  #filter(
    where: Partial<R>,
    indexed: readonly FieldOf<R>[],
    search: Query<R>['search'],
  ): ((record: R) => boolean) | undefined {
    if (search && !this.#declaration.searchable.includes(search.field)) {
      throw new Error(`${this.#declaration.name} can't be searched by ${search.field}`)
    }
    if (!search && Object.keys(where).length === indexed.length) return undefined
    const needle = search?.text.toLowerCase() ?? ''
    return (record) =>
      hasValues(record, where) &&
      (!search || String(record[search.field]).toLowerCase().includes(needle))
  }
}

function referencesOf<R extends BaseRecord>(declaration: Declaration<R>) {
  const references = []
  for (const field of fieldsOf(declaration.references)) {
    const reference = declaration.references[field]
    if (!reference) continue
    const { collection, onDelete } = reference
    references.push({ field, collection, deletes: onDelete === 'delete' })
  }
  return references
}

function enlist<R extends object>(index: SortedIndex<R>, record: R): void {
  const key = keyOf(record, index.fields)
  let list = index.lists.get(key)
  if (!list) {
    list = new SortedList(index.compare)
    index.lists.set(key, list)
  }
  list.add(record)
}

function unlist<R extends object>(index: SortedIndex<R>, record: R): void {
  const key = keyOf(record, index.fields)
  const list = index.lists.get(key)
  list?.remove(record)
  if (list?.length === 0) index.lists.delete(key)
}

/** The values of some fields as one map key: the value itself where there is one field, since that needs no work. */
function keyOf<R extends object>(values: Partial<R>, fields: readonly FieldOf<R>[]): unknown {
  const [first, second] = fields
  if (first === undefined) return ''
  return second === undefined ? values[first] : JSON.stringify(fields.map((field) => values[field]))
}

function comparison<R extends BaseRecord>(order: Order<R>): (a: R, b: R) => number {
  const idSign = order.at(-1)?.descending ? -1 : 1
  return (a, b) => {
    for (const { field, descending } of order) {
      const difference = compareValues(a[field], b[field])
      if (difference !== 0) return descending ? -difference : difference
    }
    return idSign * (a.id - b.id)
  }
}

/** Numbers by size, strings by code unit (right for ISO 8601 dates), null below everything. */
function compareValues(a: unknown, b: unknown): number {
  if (a === b) return 0
  if (a === null) return -1
  if (b === null) return 1
  if (typeof a === 'number' && typeof b === 'number') return a - b
  return String(a) < String(b) ? -1 : 1
}

function hasValues<R extends object>(record: R, values: Partial<R>): boolean {
  for (const field of fieldsOf(values)) if (record[field] !== values[field]) return false
  return true
}

function pick<R extends object>(record: R, fields: readonly FieldOf<R>[]): Partial<R> {
  const picked: Partial<R> = {}
  for (const field of fields) picked[field] = record[field]
  return picked
}

function fieldsOf<T extends object>(object: T): (keyof T & string)[] {
  return Object.keys(object).filter((key): key is keyof T & string => key in object)
}

function deepFreeze<T>(value: T): T {
  if (typeof value !== 'object' || value === null || Object.isFrozen(value)) return value
  for (const inner of Object.values(value)) deepFreeze(inner)
  return Object.freeze(value)
}

async function scan<R>(records: readonly R[], isWanted: (record: R) => boolean): Promise<R[]> {
  const matches: R[] = []
  for (let start = 0; start < records.length; start += SCAN_STRETCH) {
    if (start > 0) await setImmediate()
    for (const record of records.slice(start, start + SCAN_STRETCH)) {
      if (isWanted(record)) matches.push(record)
    }
  }
  return matches
}
