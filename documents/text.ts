/**
 * A text as a document can hold it. Control characters, which XML forbids, become their visible pictures (U+0000 becomes
 * ␀), what is no character becomes the replacement character, and each kind of line end a line feed.
 */
export function cleanText(text: string): string {
  return text
    .replace(/\r\n?|[\u0085\u2028\u2029]/g, '\n')
    .replaceAll('\t', '    ')
    .replace(/[^\P{Cc}\n]/gu, pictureOf)
    .replace(/[\p{Cs}\p{Noncharacter_Code_Point}]/gu, '\ufffd')
}

function pictureOf(control: string): string {
  const code = control.charCodeAt(0)
  if (code < 0x20) return String.fromCharCode(0x2400 + code)
  return code === 0x7f ? '\u2421' : '\ufffd'
}

/** A stretch of text of one kind. */
export interface Span {
  readonly text: string
  /** Where it leads, for an address. */
  readonly link: string | undefined
}

/** Longer ones are no addresses that anybody follows, and viewers refuse them. */
const MAX_LINK = 2000

/** Finds the web addresses in a text, so that they can be followed. */
export function spansOf(text: string): Span[] {
  const spans: Span[] = []
  let end = 0
  for (const { 0: match, index } of text.matchAll(/\bhttps?:\/\/[!-~]+/gi)) {
    if (match.length > MAX_LINK) continue
    const link = withoutPunctuation(match)
    if (!URL.canParse(link)) continue
    if (index > end) spans.push({ text: text.slice(end, index), link: undefined })
    spans.push({ text: link, link: new URL(link).href })
    end = index + link.length
  }
  if (end < text.length || spans.length === 0) {
    spans.push({ text: text.slice(end), link: undefined })
  }
  return spans
}

/** What follows an address in a sentence is not of the address. */
function withoutPunctuation(address: string): string {
  let end = address.search(/["'<>\\^`{|}]/)
  if (end === -1) end = address.length
  while (end > 0 && '.,;:!?)]'.includes(address.charAt(end - 1))) {
    // As in https://example.org/wiki/Plan_(a)
    if (address[end - 1] === ')' && isBalanced(address.slice(0, end))) break
    end--
  }
  return address.slice(0, end)
}

function isBalanced(address: string): boolean {
  return address.split('(').length >= address.split(')').length
}
