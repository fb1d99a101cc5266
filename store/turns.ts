/** How long work may go on before other work has a turn, in milliseconds. */
const SLICE = 4

/** Who waits for a turn, the first one first. */
const waiting: (() => void)[] = []

/**
 * Lets other work have a turn. Of all that wait here one goes on at each turn of the event loop, so that it is held for as long
 * as one of them takes, however many there are.
 */
export function nextTurn(): Promise<void> {
  if (waiting.length === 0) setImmediate(giveTurn)
  return new Promise((resolve) => {
    waiting.push(resolve)
  })
}

function giveTurn(): void {
  waiting.shift()?.()
  if (waiting.length > 0) setImmediate(giveTurn)
}

/** Divides long work, so that other work has its turns. */
export class Turns {
  #end = performance.now() + SLICE

  /** Whether it is time for other work. */
  get isOver(): boolean {
    return performance.now() >= this.#end
  }

  /** Lets other work have a turn. */
  async next(): Promise<void> {
    await nextTurn()
    this.#end = performance.now() + SLICE
  }
}
