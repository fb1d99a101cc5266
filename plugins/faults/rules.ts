import { randomInt } from 'node:crypto'
import { uniformFloat64 } from 'pure-rand/distribution/uniformFloat64'
import { uniformInt } from 'pure-rand/distribution/uniformInt'
import { xoroshiro128plus } from 'pure-rand/generator/xoroshiro128plus'
import { errors } from '../http/errors.js'
import { type Matchable, matcher } from '../workspaces/match.js'
import { type Consequence, delayIn, type Fault, type FaultRule } from './rule.js'

/** How many rules one world can have, and how large they are together, in characters of JSON. */
const MAX_RULES = 100
const MAX_SIZE = 4 * 1024 * 1024

/** What becomes of one request. */
export interface Firing {
  /** What has decided it. */
  readonly id: string
  /** How long it waits first, in milliseconds. */
  readonly delay: number
  readonly consequence: Consequence
}

/** What is to go wrong in one world. */
export class FaultRules {
  readonly #rules = new Map<string, ArmedRule>()
  #size = 0

  get size(): number {
    return this.#rules.size
  }

  /** @throws 409 when there are too many */
  add(id: string, rule: FaultRule): Fault {
    const armed = new ArmedRule(id, rule)
    if (this.#rules.size >= MAX_RULES || this.#size + armed.size > MAX_SIZE) {
      throw errors.tooManyFaults(MAX_RULES)
    }
    this.#rules.set(id, armed)
    this.#size += armed.size
    return armed.shown
  }

  list(): readonly Fault[] {
    return [...this.#rules.values()].map(({ shown }) => shown)
  }

  get(id: string): Fault | undefined {
    return this.#rules.get(id)?.shown
  }

  /** @returns whether it was there */
  remove(id: string): boolean {
    this.#size -= this.#rules.get(id)?.size ?? 0
    return this.#rules.delete(id)
  }

  clear(): void {
    this.#rules.clear()
    this.#size = 0
  }

  /**
   * Decides over a request: the first rule does that is about it, and whose turn it is.
   * @param isPreflight whether it is a browser's question whether a page may ask; rules are about that where they name its method
   */
  decide(request: Matchable, isPreflight: boolean): Firing | undefined {
    for (const rule of this.#rules.values()) {
      if (isPreflight && !rule.isForOptions) continue
      const firing = rule.decide(request)
      if (firing) return firing
    }
    return undefined
  }
}

/** A rule, and what it has seen. */
class ArmedRule {
  /** In characters of JSON. */
  readonly size: number
  readonly #id: string
  readonly #rule: FaultRule
  readonly #isMeant: (request: Matchable) => boolean
  readonly #random
  #seen = 0
  #fired = 0

  constructor(id: string, rule: FaultRule) {
    const { seed = randomInt(2 ** 31) } = rule
    this.size = JSON.stringify(rule).length
    this.#id = id
    this.#rule = isChance(rule) ? { ...rule, seed } : rule
    this.#isMeant = matcher(rule.match)
    this.#random = xoroshiro128plus(seed)
  }

  get isForOptions(): boolean {
    return this.#rule.match.method === 'OPTIONS'
  }

  get shown(): Fault {
    return { id: this.#id, fired: this.#fired, ...this.#rule }
  }

  decide(request: Matchable): Firing | undefined {
    const { skip = 0, times = Number.POSITIVE_INFINITY, probability = 1, then } = this.#rule
    if (this.#fired >= times || !this.#isMeant(request)) return undefined
    this.#seen++
    if (this.#seen <= skip) return undefined
    if (probability < 1 && uniformFloat64(this.#random) >= probability) return undefined
    this.#fired++
    return { id: this.#id, delay: this.#chosenDelay(then), consequence: then }
  }

  #chosenDelay({ delay = 0 }: Consequence): number {
    if (!Array.isArray(delay)) return delayIn(delay) ?? 0
    return uniformInt(this.#random, Math.min(...delay), Math.max(...delay))
  }
}

/** Whether anything of a rule is left to chance. */
function isChance({ probability, seed, then }: FaultRule): boolean {
  return probability !== undefined || seed !== undefined || Array.isArray(then.delay)
}
