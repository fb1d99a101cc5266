import { setImmediate } from 'node:timers/promises'
import type { Declaration } from '../declaration.js'
import type { Bound, Collection, Condition, Page, Update } from '../engine.js'
import {
  BoundReached,
  ConditionFailed,
  InvalidRecord,
  ReferenceViolation,
  UniqueViolation,
  VersionMismatch,
} from '../errors.js'
import { equal, type Predicate, type Query, type Selection } from '../query.js'
import { type Access, accessTo, type IndexPlan, keyOf, plansOf, SortedLists } from './indexes.js'
import { LayeredMap } from './layered-map.js'
import { comparisonOf, type Row, testOf } from './predicate.js'
import type { Chunk, SortedList } from './sorted-list.js'
import { TextSearch } from './text-search.js'

/** How many chunks a scan looks at before it lets other work have a turn: well under a millisecond's worth. */
const CHUNKS_AT_ONCE = 16

interface Fields {
  readonly [field: string]: unknown
}

/** What follows elsewhere in a view from what happens to a record. */
export interface Consequences {
  has(collection: string, id: number): boolean
  /** A record was deleted: those that refer to it lose the reference, or go too. */
  released(collection: string, id: number): void
  /**
   * Records refer to these contents now.
   * @throws MissingContent; nothing is kept then
   */
  filesKept(hashes: readonly string[]): void
  /** A record refers to these contents no more. */
  filesDropped(hashes: readonly string[]): void
  /** A record that can be a job has changed, or has gone. */
  jobChanged(collection: string, id: number, isWaiting: boolean): void
}

/** What a collection holds. A copy of it shares all that neither changes. */
interface State {
  readonly rows: LayeredMap<number, Row>
  /** By the values of each unique key. */
  readonly unique: readonly LayeredMap<unknown, Row>[]
  readonly indexes: readonly SortedLists[]
  readonly highestId: number
}

/** What all views of a collection have in common. */
export class Schema {
  readonly plans: readonly IndexPlan[]
  readonly texts: ReadonlyMap<string, TextSearch<Row>>
  readonly references: readonly { field: string; to: string; deletes: boolean }[]
  readonly visible: ReadonlySet<string>

  constructor(
    readonly name: string,
    readonly declaration: Declaration,
  ) {
    const { fields, hidden, references, searchable } = declaration
    this.plans = plansOf(declaration)
    this.texts = new Map(
      searchable.map((field) => [field, new TextSearch((row) => String(row[field]))]),
    )
    this.references = Object.entries(references).flatMap(([field, reference]) =>
      reference ? [{ field, to: reference.to, deletes: reference.onDelete === 'delete' }] : [],
    )
    this.visible = new Set(fields.filter((field) => !hidden.includes(field)))
  }

  empty(): State {
    return {
      rows: LayeredMap.empty(),
      unique: this.declaration.unique.map(() => LayeredMap.empty()),
      indexes: this.plans.map((plan) => new SortedLists(plan)),
      highestId: 0,
    }
  }
}

/**
 * A collection in memory: a map by id, a map for each unique key, and sorted lists for each index. Every write is one
 * synchronous step behind its `async` signature, which is what makes it atomic.
 */
export class MemoryCollection implements Collection<Row> {
  readonly #schema: Schema
  readonly #consequences: Consequences
  #state: State

  constructor(schema: Schema, consequences: Consequences, state = schema.empty()) {
    this.#schema = schema
    this.#consequences = consequences
    this.#state = state
  }

  get declaration(): Declaration {
    return this.#schema.declaration
  }

  /** A copy of what it holds, which the collection and others go on from. */
  copyState(): State {
    const { rows, unique, indexes, highestId } = this.#state
    return {
      rows: rows.copy(),
      unique: unique.map((each) => each.copy()),
      indexes: indexes.map((each) => each.copy()),
      highestId,
    }
  }

  /** The same of another view, with this state. */
  with(consequences: Consequences, state: State): MemoryCollection {
    return new MemoryCollection(this.#schema, consequences, state)
  }

  restore(state: State): void {
    this.#state = state
  }

  async get(id: number): Promise<Row | undefined> {
    return this.row(id)
  }

  row(id: number): Row | undefined {
    return this.#state.rows.get(id)
  }

  async getBy(key: Fields): Promise<Row | undefined> {
    const fields = Object.keys(key)
    const { unique } = this.declaration
    const at = unique.findIndex(
      (each) => each.length === fields.length && each.every((field) => field in key),
    )
    const names = unique[at]
    if (!names) throw this.#unanswerable(`unique key of ${fields.join(' and ')}`)
    return this.#state.unique[at]?.get(keyOf(key, names))
  }

  async find({ offset = 0, limit, ...selection }: Query): Promise<Page<Row>> {
    const access = this.#accessTo(selection)
    const list = this.#listFor(access)
    if (!list) return { items: [], total: 0 }
    if (access.rest.length === 0 && !access.isUnsorted) {
      return { items: list.slice(offset, limit), total: list.length }
    }
    const matches: Row[] = []
    for await (const batch of this.#batches(list.chunks, access.rest)) matches.push(...batch)
    if (access.isUnsorted) matches.sort(comparisonOf(selection.sort ?? []))
    return { items: matches.slice(offset, offset + limit), total: matches.length }
  }

  async *stream(selection: Selection = {}): AsyncIterable<readonly Row[]> {
    const access = this.#accessTo(selection)
    const list = this.#listFor(access)
    if (!list) return
    if (access.isUnsorted) {
      yield (await this.find({ ...selection, limit: Number.POSITIVE_INFINITY })).items
      return
    }
    // Whoever reads them does more with each than a scan.
    yield* this.#batches(list.chunks, access.rest, 1)
  }

  async insert(values: Fields, bounds: readonly Bound<Row>[] = []): Promise<Row> {
    return this.#insert(values, bounds)
  }

  async insertMany(many: readonly Fields[]): Promise<readonly Row[]> {
    const rows: Row[] = []
    try {
      for (const values of many) rows.push(this.#insert(values))
    } catch (error) {
      for (const row of rows.reverse()) this.#remove(row)
      throw error
    }
    return rows
  }

  async update(
    id: number,
    change: Update<Row>,
    condition?: Condition<Row>,
  ): Promise<Row | undefined> {
    const old = this.row(id)
    if (!old) return undefined
    this.#require(old, condition)
    return this.#change(old, typeof change === 'function' ? change(old) : change)
  }

  async replace(id: number, values: Fields, condition?: Condition<Row>): Promise<Row | undefined> {
    const old = this.row(id)
    if (!old) return undefined
    this.#require(old, condition)
    return this.#put(this.#compose(id, old.version + 1, values), old)
  }

  async delete(id: number, condition?: Condition<Row>): Promise<Row | undefined> {
    const row = this.row(id)
    if (!row) return undefined
    this.#require(row, condition)
    this.#remove(row)
    return row
  }

  /** A record that it refers to has gone. */
  release(to: string, id: number): void {
    for (const reference of this.#schema.references) {
      if (reference.to !== to) continue
      const list = this.#listFor(this.#accessTo({ where: equal({ [reference.field]: id }) }))
      for (const row of list?.chunks.flat() ?? []) {
        // Deleting one of these can already have deleted another.
        if (!this.row(row.id)) continue
        if (reference.deletes) this.#remove(row)
        else this.#change(row, { [reference.field]: null })
      }
    }
  }

  /** The records that wait to be done, the first one first. */
  *waiting(): Iterable<Row> {
    const { queue } = this.declaration
    if (!queue) throw this.#unanswerable('queue')
    const where = equal({ [queue.field]: queue.waiting })
    for (const chunk of this.#listFor(this.#accessTo({ where }))?.chunks ?? []) yield* chunk
  }

  #insert({ id, ...values }: Fields, bounds: readonly Bound<Row>[] = []): Row {
    const { highestId } = this.#state
    const row = this.#compose(id ?? highestId + 1, 1, values)
    if (this.row(row.id)) throw new UniqueViolation(this.#schema.name, ['id'])
    for (const { where, atMost } of bounds) this.#requireRoom(where, atMost)
    this.#put(row)
    this.#state = { ...this.#state, highestId: Math.max(highestId, row.id) }
    return row
  }

  /** Builds a record with its fields always in the same order, so that all share one shape in memory. */
  #compose(id: unknown, version: number, values: Fields): Row {
    const { declaration, name } = this.#schema
    const record: Record<string, unknown> = { id, version }
    for (const field of declaration.fields) record[field] = values[field]
    if (!declaration.isRecord(record)) {
      const { path, code } = declaration.isRecord.fault()
      throw new InvalidRecord(name, path, code)
    }
    deepFreeze(record)
    return record
  }

  #change(old: Row, change: Fields): Row {
    const isVisible = Object.keys(change).some((field) => this.#schema.visible.has(field))
    const version = isVisible ? old.version + 1 : old.version
    return this.#put(this.#compose(old.id, version, { ...old, ...change }), old)
  }

  #require(row: Row, { where = {}, versions }: Condition<Row> = {}): void {
    if (!hasValues(row, where)) throw new ConditionFailed(this.#schema.name)
    if (versions && !versions.includes(row.version)) throw new VersionMismatch(this.#schema.name)
  }

  #requireRoom(where: Fields, atMost: number): void {
    const fields = Object.keys(where)
    const at = this.#schema.plans.findIndex(
      (plan) =>
        plan.fields.length === fields.length && plan.fields.every((field) => field in where),
    )
    const plan = this.#schema.plans[at]
    if (!plan) throw this.#unanswerable(`index of ${fields.join(' and ')}`)
    const { length = 0 } = this.#state.indexes[at]?.get(keyOf(where, plan.fields)) ?? {}
    if (length >= atMost) throw new BoundReached(this.#schema.name, fields)
  }

  /** Refuses a record that would break a unique key or a reference. Changes nothing. */
  #check(row: Row, old?: Row): void {
    const { name, declaration, references } = this.#schema
    for (const [at, fields] of declaration.unique.entries()) {
      const holder = this.#state.unique[at]?.get(keyOf(row, fields))
      if (holder && holder !== old) throw new UniqueViolation(name, fields)
    }
    for (const { field, to } of references) {
      const target = row[field]
      if (target === null || target === old?.[field]) continue
      if (typeof target !== 'number' || !this.#consequences.has(to, target)) {
        throw new ReferenceViolation(name, field, to)
      }
    }
  }

  #put(row: Row, old?: Row): Row {
    this.#check(row, old)
    const { name, declaration } = this.#schema
    const { rows, unique, indexes } = this.#state
    const { queue } = declaration
    this.#consequences.filesKept(this.#contentsOf(row))
    rows.set(row.id, row)
    for (const [at, fields] of declaration.unique.entries()) {
      if (old && isWhole(old, fields)) unique[at]?.delete(keyOf(old, fields))
      if (isWhole(row, fields)) unique[at]?.set(keyOf(row, fields), row)
    }
    for (const index of indexes) {
      if (old) index.replace(old, row)
      else index.add(row)
    }
    if (old) this.#consequences.filesDropped(this.#contentsOf(old))
    if (queue) this.#consequences.jobChanged(name, row.id, row[queue.field] === queue.waiting)
    return row
  }

  #remove(row: Row): void {
    const { name, declaration } = this.#schema
    const { rows, unique, indexes } = this.#state
    rows.delete(row.id)
    for (const [at, fields] of declaration.unique.entries()) {
      if (isWhole(row, fields)) unique[at]?.delete(keyOf(row, fields))
    }
    for (const index of indexes) index.remove(row)
    this.#consequences.released(name, row.id)
    this.#consequences.filesDropped(this.#contentsOf(row))
    if (declaration.queue) this.#consequences.jobChanged(name, row.id, false)
  }

  /** The contents that a record refers to. */
  #contentsOf(row: Row): string[] {
    return this.declaration.files.flatMap((field) => {
      const file = row[field]
      const isFile = typeof file === 'object' && file !== null && 'sha256' in file
      return isFile ? [String(file.sha256)] : []
    })
  }

  #listFor({ at, key }: Access): SortedList<Row> | undefined {
    return this.#state.indexes[at]?.get(key)
  }

  /** @throws Error where everything would have to be looked at, and that isn't a search */
  #accessTo(selection: Selection): Access {
    const access = accessTo(this.#schema.plans, selection)
    const isScan =
      access.isUnsorted ||
      (access.rest.length > 0 && !access.isNarrow && !this.#search(access.rest))
    if (isScan && !this.declaration.scans) {
      throw this.#unanswerable(`index for ${JSON.stringify(selection)}`)
    }
    return access
  }

  /** What of some predicates is a search of a searchable field. */
  #search(predicates: readonly Predicate[]) {
    for (const predicate of predicates) {
      if (!('op' in predicate) || predicate.op !== 'contains') continue
      const texts = this.#schema.texts.get(String(predicate.path))
      if (texts) return { predicate, texts, needle: predicate.value.toLowerCase() }
    }
    return undefined
  }

  /** What of a list meets some predicates, chunk by chunk; now and then other work has a turn. */
  async *#batches(
    chunks: readonly Chunk<Row>[],
    predicates: readonly Predicate[],
    atOnce = CHUNKS_AT_ONCE,
  ): AsyncIterable<readonly Row[]> {
    const search = this.#search(predicates)
    const rest = predicates.filter((each) => each !== search?.predicate)
    const isWanted = rest.length > 0 ? testOf({ and: rest }) : undefined
    for (const [count, chunk] of chunks.entries()) {
      if (count > 0 && count % atOnce === 0) await setImmediate()
      const found = search ? search.texts.search(chunk, search.needle) : chunk
      const matches = isWanted ? found.filter(isWanted) : found
      if (matches.length > 0) yield matches
    }
  }

  #unanswerable(what: string): Error {
    return new Error(`${this.#schema.name} has no ${what}`)
  }
}

/** Whether a record has all of a key: one with a null in it is no key. */
function isWhole(row: Row, fields: readonly string[]): boolean {
  return fields.every((field) => row[field] !== null)
}

function hasValues(row: Row, values: Fields): boolean {
  for (const field in values) if (row[field] !== values[field]) return false
  return true
}

function deepFreeze(value: unknown): void {
  if (typeof value !== 'object' || value === null || Object.isFrozen(value)) return
  for (const inner of Object.values(value)) deepFreeze(inner)
  Object.freeze(value)
}
