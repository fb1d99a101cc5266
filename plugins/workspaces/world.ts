import { EventEmitter } from 'node:events'
import type { ForkableStore, Store } from '../../store/collections.js'
import { isForkable, type Snapshot } from '../../store/engine.js'
import { errors } from '../http/errors.js'

/** What can be heard of a world. */
export interface WorldEvents {
  /** All of it is another state now: after a reset, a restoration, or when a state was put in. */
  readonly reset: []
  /** It is no more. */
  readonly end: []
}

/** A state of a world, kept aside. */
export interface WorldSnapshot {
  readonly store: Snapshot
  /** What puts back that which is not in the store. */
  readonly kept: ReadonlyMap<Slot, () => void>
}

/** The last moment whose date has four digits in its year: milliseconds since 1970. */
export const LATEST = Date.UTC(10_000, 0) - 1

/** All that one client sees, and others don't: the server's own world, or a workspace. */
export class World {
  /** The workspace's; undefined for the server's own. */
  readonly name: string | undefined
  readonly store: Store
  readonly events = new EventEmitter<WorldEvents>()
  /** How far its time is ahead, in milliseconds. */
  offset = 0
  readonly #seed: ForkableStore | undefined
  readonly #slots = new Set<Slot>()
  #isOver = false

  /** @param seed the state that a reset goes back to, where there is one; nobody writes to it */
  constructor(name: string | undefined, store: Store, seed?: ForkableStore) {
    this.name = name
    this.store = store
    this.#seed = seed
    // Each stream of events listens.
    this.events.setMaxListeners(0)
  }

  /** Whether it is no more. */
  get isOver(): boolean {
    return this.#isOver
  }

  /** Its time: milliseconds since 1970. It stops before the year 10000, whose dates would sort as others. */
  now(): number {
    return Math.min(Date.now() + this.offset, LATEST)
  }

  /** The same as text: ISO 8601, UTC. */
  date(): string {
    return new Date(this.now()).toISOString()
  }

  /**
   * What it is now, for itself: as it is, whatever happens meanwhile.
   * @throws 501 where there can be no other state beside the one that there is
   */
  async fork(): Promise<ForkableStore> {
    return this.#forkable.fork()
  }

  /**
   * Puts everything back as it was at the start. Snapshots stay.
   * @throws 501
   */
  async reset(): Promise<void> {
    if (!this.#seed) throw errors.memoryNeeded('resets')
    const start = await this.#seed.snapshot()
    await this.#become(start, () => {
      this.offset = 0
      for (const slot of this.#slots) slot.forget(this)
    })
    await start.discard()
  }

  /** @throws 501 */
  async snapshot(): Promise<WorldSnapshot> {
    const store = this.#forkable.snapshot()
    const kept = new Map<Slot, () => void>()
    for (const slot of this.#slots) if (slot.isKept) kept.set(slot, slot.keep(this))
    return { store: await store, kept }
  }

  /** Puts everything back as it was. The snapshot stays. */
  async restore({ store, kept }: WorldSnapshot): Promise<void> {
    await this.#become(store, () => {
      for (const slot of this.#slots) {
        const putBack = kept.get(slot)
        if (putBack) putBack()
        else if (slot.isKept) slot.forget(this)
      }
    })
  }

  /**
   * Becomes what another store is, in one step.
   * @param others does what is to be done beside, in the same step
   */
  async become(state: ForkableStore, others: () => void): Promise<void> {
    const snapshot = await state.snapshot()
    await this.#become(snapshot, () => {
      for (const slot of this.#slots) if (slot.isKept) slot.forget(this)
      others()
    })
    await snapshot.discard()
  }

  /** Ends a workspace, with all that is in it. */
  async close(): Promise<void> {
    this.#isOver = true
    this.events.emit('end')
    this.events.removeAllListeners()
    await this.#forkable.close()
  }

  /** Takes note of what it has of its own. */
  has(slot: Slot): void {
    this.#slots.add(slot)
  }

  get #forkable(): ForkableStore {
    if (!isForkable(this.store)) throw errors.memoryNeeded('other states')
    return this.store
  }

  async #become(state: Snapshot, others: () => void): Promise<void> {
    // Nothing comes between: the memory's engine has done it when it gives its promise.
    const done = this.#forkable.restore(state)
    others()
    await done
    this.events.emit('reset')
  }
}

/** Something of which each world has its own. */
interface Slot {
  /** Whether snapshots have it too. */
  readonly isKept: boolean
  /** Begins anew, unless it is to stay. */
  forget(world: World): void
  /** @returns puts back what there is now */
  keep(world: World): () => void
}

export interface SlotOptions<T> {
  /** Makes one for a snapshot, and of that one for the world again; without it snapshots have nothing to do with it. */
  readonly copy?: (value: T) => T
  /** Whether it stays when everything is put back as at the start. */
  readonly isLasting?: boolean
}

/** Something of which each world has its own: made when it is first asked for, and anew after a reset. */
export class PerWorld<T> implements Slot {
  readonly isKept: boolean
  readonly #make: (world: World) => T
  readonly #options: SlotOptions<T>
  readonly #values = new WeakMap<World, { readonly value: T }>()

  constructor(make: (world: World) => T, options: SlotOptions<T> = {}) {
    this.#make = make
    this.#options = options
    this.isKept = options.copy !== undefined
  }

  of(world: World): T {
    return (this.#values.get(world) ?? this.#put(world, this.#make(world))).value
  }

  set(world: World, value: T): void {
    this.#put(world, value)
  }

  forget(world: World): void {
    if (!this.#options.isLasting) this.#values.delete(world)
  }

  keep(world: World): () => void {
    const { copy = (value: T) => value } = this.#options
    const value = copy(this.of(world))
    return () => this.#put(world, copy(value))
  }

  #put(world: World, value: T): { readonly value: T } {
    world.has(this)
    const entry = { value }
    this.#values.set(world, entry)
    return entry
  }
}
