import { randomBytes } from 'node:crypto'
import { requireConsistency } from '../consistency.js'
import type { Declarations } from '../declaration.js'
import { ACCOUNTS, type ForkableView, type RecordEvent, type Snapshot } from '../engine.js'
import type { FileStore } from '../files/file-store.js'
import type { Row } from '../predicate.js'
import { Watchers } from '../watchers.js'
import { MemoryCollection } from './collection.js'
import type { Consequences } from './consequences.js'
import { MemoryFiles } from './files.js'
import { MemoryJobs } from './jobs.js'
import { Account, type Entry, Ledger } from './ledger.js'
import { Schema } from './schema.js'
import { MemorySessions } from './sessions.js'

/** One state of everything, which changes step by step. */
class MemoryState implements Consequences {
  epoch = newEpoch()
  readonly collections: ReadonlyMap<string, MemoryCollection>
  readonly sessions: MemorySessions
  readonly files: MemoryFiles
  readonly jobs = new MemoryJobs()
  readonly watchers: Watchers
  readonly ledger: Ledger
  /** What was deleted in this step, and what is deleted because of it, in turn. */
  readonly #gone: [collection: string, row: Row][] = []

  readonly #onFault: (error: unknown) => void

  /** @param collectionsFor makes the collections, which tell what follows from what happens in them */
  constructor(
    files: MemoryFiles,
    ledger: Ledger,
    collectionsFor: (consequences: Consequences) => ReadonlyMap<string, MemoryCollection>,
    onFault: (error: unknown) => void,
    parent?: MemoryState,
  ) {
    this.files = files
    this.ledger = ledger
    this.#onFault = onFault
    this.watchers = new Watchers(onFault)
    this.collections = collectionsFor(this)
    this.sessions = new MemorySessions(
      (id) => this.collections.get(ACCOUNTS)?.row(id),
      parent?.sessions.copyState(),
      (by) => ledger.addTokens(by),
    )
  }

  /** @param ledger the fork's: a snapshot's counts what this one's does */
  fork(ledger = this.ledger.fork()): MemoryState {
    const collectionsFor = (consequences: Consequences) => {
      const copies = [...this.collections].map(
        ([name, each]) => [name, each.fork(consequences)] as const,
      )
      return new Map(copies)
    }
    return new MemoryState(this.files.fork(), ledger, collectionsFor, this.#onFault, this)
  }

  /** Becomes what another state is. */
  restore(other: MemoryState): void {
    this.jobs.endAll()
    this.files.restore(other.files)
    this.ledger.restore(other.ledger)
    this.sessions.restore(other.sessions.copyState())
    for (const [name, collection] of this.collections) {
      const from = other.collections.get(name)
      if (from) collection.restore(from)
    }
    this.epoch = newEpoch()
  }

  async close(): Promise<void> {
    this.jobs.close()
    this.watchers.close()
    this.ledger.close()
    await this.files.close()
  }

  has(collection: string, id: number): boolean {
    return this.collections.get(collection)?.row(id) !== undefined
  }

  released(collection: string, row: Row): void {
    this.#gone.push([collection, row])
    if (this.#gone.length > 1) return
    // Not one within the other, which is what a long row of records that point at each other would break.
    try {
      for (const [collection, row] of this.#gone) {
        for (const other of this.collections.values()) other.release(collection, row)
      }
    } finally {
      this.#gone.length = 0
    }
  }

  roomNeeded(entry: Entry): void {
    this.ledger.require(entry)
  }

  weighed(userId: number | undefined, by: number): void {
    this.ledger.add({ userId, by })
  }

  filesKept(hashes: readonly string[]): void {
    this.files.keep(hashes)
  }

  filesDropped(hashes: readonly string[]): void {
    this.files.drop(hashes)
  }

  happened(collection: string, event: RecordEvent<Row>): void {
    this.watchers.happened(collection, event)
  }

  stepEnded(isDone: boolean): void {
    if (isDone) this.watchers.done()
    else this.watchers.undone()
  }

  watch(collection: string, listener: (event: RecordEvent<Row>) => void): () => void {
    return this.watchers.add(collection, listener)
  }

  jobChanged(collection: string, id: number, isWaiting: boolean): void {
    this.jobs.changed(collection, id, isWaiting)
  }
}

/** A snapshot, and the state that it keeps. */
class MemorySnapshot implements Snapshot {
  #state: MemoryState | undefined

  constructor(state: MemoryState) {
    this.#state = state
  }

  /** @throws Error once it has been discarded: its files have gone */
  get state(): MemoryState {
    if (!this.#state) throw new Error('This snapshot has been discarded')
    return this.#state
  }

  async discard(): Promise<void> {
    const state = this.#state
    this.#state = undefined
    await state?.close()
  }
}

/**
 * Opens an empty view in memory.
 * @param onFault hears of what fails when nobody waits for it
 */
export function openView<D extends Declarations>(
  declarations: D,
  openDisk: () => Promise<FileStore>,
  onFault: (error: unknown) => void,
  account = new Account(),
): ForkableView<D> {
  requireConsistency(declarations)
  const schemas = Object.entries(declarations).map(
    ([name, declaration]) => new Schema(name, declaration),
  )
  const state = new MemoryState(
    new MemoryFiles(openDisk, onFault),
    new Ledger(account),
    (consequences) =>
      new Map(schemas.map((schema) => [schema.name, new MemoryCollection(schema, consequences)])),
    onFault,
  )
  return viewOf(declarations, state)
}

function viewOf<D extends Declarations>(declarations: D, state: MemoryState): ForkableView<D> {
  const view = {
    get epoch() {
      return state.epoch
    },
    sessions: state.sessions,
    files: state.files,
    jobs: {
      take: async (name: string, lease: number) => {
        const collection = state.collections.get(name)
        return collection && state.jobs.take(name, collection, lease)
      },
    },
    fork: async () => viewOf(declarations, state.fork()),
    snapshot: async () => new MemorySnapshot(state.fork(state.ledger.copy())),
    restore: async (snapshot: Snapshot) => {
      if (!(snapshot instanceof MemorySnapshot))
        throw new Error('This is no snapshot of this engine')
      state.restore(snapshot.state)
    },
    close: async () => state.close(),
  }
  const whole: object = Object.defineProperties(view, propertiesOf(state.collections))
  if (!isViewOf(whole, declarations, state)) throw new Error('A collection is missing')
  return whole
}

function propertiesOf(collections: ReadonlyMap<string, MemoryCollection>): PropertyDescriptorMap {
  const entries = [...collections].map(([name, value]) => [
    name,
    { value, enumerable: true, configurable: true },
  ])
  return Object.fromEntries(entries)
}

/** Whether a view has what the declarations say: each collection under its name. */
function isViewOf<D extends Declarations>(
  view: object,
  declarations: D,
  { collections }: MemoryState,
): view is ForkableView<D> {
  return Object.entries(declarations).every(([name, declaration]) => {
    const collection = collections.get(name)
    return collection?.declaration === declaration && Reflect.get(view, name) === collection
  })
}

function newEpoch(): string {
  return randomBytes(6).toString('base64url')
}
