import type { Job } from '../engine.js'
import type { Row } from '../predicate.js'
import type { MemoryCollection } from './collection.js'

interface Lease {
  readonly lost: AbortController
  timer: NodeJS.Timeout
}

/** Which of a view's waiting records have been taken, and until when. */
export class MemoryJobs {
  /** By the collection's name and the record's id. */
  readonly #leases = new Map<string, Lease>()
  #isClosed = false

  /** @param lease in milliseconds */
  take(name: string, collection: MemoryCollection, lease: number): Job<Row> | undefined {
    if (this.#isClosed) return undefined
    for (const record of collection.waiting()) {
      const key = keyOf(name, record.id)
      if (this.#leases.has(key)) continue
      return this.#lease(key, record, collection, lease)
    }
    return undefined
  }

  /** A record has changed or has gone: whoever has taken one that waits no more has lost it. */
  changed(name: string, id: number, isWaiting: boolean): void {
    if (!isWaiting) this.#end(keyOf(name, id))
  }

  /** Ends all leases. */
  endAll(): void {
    for (const key of [...this.#leases.keys()]) this.#end(key)
  }

  /** Ends them for good: nothing can be taken any more. */
  close(): void {
    this.#isClosed = true
    this.endAll()
  }

  #lease(key: string, record: Row, collection: MemoryCollection, time: number): Job<Row> {
    const start = () => setTimeout(() => this.#end(key), time).unref()
    const lease: Lease = { lost: new AbortController(), timer: start() }
    this.#leases.set(key, lease)
    const isLost = () => this.#leases.get(key) !== lease
    return {
      record,
      lost: lease.lost.signal,
      renew: async () => {
        if (isLost()) return
        clearTimeout(lease.timer)
        lease.timer = start()
      },
      finish: async (change) => (isLost() ? undefined : collection.update(record.id, change)),
    }
  }

  #end(key: string): void {
    const lease = this.#leases.get(key)
    if (!lease) return
    this.#leases.delete(key)
    clearTimeout(lease.timer)
    lease.lost.abort()
  }
}

function keyOf(name: string, id: number): string {
  return `${name}/${id}`
}
