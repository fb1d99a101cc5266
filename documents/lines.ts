import LineBreaker from 'linebreak'
import { directionsOf, mirrored, visualOrder } from './direction.js'
import { type Face, type Fonts, INVISIBLE, REPLACEMENT, type Weight } from './fonts.js'
import type { Span } from './text.js'

/** A stretch of a line of one font, ready to be drawn. */
export interface Piece {
  readonly text: string
  readonly face: Face
  readonly weight: Weight
  /** From the line's beginning on the left, in units of the font's size. */
  readonly left: number
  readonly width: number
  readonly link: string | undefined
  /** Whether the font's own rules are to turn it round, as those of Arabic and Hebrew do. */
  readonly isRightToLeft: boolean
}

/** One line of a paragraph. */
export interface Line {
  readonly pieces: readonly Piece[]
  /** In units of the font's size. */
  readonly width: number
  readonly isRightToLeft: boolean
}

/** Says how wide a text is in a font, in units of the font's size. */
export type Measure = (text: string, face: Face, isRightToLeft: boolean) => number

/** A stretch of a paragraph of one font, in the order in which it is read. */
interface Part {
  readonly text: string
  readonly face: Face
  readonly weight: Weight
  readonly link: string | undefined
  readonly level: number
  readonly width: number
}

/** A span with its place in the paragraph. */
interface Stretch {
  readonly span: Span
  readonly start: number
  readonly end: number
}

const RIGHT_TO_LEFT_LETTER =
  /[\p{Script=Arabic}\p{Script=Hebrew}\p{Script=Syriac}\p{Script=Thaana}\p{Script=Nko}]/u

const graphemes = new Intl.Segmenter('en', { granularity: 'grapheme' })

/** What is cut into characters at once, since each cut costs the more the longer the text. */
const CUT = 2048

/** A longer word fits no line, and to shape it as a whole takes the more the longer it is. In UTF-16 units. */
const MAX_WORD = 400

/** A character of more is a letter under a heap of marks, which is cut as it comes. */
const MAX_GRAPHEME = 32

/** What is set at once of a word that is too long. */
const GROUP = 64

/** No line has more, in UTF-16 units: one of characters without a width would never end. */
const MAX_LINE = 2000

/** Where a character begins and ends. */
type Cut = readonly [start: number, end: number]

/** A line that is being filled. Spaces at its end count only when something follows. */
class OpenLine {
  readonly #width: number
  #parts: Part[] = []
  #used = 0
  #length = 0
  #spaces: Part[] = []
  #spacesWidth = 0

  constructor(width: number) {
    this.#width = width
  }

  get isEmpty(): boolean {
    return this.#parts.length === 0
  }

  hasRoomFor(parts: readonly Part[]): boolean {
    const isWithin = this.#used + this.#spacesWidth + widthOf(parts) <= this.#width
    return isWithin && this.#length + lengthOf(parts) <= MAX_LINE
  }

  add(parts: readonly Part[]): void {
    this.#parts = [...this.#parts, ...this.#spaces, ...parts]
    this.#used += this.#spacesWidth + widthOf(parts)
    this.#length += lengthOf(parts)
    this.#spaces = []
    this.#spacesWidth = 0
  }

  /** What nobody sees needs no line: of spaces that fill more than one the rest is left out. */
  addSpaces(parts: readonly Part[]): void {
    const width = widthOf(parts)
    if (width > this.#width) return
    this.#spaces = [...parts]
    this.#spacesWidth = width
  }

  take(): Part[] {
    const parts = this.#parts
    this.#parts = []
    this.#used = 0
    this.#length = 0
    this.#spaces = []
    this.#spacesWidth = 0
    return parts
  }
}

/** Breaks paragraphs into lines, where the Unicode Line Breaking Algorithm has it. */
export class LineSetter {
  readonly #fonts: Fonts
  readonly #measure: Measure
  readonly #widths = new Map<string, number>()

  constructor(fonts: Fonts, measure: Measure) {
    this.#fonts = fonts
    this.#measure = measure
  }

  /**
   * The lines of one paragraph, one by one: a long paragraph has too many to keep.
   * @param width in units of the font's size
   */
  *lines(spans: readonly Span[], width: number): Generator<Line> {
    const text = spans.map((span) => span.text).join('')
    const directions = directionsOf(text)
    const stretches = stretchesOf(spans)
    let first = 0
    const partsOf = (start: number, end: number) => {
      // What lies far behind isn't looked at again: a paragraph can have a link for every other word.
      while ((stretches[first]?.end ?? start) < start) first++
      return this.#parts(stretches, first, start, end, directions.levelAt)
    }
    const line = new OpenLine(width)
    const finish = () => this.#line(line.take(), directions.isRightToLeft)
    /** Sets a word that is too long for a line: as much of it as fits, halved until it does. */
    function* set(cuts: readonly Cut[]): Generator<Line> {
      const [start] = cuts[0] ?? [0]
      const [, end] = cuts.at(-1) ?? [0, 0]
      const parts = partsOf(start, end)
      if (line.hasRoomFor(parts)) line.add(parts)
      else if (cuts.length > 1) {
        const half = Math.ceil(cuts.length / 2)
        yield* set(cuts.slice(0, half))
        yield* set(cuts.slice(half))
      } else {
        if (!line.isEmpty) yield finish()
        line.add(parts)
      }
    }
    for (const { start, end, next } of unitsOf(text)) {
      const word = end - start > MAX_WORD ? undefined : partsOf(start, end)
      const fits = word && line.hasRoomFor(word)
      if (!fits && !line.isEmpty) yield finish()
      if (word && (fits || line.hasRoomFor(word))) line.add(word)
      else for (const cuts of groupsOf(cutsOf(text, start, end))) yield* set(cuts)
      if (next > end) line.addSpaces(partsOf(end, next))
    }
    yield finish()
  }

  /** Cuts a stretch of a paragraph where its font, its weight, its link or its direction changes. */
  #parts(
    stretches: readonly Stretch[],
    first: number,
    start: number,
    end: number,
    levelAt: (index: number) => number,
  ): Part[] {
    const parts: Part[] = []
    for (let number = first; number < stretches.length; number++) {
      const stretch = stretches[number]
      if (!stretch || stretch.start >= end) break
      const { text, isBold, link } = stretch.span
      const weight = isBold ? 'bold' : 'regular'
      const stop = Math.min(end, stretch.end)
      for (let from = Math.max(start, stretch.start); from < stop; ) {
        const level = levelAt(from)
        let to = from + 1
        while (to < stop && levelAt(to) === level) to++
        const levelText = text.slice(from - stretch.start, to - stretch.start)
        for (const piece of this.#inFaces(levelText, weight)) {
          const width = this.#width(piece.text, piece.face, level % 2 === 1)
          parts.push({ ...piece, weight, link, level, width })
        }
        from = to
      }
    }
    return parts
  }

  #line(parts: readonly Part[], isRightToLeft: boolean): Line {
    const pieces: Piece[] = []
    let left = 0
    for (const part of visualOrder(joined(parts).flatMap((part) => this.#drawable(part)))) {
      const { text, face, weight, link, width, level } = part
      pieces.push({ text, face, weight, left, width, link, isRightToLeft: level % 2 === 1 })
      left += width
    }
    return { pieces, width: left, isRightToLeft }
  }

  /** A part as its font draws it, which turns round each text that has an Arabic or Hebrew letter, and no other. */
  #drawable(part: Part): Part[] {
    const isTurned = RIGHT_TO_LEFT_LETTER.test(part.text)
    if (part.level % 2 === 1) {
      const text = isTurned ? part.text : characters(part.text).reverse().join('')
      return [{ ...part, text: mirrored(text) }]
    }
    if (!isTurned) return [part]
    // Persian digits count as Arabic letters, but numbers run from left to right.
    return characters(part.text).map((text) => {
      return { ...part, text, width: this.#width(text, part.face, false) }
    })
  }

  #inFaces(text: string, weight: Weight): { text: string; face: Face }[] {
    const base = this.#fonts.base(weight)
    if (isSimple(text, base)) return text === '' ? [] : [{ text, face: base }]
    const pieces: { text: string; face: Face }[] = []
    for (const [from, to] of cutsOf(text, 0, text.length)) {
      for (const { text: piece, face } of this.#inFace(text.slice(from, to), weight)) {
        const last = pieces.at(-1)
        if (last?.face === face) last.text += piece
        else pieces.push({ text: piece, face })
      }
    }
    return pieces
  }

  /** A character with its marks, in one font, or else each part in its own: emoji are joined of some in many fonts. */
  #inFace(grapheme: string, weight: Weight): { text: string; face: Face }[] {
    const face = this.#fonts.faceFor(grapheme, weight)
    if (face) {
      const text = seenOf(grapheme, face)
      return text === '' ? [] : [{ text, face }]
    }
    const codePoints = [...grapheme.replace(INVISIBLE, '')]
    if (codePoints.length > 1) return codePoints.flatMap((part) => this.#inFace(part, weight))
    return [{ text: REPLACEMENT, face: this.#fonts.base(weight) }]
  }

  #width(text: string, face: Face, isRightToLeft: boolean): number {
    const key = `${face.name} ${isRightToLeft} ${text}`
    let width = this.#widths.get(key)
    if (width === undefined) {
      width = this.#measure(text, face, isRightToLeft)
      this.#widths.set(key, width)
    }
    return width
  }
}

function lengthOf(parts: readonly Part[]): number {
  let length = 0
  for (const part of parts) length += part.text.length
  return length
}

function stretchesOf(spans: readonly Span[]): Stretch[] {
  let end = 0
  return spans.map((span) => {
    const start = end
    end += span.text.length
    return { span, start, end }
  })
}

/** Cuts a paragraph where a line may end: each unit is a word with the spaces behind it. */
function* unitsOf(text: string): Generator<{ start: number; end: number; next: number }> {
  const breaker = new LineBreaker(text)
  let start = 0
  for (let found = breaker.nextBreak(); found; found = breaker.nextBreak()) {
    const next = found.position
    let end = next
    while (end > start && text[end - 1] === ' ') end--
    yield { start, end, next }
    start = next
  }
}

/** Cuts a text into what a reader takes for its characters: a letter with its marks is one. */
function* cutsOf(text: string, start: number, end: number): Generator<Cut> {
  for (let offset = start; offset < end; ) {
    const to = wholeCharacter(text, Math.min(end, offset + CUT))
    for (const { index, segment } of graphemes.segment(text.slice(offset, to))) {
      const last = offset + index + segment.length
      for (let first = offset + index; first < last; ) {
        const next = Math.min(last, wholeCharacter(text, first + MAX_GRAPHEME))
        yield [first, next]
        first = next
      }
    }
    offset = to
  }
}

function* groupsOf(cuts: Iterable<Cut>): Generator<readonly Cut[]> {
  let group: Cut[] = []
  for (const cut of cuts) {
    group.push(cut)
    if (group.length === GROUP) {
      yield group
      group = []
    }
  }
  if (group.length > 0) yield group
}

/** Moves an index out of the middle of a character. */
function wholeCharacter(text: string, index: number): number {
  return /^[\ud800-\udbff][\udc00-\udfff]/.test(text.slice(index - 1, index + 1))
    ? index + 1
    : index
}

/** Whether a text can be left to the base font as it is. */
function isSimple(text: string, base: Face): boolean {
  for (let index = 0; index < text.length; index++) {
    const code = text.charCodeAt(index)
    // Beyond it there are letters with marks, and characters that nobody sees.
    if (code >= 0x300 && (code < 0x370 || code > 0x482)) return false
    if (code === 0xad || !base.has(code)) return false
  }
  return true
}

/** What is seen of a character, and what its font needs for its shape. */
function seenOf(grapheme: string, face: Face): string {
  return grapheme.replace(INVISIBLE, (character) => {
    const isJoiner = character === '\u200c' || character === '\u200d'
    return isJoiner && face.has(character.codePointAt(0) ?? 0) ? character : ''
  })
}

function widthOf(parts: readonly Part[]): number {
  let width = 0
  for (const part of parts) width += part.width
  return width
}

/** Joins what was measured word by word, so that a line has few pieces. */
function joined(parts: readonly Part[]): Part[] {
  const result: Part[] = []
  for (const part of parts) {
    const last = result.at(-1)
    const isSame = last?.face === part.face && last.link === part.link && last.level === part.level
    if (last && isSame) {
      const text = last.text + part.text
      result[result.length - 1] = { ...last, text, width: last.width + part.width }
    } else result.push(part)
  }
  return result
}

function characters(text: string): string[] {
  return [...cutsOf(text, 0, text.length)].map(([from, to]) => text.slice(from, to))
}
