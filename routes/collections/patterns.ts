import { RE2JS } from 're2js'

/** How long the patterns of one query may be together, in UTF-16 code units. */
const MAX_LENGTH = 250

/** How many steps a pattern may be compiled into: with more, one text of some length takes seconds, in linear time too. */
const MAX_STEPS = 200

/** A count of three digits, `a{100}`, is more steps than those: so it needn't be compiled to know. */
const LONG_COUNT = /\{\d*,?\d{3}/

/** Says which texts of one query are patterns that may be tried on every record. */
export class Patterns {
  #left = MAX_LENGTH

  /**
   * A regular expression, out of JavaScript's syntax into RE2's.
   * @returns undefined where it is none (or one that RE2 doesn't have, such as a look-ahead), or costs too much
   */
  read(text: string): string | undefined {
    if (text.length > this.#left || LONG_COUNT.test(text)) return undefined
    this.#left -= text.length
    const pattern = RE2JS.translateRegExp(text)
    return isPattern(pattern) ? pattern : undefined
  }
}

function isPattern(text: string): boolean {
  try {
    return RE2JS.compile(text, RE2JS.CASE_INSENSITIVE).programSize() <= MAX_STEPS
  } catch {
    return false
  }
}
