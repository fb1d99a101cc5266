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
import { hostilePlans, rendersAll } from '../fixtures/hostile.js'

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
  t.match(info, {
    Title: 'Coasts of the Aegean',
    Author: 'Ada Lovelace',
    CreationDate: 'D:20261122100000Z',
  })
  t.same(
    bookmarks,
    outline.blocks.flatMap((block) => (block.kind === 'heading' ? [block.text] : [])),
  )
  t.ok(texts.some((item) => item.text === `1 / ${pages}`))
})

t.test('a PDF is for everybody: PDF/UA, in its language, with headings and links', async (t) => {
  const { info, links, roles, xmp } = await readPdf(
    await toPdf(outlineOf(documentOf({ ...RICH.plan, language: 'el-GR' }))),
  )
  t.match(info, { Language: 'el-GR' })
  t.match(xmp, /pdfuaid:part(>|=")1/)
  t.same(links, ['https://example.org/data?a=1&b=2'])
  for (const role of ['H1', 'H2', 'P', 'L', 'LI', 'Table', 'TH', 'TD', 'Link']) {
    t.ok(roles.has(role), role)
  }
})

t.test('what is said as data is never markup', async (t) => {
  const markup = ['#panic("x")', '$x$', '*b* _i_', '`raw` @ref <label> \\ // /* = head', '#{', '"']
  const { texts } = await readPdf(
    await toPdf(outlineOf(documentOf({ markup, [markup.join()]: 1 }))),
  )
  const text = squeezed(texts.map((item) => item.text).join(''))
  for (const part of markup) t.ok(text.includes(squeezed(part)), part)
})

t.test('the same plan gives the same files', async (t) => {
  const outline = outlineOf(RICH)
  t.ok(Buffer.from(await toWord(outline)).equals(await toWord(outline)))
  t.ok(Buffer.from(await toPdf(outline)).equals(await toPdf(outline)))
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

t.test('each script has its font', async (t) => {
  const scripts = [
    'Ελληνικά Русский',
    'بيانات',
    'נתונים',
    'डेटा',
    'ข้อมูล',
    'მონაცემები',
    'Տվյալներ',
    'መረጃ',
    'তথ্য',
    'தரவு',
    '数据管理',
    'データ',
    '데이터',
    '→ ≥ ∑ ✓ ℝ 😀',
  ]
  const { xmp } = await readPdf(
    await toPdf(outlineOf(documentOf({ scripts, [scripts.join()]: 1 }))),
  )
  // It has no document with a character that no font has.
  t.match(xmp, /pdfuaid:part/)
})

t.test('what no font has stays in the text', async (t) => {
  const { texts, xmp } = await readPdf(await toPdf(outlineOf(documentOf({ key: 'a\u{1abcd}b' }))))
  t.match(texts.map(({ text }) => text).join(''), /a.*b/su)
  t.notMatch(xmp, /pdfuaid/)
})

t.test('the tags of a file give way where they are most of it', async (t) => {
  const vowels = 'بَيَانَاتٌ '.repeat(15_000)
  const pdf = await toPdf(outlineOf(documentOf({ vowels })))
  t.ok(pdf.length < 8 * 1024 * 1024)
  t.equal((await readPdf(pdf)).roles.size, 0)
})

// Whole ones take long: see hostile.long.ts.
for (const [name, plan] of Object.entries(hostilePlans(1 / 16))) {
  t.test(`hostile: a sixteenth of ${name}`, (t) => rendersAll(t, plan))
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
