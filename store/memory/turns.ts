import { setImmediate } from 'node:timers/promises'

/** How long work may go on before other work has a turn, in milliseconds. Several may be at it at once, one after the other. */
const SLICE = 4

/** Divides long work, so that other work has its turns. */
export class Turns {
  #end = performance.now() + SLICE

  /** Whether it is time for other work. */
  get isOver(): boolean {
    return performance.now() >= this.#end
  }

  /** Lets other work have a turn. */
  async next(): Promise<void> {
    await setImmediate()
    this.#end = performance.now() + SLICE
  }
}
