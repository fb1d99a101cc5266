import { once } from 'node:events'
import PDFDocument from 'pdfkit'
import { type Directions, directionsOf } from './direction.js'
import { Fonts, type Weight } from './fonts.js'
import type { Line } from './lines.js'
import type { Block, Fact, HeadingLevel, Outline } from './outline.js'
import { type Column, Sheet, type Style, TEXT } from './sheet.js'
import { type Span, spansOf } from './text.js'
import { columnShares } from './widths.js'

const INK = '#1f2328'
const ACCENT = '#1f3864'
const MUTED = '#5b6470'
const RULE = '#c9ced6'
const SHADE = '#eef1f6'

const BODY: Style = { size: 10, leading: 1.45, color: INK }
const TITLE: Style = { size: 22, leading: 1.25, color: ACCENT }
const CELL: Style = { size: 9, leading: 1.4, color: INK }
const HEAD: Style = { ...CELL, color: ACCENT }
const HEADINGS: {
  readonly [level in HeadingLevel]: Style & { readonly before: number; readonly after: number }
} = {
  1: { size: 15, leading: 1.3, color: ACCENT, before: 18, after: 5 },
  2: { size: 12, leading: 1.3, color: ACCENT, before: 12, after: 4 },
  3: { size: 10.5, leading: 1.35, color: INK, before: 9, after: 3 },
  4: { size: 10, leading: 1.35, color: MUTED, before: 9, after: 3 },
}

const PARAGRAPH_GAP = 7
const ITEM_GAP = 2.5
const NAME = { width: 128, gap: 12 }
const BULLET_INDENT = 14
const PADDING = { x: 5, y: 4 }

/** A heading stays with this many lines of what follows. */
const KEPT_LINES = 3

/** A lower row is kept on one page, and a higher head isn't repeated. In points. */
const HIGH = 200

/** Typesets an outline as a PDF file. */
export async function toPdf(outline: Outline): Promise<Buffer> {
  const fonts = await Fonts.load({
    regular: textsOf(outline, 'regular'),
    bold: textsOf(outline, 'bold'),
  })
  const document = new PDFDocument({
    size: 'A4',
    margin: 0,
    autoFirstPage: false,
    // The pages are numbered when it's known how many there are.
    bufferPages: true,
    pdfVersion: '1.7',
    tagged: true,
    displayTitle: true,
    lang: outline.language,
    // Without one it would read its own.
    font: '',
    info: {
      Title: outline.title,
      Author: outline.author,
      Creator: 'Slipway',
      CreationDate: outline.date,
      ModDate: outline.date,
    },
  })
  const chunks: Buffer[] = []
  document.on('data', (chunk: Buffer) => chunks.push(chunk))
  const ended = once(document, 'end')
  const sheet = new Sheet(document, fonts)
  for (const block of outline.blocks) typeset(block, sheet)
  sheet.finish()
  document.end()
  await ended
  return Buffer.concat(chunks)
}

/** All texts that are set in a weight. */
function* textsOf({ blocks }: Outline, weight: Weight): Generator<string> {
  const isBold = weight === 'bold'
  for (const block of blocks) {
    if (block.kind === 'title' || block.kind === 'heading') {
      if (isBold) yield block.text
    } else if (block.kind === 'facts') {
      for (const { name, value } of block.facts) yield isBold ? name : value
    } else if (block.kind === 'table') {
      yield* isBold ? block.columns : block.rows.flat()
    } else if (!isBold) {
      yield* block.kind === 'list' ? block.items : [block.text]
    }
  }
}

function typeset(block: Block, sheet: Sheet): void {
  if (block.kind === 'title') typesetTitle(block.text, sheet)
  else if (block.kind === 'heading') typesetHeading(block.level, block.text, sheet)
  else if (block.kind === 'paragraph') typesetParagraph(block.text, sheet)
  else if (block.kind === 'facts') typesetFacts(block.facts, sheet)
  else if (block.kind === 'list') typesetList(block.items, sheet)
  else typesetTable(block.columns, block.rows, sheet)
}

function typesetTitle(text: string, sheet: Sheet): void {
  typesetText(sheet.root, 'H1', linesOf(text, true), TITLE, sheet)
  sheet.space(12)
}

function typesetHeading(level: HeadingLevel, text: string, sheet: Sheet): void {
  const style = HEADINGS[level]
  sheet.space(style.before)
  sheet.reserve(style.size * style.leading + KEPT_LINES * BODY.size * BODY.leading)
  if (level === 1 || level === 2) sheet.bookmark(level, text)
  // The title is the structure's first heading.
  typesetText(sheet.root, `H${level + 1}`, linesOf(text, true), style, sheet)
  sheet.space(style.after)
}

function typesetParagraph(text: string, sheet: Sheet): void {
  typesetText(sheet.root, 'P', linesOf(text), BODY, sheet)
  sheet.space(PARAGRAPH_GAP)
}

/** Names beside their values. */
function typesetFacts(facts: readonly Fact[], sheet: Sheet): void {
  const valueWidth = TEXT.width - NAME.width - NAME.gap
  for (const { name, value } of facts) {
    const element = sheet.element(sheet.root, 'P')
    const { isRightToLeft } = directionsOf(name)
    const columns = [
      { paragraphs: linesOf(name, true), offset: 0, width: NAME.width },
      { paragraphs: linesOf(value), offset: NAME.width + NAME.gap, width: valueWidth },
    ].map(({ paragraphs, offset, width }): Column => {
      const x = isRightToLeft ? TEXT.left + TEXT.width - offset - width : TEXT.left + offset
      const lines = sheet.lines(paragraphs, width, BODY)
      return { lines, x, width, isRightToLeft, element, tag: 'Span' }
    })
    sheet.flow(columns, BODY)
    element.end()
    sheet.space(ITEM_GAP)
  }
  sheet.space(PARAGRAPH_GAP)
}

function typesetList(items: readonly string[], sheet: Sheet): void {
  const list = sheet.element(sheet.root, 'L')
  const width = TEXT.width - BULLET_INDENT
  for (const item of items) {
    const element = sheet.element(list, 'LI')
    const { isRightToLeft } = directionsOf(item)
    const middle = BULLET_INDENT / 2
    sheet.reserve(BODY.size * BODY.leading)
    const label = sheet.element(element, 'Lbl')
    sheet.bullet(label, isRightToLeft ? TEXT.left + TEXT.width - middle : TEXT.left + middle, BODY)
    const body = sheet.element(element, 'LBody')
    const lines = sheet.lines(linesOf(item), width, BODY)
    const x = isRightToLeft ? TEXT.left : TEXT.left + BULLET_INDENT
    sheet.flow([{ lines, x, width, isRightToLeft, element: body, tag: 'LBody' }], BODY)
    element.end()
    sheet.space(ITEM_GAP)
  }
  list.end()
  sheet.space(PARAGRAPH_GAP)
}

function typesetTable(
  columns: readonly string[],
  rows: readonly (readonly string[])[],
  sheet: Sheet,
): void {
  const places = placesOf(columnShares(columns, rows), directionsOf(columns.join(' ')))
  const table = sheet.element(sheet.root, 'Table')
  const head = new Row(columns, places, HEAD, true, sheet)
  sheet.reserve(Math.min(head.height, HIGH) + 2 * CELL.size * CELL.leading + 2 * PADDING.y)
  head.typeset(table, 'TH')
  const repeatHead = () => {
    if (head.height < HIGH) head.typeset(undefined, 'TH')
  }
  for (const texts of rows) {
    const row = new Row(texts, places, CELL, false, sheet)
    if (row.height < HIGH && sheet.reserve(row.height)) repeatHead()
    row.typeset(table, 'TD', repeatHead)
  }
  table.end()
  sheet.space(PARAGRAPH_GAP + 4)
}

/** Where a column's text stands. */
interface Place {
  readonly x: number
  readonly width: number
}

/** Places columns side by side, from the side where a reader of the table begins. */
function placesOf(shares: readonly number[], { isRightToLeft }: Directions): Place[] {
  let offset = 0
  return shares.map((share) => {
    const width = share * TEXT.width
    const x = isRightToLeft ? TEXT.left + TEXT.width - offset - width : TEXT.left + offset
    offset += width
    return { x: x + PADDING.x, width: width - 2 * PADDING.x }
  })
}

/** A row of a table. */
class Row {
  readonly height: number
  readonly #cells: readonly (Place & { readonly lines: readonly Line[] })[]
  readonly #style: Style
  readonly #isHead: boolean
  readonly #sheet: Sheet

  constructor(
    texts: readonly string[],
    places: readonly Place[],
    style: Style,
    isHead: boolean,
    sheet: Sheet,
  ) {
    this.#cells = places.map((place, column) => {
      const paragraphs = linesOf(texts[column] ?? '', isHead)
      return { ...place, lines: [...sheet.lines(paragraphs, place.width, style)] }
    })
    const longest = this.#cells.reduce((most, { lines }) => Math.max(most, lines.length), 0)
    this.height = longest * style.size * style.leading + 2 * PADDING.y
    this.#style = style
    this.#isHead = isHead
    this.#sheet = sheet
  }

  /**
   * @param table without one the row is decoration
   * @param onNewPage is called when the row goes on on a new page
   */
  typeset(
    table: PDFKit.PDFStructureElement | undefined,
    tag: 'TH' | 'TD',
    onNewPage: () => void = () => {},
  ): void {
    const sheet = this.#sheet
    const row = table && sheet.element(table, 'TR')
    if (this.#isHead) sheet.shade(this.height, SHADE)
    sheet.skip(PADDING.y)
    const columns = this.#cells.map(({ lines, x, width }): Column => {
      return { lines: lines.values(), x, width, tag, element: row && sheet.element(row, tag) }
    })
    sheet.flow(columns, this.#style, () => {
      onNewPage()
      sheet.skip(PADDING.y)
    })
    sheet.skip(PADDING.y)
    sheet.rule(RULE)
    row?.end()
  }
}

function typesetText(
  parent: PDFKit.PDFStructureElement,
  tag: string,
  paragraphs: Iterable<readonly Span[]>,
  style: Style,
  sheet: Sheet,
): void {
  const element = sheet.element(parent, tag)
  const lines = sheet.lines(paragraphs, TEXT.width, style)
  sheet.flow([{ lines, x: TEXT.left, width: TEXT.width, element, tag }], style)
  element.end()
}

/** The lines as they were written, each a paragraph to be broken into those that fit. */
function* linesOf(text: string, isBold = false): Generator<readonly Span[]> {
  for (const line of text.split('\n')) yield spansOf(line, isBold)
}
