import { randomUUID } from 'node:crypto'

/** How long a job is one worker's. It ends here no later than in the database: it is counted from before the database was asked. */
export class Lease {
  /** Names it in the database. */
  readonly id = randomUUID()
  readonly #lost = new AbortController()
  #timer: NodeJS.Timeout | undefined

  get lost(): AbortSignal {
    return this.#lost.signal
  }

  /**
   * Has it end when its time is over, unless it is renewed.
   * @param time how long that is, in milliseconds
   * @param since when the database was asked, as `performance.now()` had it
   */
  renew(time: number, since: number): void {
    if (this.lost.aborted) return
    clearTimeout(this.#timer)
    const left = Math.max(0, time - (performance.now() - since))
    this.#timer = setTimeout(() => this.end(), left).unref()
  }

  /** Ends it now, for good. */
  end(): void {
    clearTimeout(this.#timer)
    this.#lost.abort()
  }
}
