import { errors } from '../http/errors.js'

/** What a password is hashed for: to be checked, or for an account that is made or changed. */
export type Purpose = 'login' | 'new'

/**
 * Lets a bounded number of works run at once, and others wait in two queues, which take turns: however many accounts are being
 * made, a login waits for one of them at most.
 */
export class Queues {
  readonly #atOnce: number
  readonly #mostWaiting: number
  readonly #waiting: Readonly<Record<Purpose, (() => void)[]>> = { login: [], new: [] }
  #running = 0
  #next: Purpose = 'login'

  /** @param mostWaiting how many may wait in each queue */
  constructor(atOnce: number, mostWaiting: number) {
    this.#atOnce = atOnce
    this.#mostWaiting = mostWaiting
  }

  /** @throws 503 when too many are waiting for the same */
  async run<T>(purpose: Purpose, work: () => Promise<T>): Promise<T> {
    const queue = this.#waiting[purpose]
    if (this.#running < this.#atOnce) {
      this.#running++
    } else {
      if (queue.length >= this.#mostWaiting) throw errors.overloaded()
      // Whoever ends hands its place on.
      await new Promise<void>((resolve) => queue.push(resolve))
    }
    try {
      return await work()
    } finally {
      const next = this.#take()
      if (next) next()
      else this.#running--
    }
  }

  /** The first of the queue whose turn it is; of the other where nobody waits there. */
  #take(): (() => void) | undefined {
    const turn = this.#next
    const other = turn === 'login' ? 'new' : 'login'
    const first = this.#waiting[turn].shift()
    if (!first) return this.#waiting[other].shift()
    this.#next = other
    return first
  }
}
