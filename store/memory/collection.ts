import type { Fields } from '../access.js'
import type { Declaration } from '../declaration.js'
import type { Bound, Collection, Condition, Page, RecordEvent, Update } from '../engine.js'
import { UniqueViolation } from '../errors.js'
import { namesOf, withNullAt } from '../paths.js'
import type { Row } from '../predicate.js'
import { equal, type Query, type Selection } from '../query.js'
import type { Consequences } from './consequences.js'
import type { Waiting } from './jobs.js'
import type { Entry } from './ledger.js'
import { find, listFor, stream } from './reading.js'
import { compose, contentsOf, weightOfRecord } from './records.js'
import { requireCondition, requireKeys, requireRoom, requireTargets } from './rules.js'
import type { Schema } from './schema.js'
import type { SortedList } from './sorted-list.js'
import { State } from './state.js'

/**
 * A collection in memory: the rules of what it holds. Every write is one synchronous step behind its `async` signature, which
 * is what makes it atomic.
 */
export class MemoryCollection implements Collection<Row> {
  readonly #schema: Schema
  readonly #consequences: Consequences
  /** To be read. What writes takes `#ownState`. */
  #state: State
  /** Whether another goes on from this state too. */
  #isShared: boolean

  /** @param from the same collection of another view, which it begins as; an empty one without it */
  constructor(schema: Schema, consequences: Consequences, from?: MemoryCollection) {
    this.#schema = schema
    this.#consequences = consequences
    this.#state = from ? from.#share() : new State(schema)
    this.#isShared = from !== undefined
  }

  get declaration(): Declaration {
    return this.#schema.declaration
  }

  /** The same of another view, which begins as this one is. */
  fork(consequences: Consequences): MemoryCollection {
    return new MemoryCollection(this.#schema, consequences, this)
  }

  /** Becomes what another is. */
  restore(other: MemoryCollection): void {
    this.#state = other.#share()
    this.#isShared = true
  }

  async get(id: number): Promise<Row | undefined> {
    return this.row(id)
  }

  row(id: number): Row | undefined {
    return this.#state.get(id)
  }

  async getBy(key: Fields): Promise<Row | undefined> {
    const fields = Object.keys(key)
    const at = this.declaration.unique.findIndex(
      (each) => each.length === fields.length && each.every((field) => field in key),
    )
    if (at < 0) throw this.#schema.unanswerable(`unique key of ${fields.join(' and ')}`)
    return this.#state.getBy(at, key)
  }

  async find(query: Query): Promise<Page<Row>> {
    return find(this.#state, query)
  }

  stream(selection?: Selection): AsyncIterable<readonly Row[]> {
    return stream(this.#state, selection)
  }

  async nextNumber(): Promise<number | undefined> {
    if (this.declaration.sequence === undefined) throw this.#schema.unanswerable('sequence')
    const next = Math.floor(this.#state.highestNumber ?? 0) + 1
    if (next > Number.MAX_SAFE_INTEGER) return undefined
    this.#ownState().highestNumber = next
    return next
  }

  async insert(values: Fields, bounds: readonly Bound<Row>[] = []): Promise<Row> {
    return this.#step(() => this.#insert(values, bounds))
  }

  async insertMany(many: readonly Fields[]): Promise<readonly Row[]> {
    return this.#step(() => this.#insertAll(many))
  }

  async update(
    id: number,
    change: Update<Row>,
    condition?: Condition<Row>,
  ): Promise<Row | undefined> {
    return this.#stepOn(id, condition, (old) =>
      this.#change(old, typeof change === 'function' ? change(old) : change),
    )
  }

  async replace(id: number, values: Fields, condition?: Condition<Row>): Promise<Row | undefined> {
    return this.#stepOn(id, condition, (old) =>
      this.#put(compose(this.#schema, id, old.version + 1, values), old),
    )
  }

  async delete(id: number, condition?: Condition<Row>): Promise<Row | undefined> {
    return this.#stepOn(id, condition, (row) => this.#remove(row))
  }

  watch(listener: (event: RecordEvent<Row>) => void): () => void {
    return this.#consequences.watch(this.#schema.name, listener)
  }

  /** A record that others can refer to has gone. */
  release(to: string, gone: Row): void {
    for (const { field, deletes, ...reference } of this.#schema.references) {
      if (reference.to !== to) continue
      const list = listFor(this.#state, equal({ [field]: gone.id }))
      this.#letGo(list, deletes ? undefined : () => ({ [field]: null }))
    }
    for (const { at, field, onDelete, path } of this.#schema.pointersTo(to)) {
      const named = gone[field]
      if (onDelete === 'keep' || typeof named !== 'string') continue
      const [first = '', ...names] = namesOf(path)
      const nullIt = (row: Row) => ({ [first]: withNullAt(row[first], names) })
      this.#letGo(this.#state.pointing(at, named), onDelete === 'delete' ? undefined : nullIt)
    }
  }

  /** The records that wait to be done, the first one first. */
  *waiting(): Iterable<Waiting> {
    const { queue } = this.declaration
    if (!queue) throw this.#schema.unanswerable('queue')
    const list = listFor(this.#state, equal({ [queue.field]: queue.waiting }))
    for (const chunk of list?.chunks ?? []) {
      for (const record of chunk) yield { record, by: Number(record[queue.by]) }
    }
  }

  /** What it holds, for another to begin with: none of the two writes to it from now on. */
  #share(): State {
    this.#isShared = true
    return this.#state
  }

  /** What it holds, to be written to: a copy is made at the first write, so that a fork costs nothing where it is only read. */
  #ownState(): State {
    if (this.#isShared) {
      this.#state = this.#state.copy()
      this.#isShared = false
    }
    return this.#state
  }

  /** Does something that is done whole or not at all. */
  #step<T>(run: () => T): T {
    let isDone = false
    try {
      const result = run()
      isDone = true
      return result
    } finally {
      this.#consequences.stepEnded(isDone)
    }
  }

  /** The same with a record, if there is one that is as the condition has it. */
  #stepOn(
    id: number,
    condition: Condition<Row> | undefined,
    run: (row: Row) => Row,
  ): Row | undefined {
    const row = this.row(id)
    if (!row) return undefined
    requireCondition(this.#schema, row, condition)
    return this.#step(() => run(row))
  }

  #insertAll(many: readonly Fields[]): readonly Row[] {
    const rows: Row[] = []
    const { highestId, highestNumber } = this.#state
    try {
      for (const values of many) rows.push(this.#insert(values))
    } catch (error) {
      for (const row of rows.reverse()) this.#takeOut(row)
      Object.assign(this.#ownState(), { highestId, highestNumber })
      throw error
    }
    return rows
  }

  #insert({ id, ...values }: Fields, bounds: readonly Bound<Row>[] = []): Row {
    const { highestId } = this.#state
    const row = compose(this.#schema, id ?? highestId + 1, 1, values)
    if (this.row(row.id)) throw new UniqueViolation(this.#schema.name, ['id'])
    for (const { where, atMost } of bounds) requireRoom(this.#state, where, atMost)
    this.#put(row)
    this.#ownState().highestId = Math.max(highestId, row.id)
    return row
  }

  #change(old: Row, change: Fields): Row {
    const isVisible = Object.keys(change).some((field) => this.#schema.visible.has(field))
    const version = isVisible ? old.version + 1 : old.version
    return this.#put(compose(this.#schema, old.id, version, { ...old, ...change }), old)
  }

  #put(row: Row, old?: Row): Row {
    requireKeys(this.#state, row, old)
    requireTargets(this.#schema, this.#consequences, row, old)
    const { name, declaration } = this.#schema
    const { queue } = declaration
    const weights = this.#weigh(row, old)
    this.#consequences.filesKept(contentsOf(row, this.declaration))
    for (const { userId, by } of weights) this.#consequences.weighed(userId, by)
    this.#ownState().put(row, old)
    if (old) this.#consequences.filesDropped(contentsOf(old, this.declaration))
    if (queue) this.#consequences.jobChanged(name, row.id, row[queue.field] === queue.waiting)
    this.#consequences.happened(
      name,
      old ? { kind: 'updated', record: row, before: old } : { kind: 'created', record: row },
    )
    return row
  }

  /**
   * By how much more what whom has weighs when a record is there.
   * @throws NoRoom
   */
  #weigh(row: Row, old: Row | undefined): readonly Omit<Entry, 'collection'>[] {
    const { name, declaration } = this.#schema
    const [userId, before] = [row, old].map((each) => each && this.#schema.ownerOf(each))
    const weight = weightOfRecord(row)
    const oldWeight = old ? weightOfRecord(old) : 0
    // A job that was taken in is brought to its end.
    if (!old || !declaration.queue) {
      this.#consequences.roomNeeded({ collection: name, userId, by: weight - oldWeight })
    }
    if (userId === before) return [{ userId, by: weight - oldWeight }]
    return [
      { userId: before, by: -oldWeight },
      { userId, by: weight },
    ]
  }

  #remove(row: Row): Row {
    this.#takeOut(row)
    this.#consequences.happened(this.#schema.name, { kind: 'deleted', record: row })
    this.#consequences.released(this.#schema.name, row)
    return row
  }

  /** Changes all of some records, or deletes them. */
  #letGo(list: SortedList<Row> | undefined, changeOf?: (row: Row) => Fields): void {
    for (const row of list?.chunks.flat() ?? []) {
      if (changeOf) this.#change(row, changeOf(row))
      else this.#remove(row)
    }
  }

  /** Removes a record, and nothing else along with it. */
  #takeOut(row: Row): void {
    this.#ownState().remove(row)
    this.#consequences.weighed(this.#schema.ownerOf(row), -weightOfRecord(row))
    this.#consequences.filesDropped(contentsOf(row, this.declaration))
    if (this.declaration.queue) this.#consequences.jobChanged(this.#schema.name, row.id, false)
  }
}
