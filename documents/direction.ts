import bidiFactory from 'bidi-js'

const bidi = bidiFactory()

/** The scripts that run from right to left, and the signs that turn a direction. */
const RIGHT_TO_LEFT =
  /[\u0590-\u08ff\u200f\u202b\u202e\u2067\ufb1d-\ufdff\ufe70-\ufefc\u{10800}-\u{10fff}\u{1e800}-\u{1efff}]/u

/** The directions in a paragraph, by the Unicode Bidirectional Algorithm. */
export interface Directions {
  /** Whether the paragraph as a whole runs from right to left. */
  readonly isRightToLeft: boolean
  /** The level of each UTF-16 unit: odd ones run from right to left. */
  levelAt(index: number): number
}

const LEFT_TO_RIGHT: Directions = { isRightToLeft: false, levelAt: () => 0 }

/** Finds which parts of a paragraph run in which direction. */
export function directionsOf(text: string): Directions {
  if (!RIGHT_TO_LEFT.test(text)) return LEFT_TO_RIGHT
  const { levels, paragraphs } = bidi.getEmbeddingLevels(text)
  return {
    isRightToLeft: (paragraphs[0]?.level ?? 0) % 2 === 1,
    levelAt: (index) => levels[index] ?? 0,
  }
}

/** A text with each bracket turned round, as it is to be seen where text runs from right to left. */
export function mirrored(text: string): string {
  return text.replace(/[\p{Ps}\p{Pe}\p{Pi}\p{Pf}\p{Sm}]/gu, (character) => {
    return bidi.getMirroredCharacter(character) ?? character
  })
}

/** Puts the parts of a line, each of one level, into the order in which they are seen from left to right. */
export function visualOrder<T extends { readonly level: number }>(parts: readonly T[]): T[] {
  const ordered = [...parts]
  const highest = ordered.reduce((level, part) => Math.max(level, part.level), 0)
  for (let level = highest; level > 0; level--) {
    for (let start = 0; start < ordered.length; start++) {
      let end = start
      while ((ordered[end]?.level ?? -1) >= level) end++
      if (end === start) continue
      ordered.splice(start, end - start, ...ordered.slice(start, end).reverse())
      start = end
    }
  }
  return ordered
}
