import { setTimeout as delay } from 'node:timers/promises'
import { Unavailable } from '../errors.js'
import { isConflict } from './failures.js'

/** How often what was in another's way is tried again. */
const MOST_RETRIES = 3

/** How long the other has until then at least, in milliseconds; each time twice as long. */
const PAUSE = 20

/** Does something again where it was in another's way. @throws Unavailable where it always is */
export async function retried<T>(run: () => Promise<T>): Promise<T> {
  for (let retries = 0; ; retries++) {
    try {
      return await run()
    } catch (error) {
      if (!isConflict(error)) throw error
      if (retries === MOST_RETRIES) throw new Unavailable(error)
    }
    // At once it would be in the same one's way again.
    await delay((1 + Math.random()) * PAUSE * 2 ** retries)
  }
}
