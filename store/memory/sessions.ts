import type { Sessions } from '../engine.js'
import type { Row } from '../predicate.js'
import { HashTrie } from './hash-trie.js'
import { SortedList } from './sorted-list.js'

interface Revoked {
  readonly jti: string
  readonly until: number
}

interface State {
  readonly revoked: HashTrie<string, Revoked>
  /** The next to end first, so that what has ended goes without a search. */
  readonly byEnd: SortedList<Revoked>
}

/** Who is logged in, with the tokens that were revoked before their time. */
export class MemorySessions implements Sessions<Row> {
  readonly #accountOf: (id: number) => Row | undefined
  readonly #now: () => number
  readonly #count: (by: number) => void
  #state: State

  /**
   * @param count hears of how many more are remembered; what it throws, `revoke` does
   * @param now the clock: milliseconds since 1970
   */
  constructor(
    accountOf: (id: number) => Row | undefined,
    state: State = emptyState(),
    count: (by: number) => void = () => {},
    now: () => number = earliest,
  ) {
    this.#accountOf = accountOf
    this.#state = state
    this.#count = count
    this.#now = now
  }

  copyState(): State {
    const { revoked, byEnd } = this.#state
    return { revoked: revoked.copy(), byEnd: byEnd.copy() }
  }

  restore(state: State): void {
    this.#state = state
  }

  async find(jti: string, userId: number): Promise<Row | undefined> {
    return this.#state.revoked.get(jti) ? undefined : this.#accountOf(userId)
  }

  async revoke(jti: string, until: number): Promise<void> {
    const { revoked, byEnd } = this.#state
    const now = this.#now()
    for (let { first } = byEnd; first && first.until <= now; first = byEnd.first) {
      byEnd.remove(first)
      revoked.delete(first.jti)
      this.#count(-1)
    }
    if (until <= now || revoked.get(jti)) return
    this.#count(1)
    const entry = { jti, until }
    revoked.set(jti, entry)
    byEnd.add(entry)
  }
}

function emptyState(): State {
  return {
    revoked: new HashTrie(),
    byEnd: new SortedList<Revoked>(
      (a, b) => a.until - b.until || (a.jti < b.jti ? -1 : a.jti > b.jti ? 1 : 0),
    ),
  }
}

/** The least by which the clock was ahead of one that nobody sets. */
let ahead = Date.now() - performance.now()

/**
 * The time by the earliest that the clock has said so far: while it is set forth, nothing is taken for over that would be good again
 * once it is set back. Where that was no mistake, what is over is remembered for longer.
 */
function earliest(): number {
  ahead = Math.min(ahead, Date.now() - performance.now())
  return performance.now() + ahead
}
