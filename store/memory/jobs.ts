import type { Job } from '../engine.js'
import type { Row } from '../predicate.js'
import type { Steps } from './collection.js'
import type { Table } from './table.js'

/** A record that waits to be done. */
export interface Waiting {
  readonly record: Row
  /** The id of whom it is for. */
  readonly by: number
}

interface Lease {
  readonly collection: string
  readonly by: number
  /** Whether the record still waits to be done. */
  readonly isWaiting: () => boolean
  readonly lost: AbortController
  timer: NodeJS.Timeout
}

/** Which of a view's waiting records have been taken, and until when. */
export class MemoryJobs {
  readonly #steps: Steps
  /** By the collection's name and the record's id. */
  readonly #leases = new Map<string, Lease>()
  /** Who had the last turn, by the collection's name. */
  readonly #lastTurns = new Map<string, number>()
  #isClosed = false

  constructor(steps: Steps) {
    this.#steps = steps
  }

  /** @param lease in milliseconds */
  take(table: Table, lease: number): Job<Row> | undefined {
    const next = this.#isClosed ? undefined : this.#next(table)
    if (!next) return undefined
    this.#lastTurns.set(table.schema.name, next.by)
    return this.#lease(next, table, lease)
  }

  /** A record has changed or has gone: whoever has taken one that waits no more has lost it. */
  changed(name: string, id: number, isWaiting: boolean): void {
    if (!isWaiting) this.#end(keyOf(name, id))
  }

  /** Many records have changed or have gone: the same for all that were taken. */
  endLost(): void {
    for (const [key, { isWaiting }] of [...this.#leases]) if (!isWaiting()) this.#end(key)
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
  #next(table: Table): Waiting | undefined {
    const { name } = table.schema
    const last = this.#lastTurns.get(name) ?? 0
    const busy = new Set<number>()
    for (const lease of this.#leases.values()) if (lease.collection === name) busy.add(lease.by)
    let next: Waiting | undefined
    for (const waiting of table.waiting()) {
      if (busy.has(waiting.by)) continue
      if (!next || isBefore(waiting.by, next.by, last)) next = waiting
    }
    return next
  }

  #lease({ record, by }: Waiting, table: Table, time: number): Job<Row> {
    const { name: collection } = table.schema
    const key = keyOf(collection, record.id)
    const start = () => setTimeout(() => this.#end(key), time).unref()
    const isWaiting = () => table.isWaiting(record.id)
    const lost = new AbortController()
    const lease: Lease = { collection, by, isWaiting, lost, timer: start() }
    this.#leases.set(key, lease)
    const isLost = () => this.#leases.get(key) !== lease
    return {
      record,
      lost: lost.signal,
      renew: async () => {
        if (isLost()) return
        clearTimeout(lease.timer)
        lease.timer = start()
      },
      finish: (change) =>
        this.#steps.step(() => {
          const row = isLost() ? undefined : table.row(record.id)
          return row && table.update(row, change)
        }),
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
