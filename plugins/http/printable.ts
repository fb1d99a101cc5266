/** Control characters, line separators, and what turns the direction of writing. */
const UNSAFE = /[\p{Cc}\u2028\u2029\u202a-\u202e\u2066-\u2069]/gu

/** A text that a terminal shows and does not obey: what could move the cursor or change colours is written as `\u001b`. */
export function printable(text: string): string {
  return text.replace(UNSAFE, escaped)
}

/** JSON for a terminal or a pipe: it means the same, and holds no raw control character but its line breaks. */
export function printableJson(value: unknown): string {
  return JSON.stringify(value, null, 2).replace(UNSAFE, (character) =>
    character === '\n' ? character : escaped(character),
  )
}

function escaped(character: string): string {
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`
}
