/** How many of the last are looked at. */
const LAST = 10

/** How long something takes that is done again and again. */
export class Pace {
  readonly #guess: number
  #last: readonly number[] = []
  /** When what is under way was begun. */
  readonly #begun = new Set<{ readonly at: number }>()

  /** @param guess what is told until the first is done, in milliseconds */
  constructor(guess: number) {
    this.#guess = guess
  }

  /** How long the slowest of the last took, and of those under way has taken, in milliseconds. */
  get slowest(): number {
    const now = performance.now()
    const underWay = [...this.#begun].map(({ at }) => now - at)
    const done = this.#last.length > 0 ? this.#last : [this.#guess]
    return Math.max(...done, ...underWay)
  }

  /** Waits for one, and takes note of how long it takes. */
  async measure<T>(work: () => Promise<T>): Promise<T> {
    const begun = { at: performance.now() }
    this.#begun.add(begun)
    try {
      return await work()
    } finally {
      this.#begun.delete(begun)
      this.#last = [performance.now() - begun.at, ...this.#last].slice(0, LAST)
    }
  }
}
