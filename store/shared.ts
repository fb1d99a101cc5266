import type { Attempts } from './attempts.js'
import type { BaseRecord } from './declaration.js'
import type { Files } from './engine.js'

/** All that a view has. */
export interface Contents {
  readonly files: Files
  /** The records of a collection, some at a time. */
  records(collection: string): AsyncIterable<readonly BaseRecord[]>
}

/** What there is beside a view that other processes have too, and that outlives them all. */
export interface Shared {
  /**
   * Finds out whether it can be asked.
   * @throws Unavailable
   */
  check(): Promise<void>
  /**
   * A text that is the same for all, from now on.
   * @param make gives it, where there is none of this name yet
   */
  constant(name: string, make: () => string): Promise<string>
  /** Whether there is data: once it has been filled, also where all of that has been deleted. */
  isFilled(): Promise<boolean>
  /**
   * Takes over all that there is elsewhere, in one step, unless it is filled by then: of many who try at once it is one. Ids
   * and versions stay as they are.
   * @param from of the same declarations
   * @returns whether it was this one
   */
  fill(from: Contents): Promise<boolean>
  readonly attempts: Attempts
}
