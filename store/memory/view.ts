import { requireConsistency } from '../consistency.js'
import type { Declarations } from '../declaration.js'
import { type ForkableView, isForkable, type Snapshot } from '../engine.js'
import type { FileStore } from '../files/file-store.js'
import { withCollections } from '../named.js'
import { MemoryFiles } from './files.js'
import { Account, Ledger } from './ledger.js'
import { MemoryState } from './memory-state.js'
import { Schema } from './schema.js'
import { Table } from './table.js'

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
      new Map(schemas.map((schema) => [schema.name, new Table(schema, consequences)])),
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
        return collection && state.takeJob(name, lease)
      },
    },
    // Nobody shares it.
    watching: async () => {},
    fork: async () => viewOf(declarations, state.fork()),
    snapshot: async () => new MemorySnapshot(state.fork(state.ledger.copy())),
    restore: async (snapshot: Snapshot) => {
      if (!(snapshot instanceof MemorySnapshot))
        throw new Error('This is no snapshot of this engine')
      state.restore(snapshot.state)
    },
    close: async () => state.close(),
  }
  const whole = withCollections(view, declarations, state.collections)
  if (!isForkable(whole)) throw new Error('A view in memory can be forked')
  return whole
}
