/** A word of so many characters may be too long for a line. */
const LONG = 40

/** How many of its characters then stay together. */
const TOGETHER = 8

/** Longer words are taken part by part: to cut one into characters costs the more the longer it is. */
const PART = 1000

/** No line has room for so much without width, and without an end it would never be full. */
const HEAP = /[\p{M}\p{Default_Ignorable_Code_Point}]{256}/gu

/** What has no place where a line may end. In scripts without spaces the typesetter knows where words end. */
const UNBROKEN = String.raw`[^\s\u200b\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Hangul}\p{Script=Thai}\p{Script=Lao}\p{Script=Khmer}\p{Script=Myanmar}]`

/** The same in an address, which the typesetter breaks at its signs. */
const UNBROKEN_IN_ADDRESS = '[A-Za-z0-9]'

const graphemes = new Intl.Segmenter('en', { granularity: 'grapheme' })

/** Where a text is to stand. */
export interface Place {
  readonly isAddress?: boolean
  /** How many share the page's width. */
  readonly columns?: number
}

/**
 * A text with places where a line may end, so that none runs off its page: inside of words that are too long for a line, and
 * of what has no width.
 */
export function breakable(text: string, { isAddress = false, columns = 1 }: Place = {}): string {
  const unbroken = isAddress ? UNBROKEN_IN_ADDRESS : UNBROKEN
  const longWords = new RegExp(`${unbroken}{${Math.ceil(LONG / columns)},${PART}}`, 'gu')
  return text.replace(HEAP, '$&\n').replace(longWords, (word) => {
    const characters = Array.from(graphemes.segment(word), ({ segment }) => segment)
    return characters
      .map((each, index) => (index % TOGETHER === 0 ? `\u200b${each}` : each))
      .join('')
  })
}
