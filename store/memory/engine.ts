import type { BaseRecord, Declaration } from '../declaration.js'
import type { Collection, Engine } from '../engine.js'
import { type Cascading, MemoryCollection } from './collection.js'
import { MemoryDenylist } from './denylist.js'

/** Keeps everything in this process's memory, until the process ends. */
export class MemoryEngine implements Engine {
  readonly denylist = new MemoryDenylist()
  readonly #collections = new Map<string, Cascading>()

  collection<R extends BaseRecord>(declaration: Declaration<R>): Collection<R> {
    const collection = new MemoryCollection(declaration, this.#collections)
    this.#collections.set(declaration.name, collection)
    return collection
  }
}
