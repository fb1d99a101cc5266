/** How much is remembered, in characters, and once more at the most: of all schemas together. */
const MAX_LENGTH = 4 * 1024 * 1024

/** What a text takes beside its characters. */
const ENTRY = 200

/** What is longer is not remembered: it would push out too many others. */
const LONGEST = MAX_LENGTH / 64

const all = new Set<Texts>()
let length = 0

/**
 * The texts of values that can't change: those that were last asked for. There are two generations, so that the older one can go as
 * a whole. A WeakMap would hold everything up when it grows to a million.
 */
export class Texts {
  #older = new Map<object, string>()
  #texts = new Map<object, string>()

  constructor() {
    all.add(this)
  }

  get(value: object): string | undefined {
    const known = this.#texts.get(value)
    if (known !== undefined) return known
    const older = this.#older.get(value)
    return older === undefined ? undefined : this.put(value, older)
  }

  /** @returns the text */
  put(value: object, text: string): string {
    if (text.length > LONGEST) return text
    length += text.length + ENTRY
    if (length > MAX_LENGTH) {
      for (const each of all) each.#age()
      length = text.length + ENTRY
    }
    this.#texts.set(value, text)
    return text
  }

  #age(): void {
    this.#older = this.#texts
    this.#texts = new Map()
  }
}
