import { isPattern } from '../../store/pattern.js'

/** How long the patterns of one query may be together, in UTF-16 code units: to make many ready takes long too. */
const MAX_LENGTH = 250

/** Says which texts of one query are patterns that may be tried on every record. */
export class Patterns {
  #left = MAX_LENGTH

  /** Whether a text is one: a regular expression in RE2's syntax, which costs little. */
  accepts(text: string): boolean {
    if (text.length > this.#left) return false
    this.#left -= text.length
    return isPattern(text)
  }
}
