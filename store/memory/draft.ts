import type { RecordEvent } from '../engine.js'
import type { Row } from '../predicate.js'
import type { Consequences } from './consequences.js'
import type { Tables } from './deletion.js'

/** What a draft asks of its view. */
interface Audience {
  isWatched(collection: string): boolean
}

/**
 * What a view's tables are going to be once a long step is done, and what is to follow from it then. Until then nobody sees
 * anything of it.
 */
export class Draft implements Consequences {
  readonly tables: Tables
  /** By how much more the records of each user weigh. */
  readonly weights = new Map<number | undefined, number>()
  /** By how many fewer records each content is referred to. */
  readonly #files = new Map<string, number>()
  /** What watchers are to hear. */
  readonly events: [collection: string, event: RecordEvent<Row>][] = []
  readonly #audience: Audience

  constructor(tables: Tables, audience: Audience) {
    this.tables = new Map([...tables].map(([name, table]) => [name, table.fork(this)]))
    this.#audience = audience
  }

  /** The contents that records refer to no more, each as often as one did. */
  get droppedFiles(): readonly string[] {
    return [...this.#files].flatMap(([sha256, times]) => Array<string>(times).fill(sha256))
  }

  has(collection: string, id: number): boolean {
    return this.tables.get(collection)?.row(id) !== undefined
  }

  filesKept(hashes: readonly string[]): void {
    for (const sha256 of hashes) add(this.#files, sha256, -1)
  }

  filesDropped(hashes: readonly string[]): void {
    for (const sha256 of hashes) add(this.#files, sha256, 1)
  }

  /** There is: what follows from a deletion weighs no more than what there was. */
  roomNeeded(): void {}

  weighed(userId: number | undefined, by: number): void {
    add(this.weights, userId, by)
  }

  happened(collection: string, event: RecordEvent<Row>): void {
    if (this.#audience.isWatched(collection)) this.events.push([collection, event])
  }

  /** Whoever has taken a job is told when the step is done: all jobs are looked through then. */
  jobChanged(): void {}
}

function add<K>(sums: Map<K, number>, key: K, by: number): void {
  sums.set(key, (sums.get(key) ?? 0) + by)
}
