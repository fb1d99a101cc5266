import t from 'tap'
import { outlineOf } from '../../documents/outline.js'
import { toPdf } from '../../documents/pdf.js'
import { toWord } from '../../documents/word.js'
import {
  documentOf,
  readPdf,
  squeezed,
  textsOf,
  wordParts,
  wordText,
} from '../fixtures/documents.js'

const MIB = 1024 * 1024

const RICH = documentOf(
  {
    title: 'Coasts of the Aegean',
    purpose: 'First line\nsecond line\n\nSecond paragraph, with https://example.org/data?a=1&b=2.',
    datasets: [
      { name: 'Images', size: '2 TB' },
      { name: 'Interviews', size: '400 GB', licence: 'restricted' },
    ],
    storage: { primary: 'Server', backups: { where: ['Athens; Greece', 'Paris'], daily: true } },
    markup: '<b>&amp; ]]> <?xml?>',
    control: 'a\u0000b\u001bc\u0085d',
    scripts: 'Ελληνικά Русский 数据管理 データ 한국어 → ≥ ∑ ✓',
  },
  { project: 'Aegean' },
)

t.test('a Word file has all that the outline says', async (t) => {
  const outline = outlineOf(RICH)
  const docx = await toWord(outline)
  const text = squeezed(wordText(docx))
  for (const part of textsOf(outline.blocks)) t.ok(text.includes(squeezed(part)), part)
  const document = wordParts(docx)['word/document.xml'] ?? ''
  t.match(document, /<w:pStyle w:val="Title"\/>/)
  t.match(document, /<w:pStyle w:val="Heading1"\/>/)
  t.match(document, /<w:pStyle w:val="Heading2"\/>/)
  t.match(document, /<w:tblHeader\/>/)
  t.match(wordParts(docx)['word/footer1.xml'], /PAGE.* \/ .*NUMPAGES/s)
  t.match(wordParts(docx)['word/_rels/document.xml.rels'], 'https://example.org/data?a=1&amp;b=2')
  const properties = wordParts(docx)['docProps/core.xml']
  t.match(properties, '<dc:title>Coasts of the Aegean</dc:title>')
  t.match(properties, '<dc:creator>Ada Lovelace</dc:creator>')
  t.match(properties, /<dcterms:created[^>]*>2026-11-22T10:00:00/)
})

t.test('a PDF has all that the outline says', async (t) => {
  const outline = outlineOf(RICH)
  const { pages, texts, info, bookmarks } = await readPdf(await toPdf(outline))
  const text = squeezed(texts.map((item) => item.text).join(''))
  for (const part of textsOf(outline.blocks).flatMap((part) => part.split(/\s+/))) {
    t.ok(text.includes(squeezed(part)), part)
  }
  t.match(info, { Title: 'Coasts of the Aegean', Author: 'Ada Lovelace' })
  t.same(
    bookmarks.map((bookmark: { title: string }) => bookmark.title),
    outline.blocks.flatMap((block) =>
      block.kind === 'heading' && block.level === 1 ? [block.text] : [],
    ),
  )
  t.ok(texts.some((item) => item.text === `1 / ${pages}`))
})

t.test('the same plan gives the same files', async (t) => {
  const outline = outlineOf(RICH)
  t.ok(Buffer.from(await toWord(outline)).equals(await toWord(outline)))
  t.ok((await toPdf(outline)).equals(await toPdf(outline)))
})

t.test('text that runs from right to left', async (t) => {
  const outline = outlineOf(
    documentOf({ 'שלום עולם': 'אחד שניים 12 (שלוש) abc', mixed: 'one שתיים three' }),
  )
  const document = wordParts(await toWord(outline))['word/document.xml'] ?? ''
  t.match(document, '<w:bidi/>')
  t.match(document, /<w:rtl\/>/)
  const { texts } = await readPdf(await toPdf(outline))
  const at = (text: string) => texts.find((item) => item.text.includes(text))?.x ?? Number.NaN
  t.ok(at('abc') < at('12'), 'what is read last is on the left')
  t.ok(at('12') < at('אחד'), 'what is read first is on the right')
  t.ok(at('one') < at('שתיים') && at('שתיים') < at('three'), 'in a text that runs to the right')
})

t.test('what no font has is shown as a replacement', async (t) => {
  const { texts } = await readPdf(await toPdf(outlineOf(documentOf({ key: 'a\u{1abcd}b' }))))
  t.ok(texts.some(({ text }) => text.includes('a\ufffdb')))
})

/** Plans that a user could write who means no good, each as large as the server takes. */
const HOSTILE: { readonly [name: string]: { readonly [field: string]: unknown } } = {
  'ten thousand fields': Object.fromEntries(
    Array.from({ length: 10_000 }, (_, index) => [`field ${index}`, `value ${index}`]),
  ),
  'words of 1 MiB': { text: 'lorem ipsum dolor sit amet '.repeat(MIB / 27) },
  'one word of 1 MiB': { text: 'x'.repeat(MIB) },
  'one key of 256 KiB': { ['key '.repeat(MIB / 16)]: { ['k'.repeat(MIB / 8)]: 1 } },
  'marks on one letter': { text: `a${'\u0301'.repeat(MIB / 4)}` },
  'thirty thousand lines': { text: 'a\n'.repeat(30_000) },
  'thirty thousand paragraphs': { text: 'a\n\n'.repeat(30_000) },
  'directions that change at each sign': { text: 'א(\u2067[\u202ea'.repeat(5000) },
  'ten thousand links': { text: 'http://a.b '.repeat(10_000) },
  'a table of 4000 rows': {
    rows: Array.from({ length: 4000 }, (_, a) => ({ a, b: 'text', c: true })),
  },
  'arrays of 99 levels': { deep: JSON.parse(`${'['.repeat(99)}"end"${']'.repeat(99)}`) },
  'nothing but spaces': { text: `a${' '.repeat(MIB)}b` },
  'nothing at all': {},
}

for (const [name, plan] of Object.entries(HOSTILE)) {
  t.test(`hostile: ${name}`, async (t) => {
    const outline = outlineOf(documentOf(plan))
    const characters = (text: string) => squeezed(text).length
    const expected = textsOf(outline.blocks).reduce((sum, text) => sum + characters(text), 0)
    const docx = await toWord(outline)
    t.equal(characters(wordText(docx)), expected)
    t.equal((await toPdf(outline)).subarray(0, 5).toString(), '%PDF-')
  })
}

t.test('all lines stay on the page', async (t) => {
  let deep: { [field: string]: unknown } = { leaf: 'x'.repeat(500) }
  for (let level = 0; level < 99; level++) deep = { [`level${level}`]: deep }
  const rows = [{ a: 'x'.repeat(300), b: '数'.repeat(300) }]
  const { texts } = await readPdf(
    await toPdf(outlineOf(documentOf({ deep, rows, ['k'.repeat(300)]: 'ש'.repeat(300) }))),
  )
  for (const { x, y, width } of texts) {
    if (x < 60 || x + width > 540 || y < 30 || y > 800) t.fail('off the page', { x, y, width })
  }
  t.ok(texts.length > 100)
})
