import { ACCOUNTS } from '../engine.js'
import { NoRoom } from '../errors.js'

/** How many bytes what is written may take. */
export interface RoomLimits {
  /** Of memory: in all, and of one user. */
  readonly all: number
  readonly user: number
  /** Of one user's files. */
  readonly userFiles: number
  /** How many revoked tokens are remembered. */
  readonly tokens: number
}

/** What the records of all views of an engine weigh together, beside what they began with. */
export class Account {
  /** None before they are set, and nothing is counted: what a start reads is whoever's who starts it. */
  limits: RoomLimits | undefined
  used = 0
  tokens = 0
}

/** How many bytes something takes. */
export interface Weight {
  /** Of memory, about. */
  readonly memory: number
  /** Of the files that it refers to, which others can refer to as well. */
  readonly files: number
}

/** By how much more something weighs, or less, and whose it is, where it is anybody's. */
export interface Entry {
  readonly userId: number | undefined
  readonly by: Weight
}

export const NOTHING: Weight = { memory: 0, files: 0 }

export function plus(one: Weight, other: Weight): Weight {
  return { memory: one.memory + other.memory, files: one.files + other.files }
}

export function minus(one: Weight, other: Weight): Weight {
  return { memory: one.memory - other.memory, files: one.files - other.files }
}

/**
 * What one view weighs beside what it began as. What is shared with others is theirs: a fork begins with nothing, since what it was
 * made from stays; a snapshot with as much as its view, which may let go of all of it.
 */
export class Ledger {
  readonly #account: Account
  #weight = 0
  #tokens = 0
  /** Those of the users who have written anything. */
  #users = new Map<number, Weight>()
  #isClosed = false

  constructor(account: Account) {
    this.#account = account
  }

  /** Another for a view that begins with what stays here. */
  fork(): Ledger {
    return new Ledger(this.#account)
  }

  /** Another for a view that begins with what may go from here. */
  copy(): Ledger {
    const copy = this.fork()
    copy.restore(this)
    return copy
  }

  /**
   * Sees to it that there is room.
   * @throws NoRoom
   */
  require(collection: string, { userId, by }: Entry): void {
    const { limits, used } = this.#account
    if (!limits) return
    if (by.memory > 0 && used + by.memory > limits.all) throw new NoRoom(collection, 'all')
    if (userId === undefined) return
    const { memory, files } = plus(this.#weightOf(userId), by)
    if (by.memory > 0 && memory > limits.user) throw new NoRoom(collection, 'user')
    if (by.files > 0 && files > limits.userFiles) throw new NoRoom(collection, 'files')
  }

  /** Counts it. What was there from the beginning makes room once, when it goes, though others may have it still. */
  add({ userId, by }: Entry): void {
    if (this.#isClosed || !this.#account.limits) return
    this.#become(this.#weight + by.memory)
    if (userId === undefined) return
    const own = plus(this.#weightOf(userId), by)
    if (own.memory > 0 || own.files > 0) this.#users.set(userId, own)
    else this.#users.delete(userId)
  }

  /**
   * Counts tokens that were revoked, or need not be remembered any more.
   * @throws NoRoom; nothing is counted then
   */
  addTokens(by: number): void {
    const { limits, tokens } = this.#account
    if (this.#isClosed || !limits) return
    if (by > 0 && tokens + by > limits.tokens) throw new NoRoom(ACCOUNTS, 'tokens')
    this.#become(this.#weight, this.#tokens + by)
  }

  /** Becomes what another is. */
  restore(other: Ledger): void {
    if (this.#isClosed) return
    this.#become(other.#weight, other.#tokens)
    this.#users = new Map(other.#users)
  }

  /** Counts nothing any more. */
  close(): void {
    this.#become(0, 0)
    this.#isClosed = true
  }

  #weightOf(userId: number): Weight {
    return this.#users.get(userId) ?? NOTHING
  }

  #become(weight: number, tokens = this.#tokens): void {
    const [bytes, count] = [Math.max(0, weight), Math.max(0, tokens)]
    this.#account.used += bytes - this.#weight
    this.#account.tokens += count - this.#tokens
    this.#weight = bytes
    this.#tokens = count
  }
}
