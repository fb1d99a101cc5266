import { randomBytes } from 'node:crypto'
import type { Fields } from '../access.js'
import { ACCOUNTS, type Job, type RecordEvent } from '../engine.js'
import type { Row } from '../predicate.js'
import { Turns } from '../turns.js'
import { Watchers } from '../watchers.js'
import { MemoryCollection, type Steps } from './collection.js'
import type { Consequences } from './consequences.js'
import { AT_ONCE, deletion, isLong, type Tables } from './deletion.js'
import { Draft } from './draft.js'
import type { MemoryFiles } from './files.js'
import { MemoryJobs } from './jobs.js'
import type { Entry, Ledger } from './ledger.js'
import { MemorySessions } from './sessions.js'

/** One state of everything, which changes step by step. */
export class MemoryState implements Consequences, Steps {
  epoch = newEpoch()
  readonly collections: ReadonlyMap<string, MemoryCollection>
  readonly sessions: MemorySessions
  readonly files: MemoryFiles
  readonly ledger: Ledger
  readonly #tables: Tables
  readonly #jobs = new MemoryJobs(this)
  readonly #watchers: Watchers
  readonly #onFault: (error: unknown) => void
  /** What a long step is going to make of it. */
  #draft: Draft | undefined
  /** Done when that step is over. */
  #underWay: Promise<void> | undefined

  /** @param tablesFor makes the tables, which tell what follows from what happens in them */
  constructor(
    files: MemoryFiles,
    ledger: Ledger,
    tablesFor: (consequences: Consequences) => Tables,
    onFault: (error: unknown) => void,
    parent?: MemoryState,
  ) {
    this.files = files
    this.ledger = ledger
    this.#onFault = onFault
    this.#watchers = new Watchers(onFault)
    this.#tables = tablesFor(this)
    this.collections = new Map(
      [...this.#tables].map(([name, table]) => [name, new MemoryCollection(table, this)]),
    )
    this.sessions = new MemorySessions(
      (id) => this.rowOf(ACCOUNTS, id),
      parent?.sessions.copyState(),
      (by) => ledger.addTokens(by),
    )
  }

  /**
   * Another that begins as this one is: as it was, where a long step is under way.
   * @param ledger the fork's: a snapshot's counts what this one's does
   */
  fork(ledger = this.ledger.fork()): MemoryState {
    const tablesFor = (consequences: Consequences) =>
      new Map([...this.#tables].map(([name, table]) => [name, table.fork(consequences)]))
    return new MemoryState(this.files.fork(), ledger, tablesFor, this.#onFault, this)
  }

  /** Becomes what another state is, at once: what a long step was going to make of it nobody would see. */
  restore(other: MemoryState): void {
    this.#draft = undefined
    this.#watchers.forget()
    this.#jobs.endAll()
    this.files.restore(other.files)
    this.ledger.restore(other.ledger)
    this.sessions.restore(other.sessions.copyState())
    for (const [name, table] of this.#tables) {
      const from = other.#tables.get(name)
      if (from) table.restore(from)
    }
    this.epoch = newEpoch()
  }

  async close(): Promise<void> {
    this.#jobs.close()
    this.#watchers.close()
    this.ledger.close()
    await this.files.close()
  }

  /** As `Jobs.take`. */
  takeJob(collection: string, lease: number): Job<Row> | undefined {
    const table = this.#tables.get(collection)
    return table && this.#jobs.take(table, lease)
  }

  async step<T>(run: () => T | Promise<T>): Promise<T> {
    while (this.#underWay) await this.#underWay
    let isDone = false
    try {
      const result = run()
      isDone = true
      return result
    } finally {
      if (isDone) this.#watchers.done()
      else this.#watchers.undone()
    }
  }

  delete(collection: string, row: Row): Row | Promise<Row> {
    if (isLong(this.#tables, collection, row)) return this.#deleteInTurns(collection, row)
    for (const _ of deletion(this.#tables, collection, row));
    return row
  }

  watch(collection: string, listener: (event: RecordEvent<Row>) => void): () => void {
    return this.#watchers.add(collection, listener)
  }

  rowOf(collection: string, id: number): Row | undefined {
    return this.#tables.get(collection)?.row(id)
  }

  rowBy(collection: string, key: Fields): Row | undefined {
    return this.#tables.get(collection)?.rowBy(key)
  }

  has(collection: string, id: number): boolean {
    return this.rowOf(collection, id) !== undefined
  }

  roomNeeded(collection: string, entry: Entry): void {
    this.ledger.require(collection, entry)
  }

  weighed(entry: Entry): void {
    this.ledger.add(entry)
  }

  filesKept(hashes: readonly string[]): void {
    this.files.keep(hashes)
  }

  filesDropped(hashes: readonly string[]): void {
    this.files.drop(hashes)
  }

  happened(collection: string, event: RecordEvent<Row>): void {
    this.#watchers.happened(collection, event)
  }

  jobChanged(collection: string, id: number, isWaiting: boolean): void {
    this.#jobs.changed(collection, id, isWaiting)
  }

  /** Deletes a record with much that follows, while everybody reads what there was, and whoever writes waits. */
  async #deleteInTurns(collection: string, row: Row): Promise<Row> {
    const draft = new Draft(this.#tables, this.#watchers)
    this.#draft = draft
    const work = this.#becomeInTurns(draft, deletion(draft.tables, collection, row))
    const over = () => {
      this.#underWay = undefined
    }
    this.#underWay = work.then(over, over)
    await work
    return row
  }

  /** Becomes what a draft is once it is done, unless it is something else by then. */
  async #becomeInTurns(draft: Draft, steps: Iterable<number>): Promise<void> {
    const turns = new Turns()
    let count = 0
    for (const more of steps) {
      count += more
      if (turns.isOver || count >= AT_ONCE) {
        await turns.next()
        count = 0
      }
      if (this.#draft !== draft) return
    }
    this.#draft = undefined
    for (const [name, table] of draft.tables) this.#tables.get(name)?.adopt(table)
    for (const [userId, by] of draft.weights) this.ledger.add({ userId, by })
    this.files.drop(draft.droppedFiles)
    this.#jobs.endLost()
    for (const [collection, event] of draft.events) this.#watchers.happened(collection, event)
    this.#watchers.done()
  }
}

function newEpoch(): string {
  return randomBytes(6).toString('base64url')
}
