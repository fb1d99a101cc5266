import type { RecordEvent } from '../engine.js'
import type { Row } from '../predicate.js'
import type { Consequences } from './consequences.js'
import type { Tables } from './deletion.js'
import { type Entry, plus, type Weight } from './ledger.js'

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
  readonly weights = new Map<number | undefined, Weight>()
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
    this.#drop(hashes, -1)
  }

  filesDropped(hashes: readonly string[]): void {
    this.#drop(hashes, 1)
  }

  /** There is: what follows from a deletion weighs no more than what there was. */
  roomNeeded(): void {}

  weighed({ userId, by }: Entry): void {
    const before = this.weights.get(userId)
    this.weights.set(userId, before ? plus(before, by) : by)
  }

  happened(collection: string, event: RecordEvent<Row>): void {
    if (this.#audience.isWatched(collection)) this.events.push([collection, event])
  }

  /** Whoever has taken a job is told when the step is done: all jobs are looked through then. */
  jobChanged(): void {}

  #drop(hashes: readonly string[], times: number): void {
    for (const sha256 of hashes) this.#files.set(sha256, (this.#files.get(sha256) ?? 0) + times)
  }
}
