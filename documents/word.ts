import {
  AlignmentType,
  BorderStyle,
  Document,
  ExternalHyperlink,
  Footer,
  HeadingLevel as Heading,
  type IParagraphOptions,
  type IRunOptions,
  LevelFormat,
  LineRuleType,
  Packer,
  PageNumber,
  Paragraph,
  ShadingType,
  Table,
  TableCell,
  TableLayoutType,
  TableRow,
  TabStopType,
  TextRun,
  WidthType,
} from 'docx'
import { strFromU8, strToU8, unzipSync, zipSync } from 'fflate'
import { isRightToLeft, stretchesOf } from './direction.js'
import type { Block, Fact, HeadingLevel, Outline } from './outline.js'
import { spansOf } from './text.js'
import { columnShares } from './widths.js'

/** Fonts that readers have. A word processor takes others where one is missing, or lacks a character. */
const FONTS = { ascii: 'Calibri', hAnsi: 'Calibri', cs: 'Arial', eastAsia: 'Microsoft YaHei' }

const INK = '1F2328'
const ACCENT = '1F3864'
const MUTED = '5B6470'
const LINK = '0B57A4'
const RULE = 'C9CED6'
const SHADE = 'EEF1F6'

/** A4 with its margins, in twentieths of a point. */
const PAGE = { width: 11_906, height: 16_838, margin: 1280 }
const TEXT_WIDTH = PAGE.width - 2 * PAGE.margin

/** Where the values of facts begin. */
const NAME_WIDTH = 2800

const BULLETS = 'bullets'

const HEADINGS = {
  1: Heading.HEADING_1,
  2: Heading.HEADING_2,
  3: Heading.HEADING_3,
  4: Heading.HEADING_4,
} as const satisfies { [level in HeadingLevel]: string }

/** Runs of one paragraph. */
const MAX_RUNS = 400

/** ZIP can't tell of a time before. */
const FIRST_ZIP_YEAR = 1980

/** Typesets an outline as a Word file. */
export async function toWord(outline: Outline): Promise<Uint8Array> {
  const document = new Document({
    title: outline.title,
    creator: outline.author,
    lastModifiedBy: outline.author,
    styles: {
      default: {
        document: {
          run: { font: FONTS, size: 21, color: INK, language: { value: outline.language } },
          paragraph: { spacing: { after: 120, line: 276, lineRule: LineRuleType.AUTO } },
        },
        title: {
          run: { font: FONTS, size: 44, bold: true, color: ACCENT },
          paragraph: { spacing: { after: 200, line: 252, lineRule: LineRuleType.AUTO } },
        },
        heading1: headingStyle(30, ACCENT, 360, 100),
        heading2: headingStyle(25, ACCENT, 240, 80),
        heading3: headingStyle(22, INK, 180, 60),
        heading4: headingStyle(21, MUTED, 180, 60),
      },
    },
    numbering: {
      config: [
        {
          reference: BULLETS,
          levels: [
            {
              level: 0,
              format: LevelFormat.BULLET,
              text: '•',
              style: { paragraph: { indent: { start: 400, hanging: 260 } } },
            },
          ],
        },
      ],
    },
    sections: [
      {
        properties: {
          page: {
            size: { width: PAGE.width, height: PAGE.height },
            margin: {
              left: PAGE.margin,
              right: PAGE.margin,
              top: PAGE.margin,
              bottom: PAGE.margin,
            },
          },
        },
        footers: { default: new Footer({ children: [pageNumbers()] }) },
        children: outline.blocks.flatMap(typeset),
      },
    ],
  })
  return withoutChance(await Packer.toBuffer(document), outline)
}

function headingStyle(size: number, color: string, before: number, after: number) {
  return {
    run: { font: FONTS, size, bold: true, color },
    paragraph: { spacing: { before, after }, keepNext: true, keepLines: true },
  }
}

function pageNumbers(): Paragraph {
  const children = [PageNumber.CURRENT, ' / ', PageNumber.TOTAL_PAGES]
  return new Paragraph({
    alignment: AlignmentType.CENTER,
    children: [new TextRun({ children, size: 17, color: MUTED })],
  })
}

function typeset(block: Block): (Paragraph | Table)[] {
  if (block.kind === 'title') return paragraphsOf(block.text, { heading: Heading.TITLE })
  if (block.kind === 'heading') return paragraphsOf(block.text, { heading: HEADINGS[block.level] })
  if (block.kind === 'paragraph') return paragraphsOf(block.text)
  if (block.kind === 'facts') return block.facts.flatMap(factOf)
  if (block.kind === 'list') return block.items.flatMap(itemOf)
  return [tableOf(block.columns, block.rows), gap()]
}

/** A name beside its value. */
function factOf({ name, value }: Fact): Paragraph[] {
  const options = {
    bidirectional: isRightToLeft(name),
    indent: { start: NAME_WIDTH, hanging: NAME_WIDTH },
    tabStops: [{ type: TabStopType.LEFT, position: NAME_WIDTH }],
    spacing: { after: 50 },
  }
  const head = [...runsOf(name, { bold: true }), new TextRun({ text: '\t' })]
  return paragraphsOf(value, options, {}, head)
}

function itemOf(text: string): Paragraph[] {
  return paragraphsOf(text, {
    numbering: { reference: BULLETS, level: 0 },
    spacing: { after: 50 },
  })
}

function tableOf(columns: readonly string[], rows: readonly (readonly string[])[]): Table {
  const widths = columnShares(columns, rows).map((share) => Math.floor(share * TEXT_WIDTH))
  const rule = { style: BorderStyle.SINGLE, size: 4, color: RULE }
  const none = { style: BorderStyle.NONE, size: 0, color: 'auto' }
  return new Table({
    layout: TableLayoutType.FIXED,
    visuallyRightToLeft: isRightToLeft(columns.join(' ')),
    width: { size: TEXT_WIDTH, type: WidthType.DXA },
    columnWidths: widths,
    borders: {
      top: rule,
      bottom: rule,
      left: none,
      right: none,
      insideHorizontal: rule,
      insideVertical: none,
    },
    rows: [
      new TableRow({
        tableHeader: true,
        cantSplit: true,
        children: columns.map((name, column) => cellOf(name, widths[column], true)),
      }),
      ...rows.map(
        (texts) =>
          new TableRow({
            cantSplit: true,
            children: texts.map((text, column) => cellOf(text, widths[column], false)),
          }),
      ),
    ],
  })
}

function cellOf(text: string, width: number | undefined, isHead: boolean): TableCell {
  const style: IRunOptions = isHead ? { bold: true, color: ACCENT, size: 19 } : { size: 19 }
  return new TableCell({
    width: { size: width ?? 0, type: WidthType.DXA },
    margins: { top: 60, bottom: 60, left: 100, right: 100 },
    ...(isHead ? { shading: { type: ShadingType.CLEAR, color: 'auto', fill: SHADE } } : {}),
    children: paragraphsOf(text, { spacing: { after: 0 } }, style),
  })
}

/** Space behind a table, which has none of its own. */
function gap(): Paragraph {
  return new Paragraph({
    spacing: { after: 80, line: 120, lineRule: LineRuleType.AUTO },
    children: [],
  })
}

type Run = TextRun | ExternalHyperlink

/**
 * A text as a paragraph has it, with its lines, its directions and its links. What has very many of them becomes more
 * than one paragraph: to write one takes the library the square of their number.
 * @param head what stands before the text
 */
function paragraphsOf(
  text: string,
  options: IParagraphOptions = {},
  style: IRunOptions = {},
  head: readonly Run[] = [],
): Paragraph[] {
  const groups: Run[][] = [[...head]]
  for (const [index, line] of text.split('\n').entries()) {
    const runs = runsOf(line, style)
    for (let from = 0; from === 0 || from < runs.length; from += MAX_RUNS) {
      const some = runs.slice(from, from + MAX_RUNS)
      const last = groups.at(-1)
      if (from > 0 || !last || last.length + some.length > MAX_RUNS + head.length) groups.push(some)
      else last.push(...(index > 0 ? [new TextRun({ break: 1 })] : []), ...some)
    }
  }
  const bidirectional = isRightToLeft(text)
  return groups.map((children) => new Paragraph({ bidirectional, ...options, children }))
}

/** The runs of one line. */
function runsOf(line: string, style: IRunOptions = {}): Run[] {
  const whole = isRightToLeft(line)
  return spansOf(line).flatMap(({ text, link }): Run[] => {
    if (link === undefined) return directedRuns(text, whole, style)
    const children = directedRuns(text, whole, { ...style, color: LINK, underline: {} })
    return [new ExternalHyperlink({ link, children })]
  })
}

/** Runs of one direction each: a word processor takes the font and the place of signs from it. */
function directedRuns(line: string, whole: boolean, style: IRunOptions): TextRun[] {
  return stretchesOf(line, whole).map(({ text, isRightToLeft: rightToLeft }) => {
    return new TextRun({ ...style, text, ...(rightToLeft ? { rightToLeft } : {}) })
  })
}

/** What the library makes of the clock and of chance, replaced: the same plan gives the same file. */
function withoutChance(data: Uint8Array, { date }: Outline): Uint8Array {
  const files = unzipSync(data)
  const edit = (name: string, change: (text: string) => string) => {
    const file = files[name]
    if (file) files[name] = strToU8(change(strFromU8(file)))
  }
  edit('docProps/core.xml', (text) =>
    text.replace(/(<dcterms:(?:created|modified)\b[^>]*>)[^<]*/g, `$1${date.toISOString()}`),
  )
  const links = new Map<string, string>()
  edit('word/_rels/document.xml.rels', (text) =>
    text.replace(/Id="(rId[^"]{10,})"/g, (_, id: string) => {
      const name = `link${links.size + 1}`
      links.set(id, name)
      return `Id="${name}"`
    }),
  )
  edit('word/document.xml', (text) =>
    text.replace(/(<w:hyperlink\b[^>]*r:id=")([^"]*)/g, (_, tag: string, id: string) => {
      return tag + (links.get(id) ?? id)
    }),
  )
  return zipSync(files, { mtime: new Date(FIRST_ZIP_YEAR, 0, 1) })
}
