import type { RecordEvent } from '../engine.js'
import type { Row } from '../predicate.js'
import type { Entry } from './ledger.js'

/** What follows elsewhere in a view from what happens to a record. */
export interface Consequences {
  has(collection: string, id: number): boolean
  /**
   * Records refer to these contents now.
   * @throws MissingContent; nothing is kept then
   */
  filesKept(hashes: readonly string[]): void
  /** A record refers to these contents no more. */
  filesDropped(hashes: readonly string[]): void
  /**
   * Something is going to be written.
   * @throws NoRoom
   */
  roomNeeded(collection: string, entry: Entry): void
  /** Something was written, or has gone. */
  weighed(entry: Entry): void
  /** Something has happened to a record in a step that isn't over. */
  happened(collection: string, event: RecordEvent<Row>): void
  /** A record that can be a job has changed, or has gone. */
  jobChanged(collection: string, id: number, isWaiting: boolean): void
}
