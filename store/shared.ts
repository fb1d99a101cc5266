import type { Attempts } from './attempts.js'
import type { Store } from './collections.js'
import type { Engine } from './engine.js'

/** An engine whose state other processes have too, and which outlives them all. */
export interface SharedEngine extends Engine {
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
   * Takes over all that another store has, in one step, unless it is filled by then: of many who try at once it is one. Ids and versions
   * stay as they are.
   * @param store this engine's
   * @returns whether it was this one
   */
  fill(store: Store, from: Store): Promise<boolean>
  /** @param store this engine's */
  attempts(store: Store): Attempts
}
