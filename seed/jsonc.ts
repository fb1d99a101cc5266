import { visit } from 'jsonc-parser'

/**
 * The JSON in a text of JSON with comments: those, and commas behind the last value of an object or an array, become spaces, so
 * that all else stays where it is. What is no JSON even so is left for a parser to find.
 */
export function withoutComments(text: string): string {
  const blanks: { offset: number; length: number }[] = []
  let isAfterValue = false
  /** Where the comma is that the text has come to, if a value was before it. */
  let comma: number | undefined
  const follow = (isValue: boolean) => {
    isAfterValue = isValue
    comma = undefined
  }
  const close = () => {
    if (comma !== undefined) blanks.push({ offset: comma, length: 1 })
    follow(true)
  }
  try {
    visit(text, {
      onComment: (offset, length) => blanks.push({ offset, length }),
      onObjectBegin: () => follow(false),
      onArrayBegin: () => follow(false),
      onObjectProperty: () => follow(false),
      onLiteralValue: () => follow(true),
      onObjectEnd: close,
      onArrayEnd: close,
      onSeparator: (character, offset) => {
        comma = character === ',' && isAfterValue ? offset : undefined
        isAfterValue = false
      },
    })
  } catch (error) {
    // It follows nested values by calling itself, and so does what tells of the fault then.
    if (error instanceof RangeError) return text
    throw error
  }
  return blanked(text, blanks)
}

/** A text with spaces in some places, and as many lines as before. */
function blanked(text: string, places: { offset: number; length: number }[]): string {
  const pieces: string[] = []
  let end = 0
  for (const { offset, length } of places.sort((a, b) => a.offset - b.offset)) {
    pieces.push(text.slice(end, offset))
    end = offset + length
    pieces.push(text.slice(offset, end).replace(/[^\r\n]/g, ' '))
  }
  return pieces.join('') + text.slice(end)
}
