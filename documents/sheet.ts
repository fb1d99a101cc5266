import type { Fonts } from './fonts.js'
import { type Line, LineSetter, type Piece } from './lines.js'
import { clip } from './outline.js'
import type { Span } from './text.js'

/** A4, in points. */
const PAGE = { width: 595.28, height: 841.89 }
const MARGIN = { side: 64, top: 64, bottom: 72 }

/** Where text stands on a page. */
export const TEXT = { left: MARGIN.side, width: PAGE.width - 2 * MARGIN.side }
const BOTTOM = PAGE.height - MARGIN.bottom

const LINK_COLOR = '#0b57a4'
const FOOTER = { size: 8.5, color: '#5b6470', y: PAGE.height - 40 }

/** From a line's top to where its letters stand, in units of the size: the half of what leads, and what rises above. */
const ASCENT = 0.76

/** More bookmarks than this help nobody, and viewers open slowly. */
const MAX_BOOKMARKS = 2000
const MAX_BOOKMARK = 120

/** How text looks, in points. */
export interface Style {
  readonly size: number
  /** From one line to the next, in units of the size. */
  readonly leading: number
  readonly color: string
}

/** Text in a column of its own. */
export interface Column {
  readonly lines: Iterator<Line>
  readonly x: number
  readonly width: number
  /** Where its lines begin, where that isn't for each line to say. */
  readonly isRightToLeft?: boolean
  /** What the text is in the document's structure. Without one it is decoration, which isn't read out. */
  readonly element: PDFKit.PDFStructureElement | undefined
  readonly tag: string
}

/** The pages of a document: fills them from top to bottom, and begins the next one when a page is full. */
export class Sheet {
  /** What a screen reader reads, all of it. */
  readonly root: PDFKit.PDFStructureElement
  readonly #document: PDFKit.PDFDocument
  readonly #setter: LineSetter
  #y = MARGIN.top
  #space = 0
  #bookmarks = 0
  #chapter: PDFKit.PDFOutline | undefined

  constructor(document: PDFKit.PDFDocument, fonts: Fonts) {
    this.#document = document
    for (const face of fonts.all()) document.registerFont(face.name, face.data)
    this.#setter = new LineSetter(fonts, (text, face, isRightToLeft) => {
      document.font(face.name).fontSize(1000)
      return document.widthOfString(text, optionsOf(isRightToLeft)) / 1000
    })
    this.root = document.struct('Document')
    document.addStructure(this.root)
    document.addPage()
  }

  /** An element of the document's structure, to be ended by the caller. */
  element(parent: PDFKit.PDFStructureElement, tag: string): PDFKit.PDFStructureElement {
    const element = this.#document.struct(tag)
    parent.add(element)
    return element
  }

  /** The lines of some paragraphs. */
  *lines(paragraphs: Iterable<readonly Span[]>, width: number, style: Style): Generator<Line> {
    for (const spans of paragraphs) yield* this.#setter.lines(spans, width / style.size)
  }

  /** Asks for space before what comes next, unless a page begins there. */
  space(points: number): void {
    this.#space = Math.max(this.#space, points)
  }

  /** Begins a page unless there is room for as much. Says whether it did. */
  reserve(points: number): boolean {
    const isFull = this.#y + this.#space + points > BOTTOM
    if (isFull && this.#y > MARGIN.top) {
      this.#newPage()
      return true
    }
    this.#y += this.#space
    this.#space = 0
    return false
  }

  /**
   * Sets columns of text side by side, and goes on below the longest.
   * @param onNewPage is called when they go on on a new page
   */
  flow(columns: readonly Column[], style: Style, onNewPage: () => void = () => {}): void {
    const height = style.size * style.leading
    const waiting = columns.map((column) => ({ column, next: column.lines.next() }))
    while (waiting.some(({ next }) => !next.done)) {
      if (this.reserve(height)) onNewPage()
      // At least one, so that a page which is all head still gets on.
      const room = Math.max(1, Math.floor((BOTTOM - this.#y) / height))
      let longest = 0
      for (const cell of waiting) {
        if (cell.next.done) continue
        this.#mark(cell.column.element, cell.column.tag, () => {
          let count = 0
          for (; count < room && !cell.next.done; count++) {
            this.#draw(cell.next.value, cell.column, this.#y + count * height, style)
            cell.next = cell.column.lines.next()
          }
          longest = Math.max(longest, count)
        })
      }
      this.#y += longest * height
    }
  }

  /** Leaves space that belongs to what is drawn, such as a cell's padding. */
  skip(points: number): void {
    this.#y += points
  }

  /** A line across the text, below what is set. */
  rule(color: string): void {
    this.#mark(undefined, 'Artifact', () => {
      const { left, width } = TEXT
      this.#document.moveTo(left, this.#y).lineTo(left + width, this.#y)
      this.#document.lineWidth(0.5).stroke(color)
    })
  }

  /** Colours the ground of what is to be set next. */
  shade(height: number, color: string): void {
    this.#mark(undefined, 'Artifact', () => {
      this.#document.rect(TEXT.left, this.#y, TEXT.width, height).fill(color)
    })
  }

  /** A dot before what is to be set next. */
  bullet(element: PDFKit.PDFStructureElement, x: number, style: Style): void {
    this.#mark(element, 'Lbl', () => {
      const middle = this.#y + style.size * (style.leading / 2 + 0.02)
      this.#document.circle(x, middle, style.size * 0.14).fill(style.color)
    })
  }

  /** Makes this place one that a reader can go to by its name. */
  bookmark(level: 1 | 2, name: string): void {
    if (this.#bookmarks >= MAX_BOOKMARKS) return
    this.#bookmarks++
    const parent = level === 1 ? this.#document.outline : (this.#chapter ?? this.#document.outline)
    const options = { expanded: false, top: this.#y }
    const item = parent.addItem(clip(name, MAX_BOOKMARK), options)
    if (level === 1) this.#chapter = item
  }

  /** Numbers the pages, now that it's known how many there are. */
  finish(): void {
    this.root.end()
    const { start, count } = this.#document.bufferedPageRange()
    for (let page = start; page < start + count; page++) {
      this.#document.switchToPage(page)
      const text = `${page + 1} / ${count}`
      const spans = [{ text, isBold: false, link: undefined }]
      const style = { size: FOOTER.size, leading: 1, color: FOOTER.color }
      for (const line of this.lines([spans], TEXT.width, style)) {
        const x = PAGE.width / 2 - (line.width * style.size) / 2
        this.#mark(undefined, 'Artifact', () => {
          this.#draw(line, { x, width: TEXT.width }, FOOTER.y, style)
        })
      }
    }
  }

  #newPage(): void {
    this.#document.addPage()
    this.#y = MARGIN.top
    this.#space = 0
  }

  /** Says in the file what is drawn. */
  #mark(element: PDFKit.PDFStructureElement | undefined, tag: string, draw: () => void): void {
    if (!element) {
      this.#document.markContent('Artifact', { type: 'Layout' })
      draw()
      this.#document.endMarkedContent()
      return
    }
    const content = this.#document.markStructureContent(tag)
    draw()
    this.#document.endMarkedContent()
    element.add(content)
  }

  #draw(
    line: Line,
    { x, width, isRightToLeft = line.isRightToLeft }: Pick<Column, 'x' | 'width' | 'isRightToLeft'>,
    top: number,
    style: Style,
  ): void {
    const indent = isRightToLeft ? width - line.width * style.size : 0
    const baseline = top + style.size * ((style.leading - 1) / 2 + ASCENT)
    for (const piece of line.pieces) {
      this.#drawPiece(piece, x + indent + piece.left * style.size, baseline, style)
    }
  }

  #drawPiece(piece: Piece, x: number, baseline: number, { size, color }: Style): void {
    const width = piece.width * size
    this.#document
      .font(piece.face.name)
      .fontSize(size)
      .fillColor(piece.link === undefined ? color : LINK_COLOR)
    // With its measures given, pdfkit doesn't measure again.
    const options = {
      ...optionsOf(piece.isRightToLeft),
      lineBreak: false,
      baseline: 'alphabetic',
      textWidth: width,
      wordCount: 1,
    } as const
    this.#document.text(piece.text, x, baseline, options)
    if (piece.link !== undefined) {
      this.#document.link(x, baseline - size, width, size * 1.3, piece.link)
    }
  }
}

/** Given features, pdfkit leaves a text whole: else it sets word by word, from left to right. */
function optionsOf(isRightToLeft: boolean): { features?: [] } {
  return isRightToLeft ? { features: [] } : {}
}
