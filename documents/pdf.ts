import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { NodeCompiler, NodeTypstDocument } from '@myriaddreamin/typst-ts-node-compiler'
import { breakable, type Place } from './breaks.js'
import { isRightToLeft } from './direction.js'
import { familiesFor } from './fonts.js'
import type { Block, Outline } from './outline.js'
import { BUILT, loadPackages } from './packages.js'
import { spansOf } from './text.js'

/** In a larger file the tags are most of it. In bytes. */
const MAX_TAGGED = 8 * 1024 * 1024

/** The names of facts have a fourth of the page's width. */
const NAMES = { columns: 4 }

/**
 * Typesets an outline as a PDF file.
 * @throws PackagesMissing
 */
export async function toPdf(outline: Outline): Promise<Uint8Array> {
  const { typst, fonts } = await loadPackages()
  const workspace = join(BUILT, 'documents')
  const compiler = typst.NodeCompiler.create({
    workspace,
    fontArgs: [{ fontPaths: [join(BUILT, 'fonts'), ...fonts] }],
  })
  const compiled = compiler.compile({
    mainFileContent: await readFile(join(workspace, 'plan.typ'), 'utf8'),
    inputs: { plan: JSON.stringify(dataOf(outline)) },
  })
  if (!compiled.result) {
    const fault = compiled.takeError()
    throw new Error(JSON.stringify(fault ? compiler.fetchDiagnostics(fault) : []))
  }
  return write(compiler, compiled.result, outline.date)
}

function write(compiler: NodeCompiler, document: NodeTypstDocument, date: Date): Uint8Array {
  const options = { creationTimestamp: Math.floor(date.getTime() / 1000) }
  const tagged = () => {
    try {
      return compiler.pdf(document, { ...options, pdfStandard: 'ua-1' })
    } catch {
      // PDF/UA has no document with a character that no font has.
      return compiler.pdf(document, options)
    }
  }
  const pdf = tagged()
  return pdf.length > MAX_TAGGED ? compiler.pdf(document, { ...options, pdfTags: false }) : pdf
}

/** An outline as the template takes it. */
function dataOf({ title, author, language, blocks }: Outline) {
  const { language: code, region } = new Intl.Locale(language)
  return {
    title,
    author,
    language: code,
    region: region ?? null,
    fonts: familiesFor(JSON.stringify(blocks)),
    blocks: blocks.map(dataOfBlock),
  }
}

/** A block as the template takes it: one whose first text runs from right to left does so as a whole. */
function dataOfBlock(block: Block): object {
  const { kind } = block
  if (kind === 'facts') {
    const facts = block.facts.map(({ name, value }) => [inline(name, NAMES), inline(value)])
    return { kind, facts, rtl: isRightToLeft(block.facts[0]?.name ?? '') }
  }
  if (kind === 'list') {
    const items = block.items.map((item) => inline(item))
    return { kind, items, rtl: isRightToLeft(block.items[0] ?? '') }
  }
  if (kind === 'table') {
    const cells = (texts: readonly string[]) =>
      texts.map((text) => inline(text, { columns: texts.length }))
    const columns = cells(block.columns)
    return {
      kind,
      columns,
      rows: block.rows.map(cells),
      rtl: isRightToLeft(block.columns[0] ?? ''),
    }
  }
  return { ...block, text: inline(block.text), rtl: isRightToLeft(block.text) }
}

/** A text as the template takes it: see its `inline`. */
function inline(text: string, place: Place = {}) {
  const spans = spansOf(text).map(({ text, link }) => {
    if (link === undefined) return breakable(text, place)
    return { text: breakable(text, { ...place, isAddress: true }), link }
  })
  const [only] = spans
  const content = spans.length === 1 && typeof only === 'string' ? only : spans
  return isRightToLeft(text) ? { rtl: content } : content
}
