import type { Fields } from '../access.js'
import type { Declaration, Queue } from '../declaration.js'
import type { Bound } from '../engine.js'
import { UniqueViolation } from '../errors.js'
import { namesOf, withNullAt } from '../paths.js'
import type { Row } from '../predicate.js'
import { equal } from '../query.js'
import type { Consequences } from './consequences.js'
import type { Waiting } from './jobs.js'
import { type Entry, minus, NOTHING, type Weight } from './ledger.js'
import { listFor } from './reading.js'
import { compose, contentsOf, sizeOfFiles, weightOfRecord } from './records.js'
import { requireKeys, requireRoom, requireTargets } from './rules.js'
import type { Schema } from './schema.js'
import type { SortedList } from './sorted-list.js'
import { State } from './state.js'

/** Records that refer to one which has gone. */
export interface Dependents {
  readonly list: SortedList<Row>
  /** What becomes of each; none where they go too. */
  readonly changeOf?: ((row: Row) => Fields) | undefined
}

/** The records of a collection, and the rules of what it holds. Whatever is done to them is done at once. */
export class Table {
  readonly schema: Schema
  readonly #consequences: Consequences
  /** To be read. What writes takes `#ownState`. */
  #state: State
  /** Whether another goes on from this state too. */
  #isShared: boolean

  /** @param from the same table of another view, which it begins as; an empty one without it */
  constructor(schema: Schema, consequences: Consequences, from?: Table) {
    this.schema = schema
    this.#consequences = consequences
    this.#state = from ? from.#share() : new State(schema)
    this.#isShared = from !== undefined
  }

  get declaration(): Declaration {
    return this.schema.declaration
  }

  /** What it holds, to be read: a later change may be seen in it, or not. */
  get state(): State {
    return this.#state
  }

  /** The same of another view, which begins as this one is. */
  fork(consequences: Consequences): Table {
    return new Table(this.schema, consequences, this)
  }

  /** Becomes what another is. */
  restore(other: Table): void {
    this.#state = other.#share()
    this.#isShared = true
  }

  /** Becomes what a fork of it has become, which nobody uses any more. */
  adopt(fork: Table): void {
    if (fork.#isShared) return
    this.#state = fork.#state
    this.#isShared = false
  }

  row(id: number): Row | undefined {
    return this.#state.get(id)
  }

  /** By the values of one declared unique key. */
  rowBy(key: Fields): Row | undefined {
    return this.#state.getBy(this.schema.placeOfKey(key), key)
  }

  /** As `Collection.nextNumber`. */
  nextNumber(): number | undefined {
    if (this.declaration.sequence === undefined) throw this.schema.unanswerable('sequence')
    const next = Math.floor(this.#state.highestNumber ?? 0) + 1
    if (next > Number.MAX_SAFE_INTEGER) return undefined
    this.#ownState().highestNumber = next
    return next
  }

  /** As `Collection.insert`. */
  insert({ id, ...values }: Fields, bounds: readonly Bound<Row>[] = []): Row {
    const { highestId } = this.#state
    const row = compose(this.schema, id ?? highestId + 1, 1, values)
    if (this.row(row.id)) throw new UniqueViolation(this.schema.name, ['id'])
    for (const bound of bounds) requireRoom(this.#state, bound)
    this.#put(row)
    this.#ownState().highestId = Math.max(highestId, row.id)
    return row
  }

  /** As `Collection.insertMany`. */
  insertMany(many: readonly Fields[]): readonly Row[] {
    const rows: Row[] = []
    const { highestId, highestNumber } = this.#state
    try {
      for (const values of many) rows.push(this.insert(values))
    } catch (error) {
      for (const row of rows.reverse()) this.#takeOut(row)
      Object.assign(this.#ownState(), { highestId, highestNumber })
      throw error
    }
    return rows
  }

  /** Changes some fields of a record. */
  update(old: Row, change: Fields): Row {
    const isVisible = Object.keys(change).some((field) => this.schema.visible.has(field))
    const version = isVisible ? old.version + 1 : old.version
    return this.#put(compose(this.schema, old.id, version, { ...old, ...change }), old)
  }

  /** Gives a record other values, all of them. */
  replace(old: Row, values: Fields): Row {
    return this.#put(compose(this.schema, old.id, old.version + 1, values), old)
  }

  /** Deletes a record. Those that refer to it are left as they are. */
  remove(row: Row): void {
    this.#takeOut(row)
    this.#consequences.happened(this.schema.name, { kind: 'deleted', record: row })
  }

  /** Those that refer to a record of a table, each list as it is when it is asked for. */
  *dependents(to: string, gone: Row): Iterable<Dependents> {
    for (const { field, deletes, ...reference } of this.schema.references) {
      if (reference.to !== to) continue
      const list = listFor(this.#state, equal({ [field]: gone.id }))
      if (list) yield { list, changeOf: deletes ? undefined : () => ({ [field]: null }) }
    }
    for (const { at, field, onDelete, path } of this.schema.pointersTo(to)) {
      const named = gone[field]
      if (onDelete === 'keep' || typeof named !== 'string') continue
      const [first = '', ...names] = namesOf(path)
      const nullIt = (row: Row) => ({ [first]: withNullAt(row[first], names) })
      const list = this.#state.pointing(at, named)
      if (list) yield { list, changeOf: onDelete === 'delete' ? undefined : nullIt }
    }
  }

  /** The records that wait to be done, the first one first. */
  *waiting(): Iterable<Waiting> {
    const { by, field, waiting } = this.#queue
    const list = listFor(this.#state, equal({ [field]: waiting }))
    for (const chunk of list?.chunks ?? []) {
      for (const record of chunk) yield { record, by: Number(record[by]) }
    }
  }

  /** Whether a record is one of those. */
  isWaiting(id: number): boolean {
    const { field, waiting } = this.#queue
    return this.row(id)?.[field] === waiting
  }

  get #queue(): Queue {
    const { queue } = this.declaration
    if (!queue) throw this.schema.unanswerable('queue')
    return queue
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

  #put(row: Row, old?: Row): Row {
    requireKeys(this.#state, row, old)
    requireTargets(this.schema, this.#consequences, row, old)
    const { name, declaration } = this.schema
    const { queue } = declaration
    const weights = this.#weigh(row, old)
    this.#consequences.filesKept(contentsOf(row, this.declaration))
    for (const entry of weights) this.#consequences.weighed(entry)
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
  #weigh(row: Row, old: Row | undefined): readonly Entry[] {
    const { name, declaration } = this.schema
    const [userId, before] = [row, old].map((each) => each && this.schema.ownerOf(each))
    const weight = this.#weightOf(row)
    const by = old ? minus(weight, this.#weightOf(old)) : weight
    // A job that was taken in is brought to its end, and will have files.
    if (!declaration.queue) this.#consequences.roomNeeded(name, { userId, by })
    else if (!old) {
      this.#consequences.roomNeeded(name, { userId, by: { ...by, files: Math.max(1, by.files) } })
    }
    if (!old || userId === before) return [{ userId, by }]
    return [
      { userId: before, by: minus(by, weight) },
      { userId, by: weight },
    ]
  }

  #weightOf(row: Row): Weight {
    return { memory: weightOfRecord(row), files: sizeOfFiles(row, this.declaration) }
  }

  /** Removes a record, and tells nobody. */
  #takeOut(row: Row): void {
    this.#ownState().remove(row)
    const by = minus(NOTHING, this.#weightOf(row))
    this.#consequences.weighed({ userId: this.schema.ownerOf(row), by })
    this.#consequences.filesDropped(contentsOf(row, this.declaration))
    if (this.declaration.queue) this.#consequences.jobChanged(this.schema.name, row.id, false)
  }
}
