import type { Job } from '../engine.js'
import type { Row } from '../predicate.js'
import type { MemoryCollection } from './collection.js'

/** A record that waits to be done. */
export interface Waiting {
  readonly record: Row
  /** The id of whom it is for. */
  readonly by: number
}

interface Lease {
  readonly collection: string
  readonly by: number
  readonly lost: AbortController
  timer: NodeJS.Timeout
}

/** Which of a view's waiting records have been taken, and until when. */
export class MemoryJobs {
  /** By the collection's name and the record's id. */
  readonly #leases = new Map<string, Lease>()
  /** Who had the last turn, by the collection's name. */
  readonly #lastTurns = new Map<string, number>()
  #isClosed = false

  /** @param lease in milliseconds */
  take(name: string, collection: MemoryCollection, lease: number): Job<Row> | undefined {
    const next = this.#isClosed ? undefined : this.#next(name, collection)
    if (!next) return undefined
    this.#lastTurns.set(name, next.by)
    return this.#lease(name, next, collection, lease)
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

  /** The first record of whom it is the turn of: round and round, in the order of their ids. */
  #next(name: string, collection: MemoryCollection): Waiting | undefined {
    const last = this.#lastTurns.get(name) ?? 0
    const busy = new Set<number>()
    for (const lease of this.#leases.values()) if (lease.collection === name) busy.add(lease.by)
    let next: Waiting | undefined
    for (const waiting of collection.waiting()) {
      if (busy.has(waiting.by)) continue
      if (!next || isBefore(waiting.by, next.by, last)) next = waiting
    }
    return next
  }

  #lease(
    collection: string,
    { record, by }: Waiting,
    from: MemoryCollection,
    time: number,
  ): Job<Row> {
    const key = keyOf(collection, record.id)
    const start = () => setTimeout(() => this.#end(key), time).unref()
    const lease: Lease = { collection, by, lost: new AbortController(), timer: start() }
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
      finish: async (change) => (isLost() ? undefined : from.update(record.id, change)),
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

/** Whether one comes before another, from the one behind the last on. */
function isBefore(one: number, other: number, last: number): boolean {
  const isAhead = one > last
  return isAhead === other > last ? one < other : isAhead
}

function keyOf(name: string, id: number): string {
  return `${name}/${id}`
}
