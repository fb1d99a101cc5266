/** Does something again and again, and never twice at once: whoever asks while it is being done waits for the time after it. */
export class Repeated {
  readonly #run: () => Promise<void>
  #current: Promise<void> | undefined
  #next: Promise<void> | undefined

  constructor(run: () => Promise<void>) {
    this.#run = run
  }

  /** Has it done: whatever was so before the call, it sees. @throws what it throws */
  ask(): Promise<void> {
    this.#next ??= this.#after(this.#current)
    return this.#next
  }

  /** Done when nothing is under way. */
  async settled(): Promise<void> {
    while (this.#next ?? this.#current) await (this.#next ?? this.#current)?.catch(() => {})
  }

  async #after(before: Promise<void> | undefined): Promise<void> {
    // Others who ask in this turn of the loop are to have the same.
    await before?.catch(() => {})
    const run = this.#next
    this.#current = run
    this.#next = undefined
    try {
      await this.#run()
    } finally {
      if (this.#current === run) this.#current = undefined
    }
  }
}
