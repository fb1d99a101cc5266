import fc from 'fast-check'
import t from 'tap'
import { labelOf } from '../../documents/labels.js'
import { type Block, outlineOf } from '../../documents/outline.js'
import { cleanText, spansOf } from '../../documents/text.js'
import { documentOf, textsOf } from '../fixtures/documents.js'

/** The blocks behind the title and what is said of the document. */
function bodyOf(plan: { readonly [field: string]: unknown }): readonly Block[] {
  return outlineOf(documentOf(plan)).blocks.slice(2)
}

function headingsOf(plan: { readonly [field: string]: unknown }): string[] {
  return bodyOf(plan).flatMap((block) => (block.kind === 'heading' ? [block.text] : []))
}

t.test('a document begins with its title and where it comes from', async (t) => {
  const facts = [
    { name: 'Project', value: 'Aegean' },
    { name: 'Author', value: 'Ada Lovelace' },
    { name: 'Date', value: '22 November 2026' },
  ]
  t.same(outlineOf(documentOf({ title: 'Coasts' }, { project: 'Aegean' })), {
    title: 'Coasts',
    author: 'Ada Lovelace',
    date: new Date('2026-11-22T10:00:00Z'),
    language: 'en',
    blocks: [
      { kind: 'title', text: 'Coasts' },
      { kind: 'facts', facts },
    ],
  })
  t.same(outlineOf(documentOf({})).blocks[1], { kind: 'facts', facts: facts.slice(1) })
})

t.test('the title is the plan’s, where it has one that can be one', async (t) => {
  const titleOf = (plan: { readonly [field: string]: unknown }) => outlineOf(documentOf(plan)).title
  t.equal(titleOf({ name: 'Named' }), 'Named')
  t.equal(titleOf({ title: 'Titled', name: 'Named' }), 'Titled')
  for (const title of ['', '  ', 7, null, ['a'], 'x'.repeat(1000)]) {
    t.equal(titleOf({ title }), 'Data management plan')
    t.same(headingsOf({ title }), ['Title'])
  }
})

t.test('topics come in the order of a funder, then the others', async (t) => {
  const plan = {
    zebra: 1,
    costs: 1,
    responsibilities: 1,
    ethics: 1,
    preservation: 1,
    licence: 1,
    dataSharing: 1,
    storage: 1,
    dataReuse: 1,
    fair: 1,
    metadata: 1,
    data_collection: 1,
    volume: 1,
    origin: 1,
    formats: 1,
    types: 1,
    data: 1,
    description: 1,
    purpose: 1,
    'Project name': 1,
    apple: 1,
  }
  t.same(headingsOf(plan), [
    'Project name',
    'Purpose',
    'Description',
    'Data',
    'Types',
    'Formats',
    'Origin',
    'Volume',
    'Data collection',
    'Metadata',
    'FAIR',
    'Data re-use',
    'Storage',
    'Data sharing',
    'Licence',
    'Preservation',
    'Ethics',
    'Responsibilities',
    'Costs',
    'Zebra',
    'Apple',
  ])
})

t.test('a key is written as a heading', async (t) => {
  for (const [key, label] of [
    ['principal_investigator', 'Principal investigator'],
    ['principalInvestigator', 'Principal investigator'],
    ['PrincipalInvestigator', 'Principal investigator'],
    ['data_reuse', 'Data re-use'],
    ['dataReuse', 'Data re-use'],
    ['Data re-use', 'Data re-use'],
    ['license', 'License'],
    ['orcid', 'ORCID'],
    ['sizeInGB', 'Size in GB'],
    ['Who pays for it?', 'Who pays for it?'],
    ['数据', '数据'],
    ['toString', 'To string'],
    ['', '(unnamed)'],
    [' ', '(unnamed)'],
    ['__', '__'],
  ] as const) {
    t.equal(labelOf(key), label)
  }
})

t.test('each kind of value has its kind of block', async (t) => {
  const cases: [unknown, readonly Block[]][] = [
    ['text', [{ kind: 'paragraph', text: 'text' }]],
    [
      'one\ntwo\r\n\r\nthree',
      [
        { kind: 'paragraph', text: 'one\ntwo' },
        { kind: 'paragraph', text: 'three' },
      ],
    ],
    [7.5, [{ kind: 'paragraph', text: '7.5' }]],
    [true, [{ kind: 'paragraph', text: 'Yes' }]],
    [false, [{ kind: 'paragraph', text: 'No' }]],
    ...[null, '', '\n', [], {}].map((value): [unknown, readonly Block[]] => {
      return [value, [{ kind: 'paragraph', text: '—' }]]
    }),
    [['a', 2, null], [{ kind: 'list', items: ['a', '2', '—'] }]],
    [
      [
        [1, 2],
        [3, 4],
      ],
      [{ kind: 'list', items: ['1; 2', '3; 4'] }],
    ],
    [
      [{ a: 1, b: ['x', 'y'] }, { c: { d: 1, e: 2 } }],
      [
        {
          kind: 'table',
          columns: ['A', 'B', 'C'],
          rows: [
            ['1', 'x; y', ''],
            ['', '', 'D: 1\nE: 2'],
          ],
        },
      ],
    ],
    [
      { inner: { x: 1 }, plain: 'p' },
      [
        { kind: 'facts', facts: [{ name: 'Plain', value: 'p' }] },
        { kind: 'heading', level: 2, text: 'Inner' },
        { kind: 'facts', facts: [{ name: 'X', value: '1' }] },
      ],
    ],
    [
      ['a', { name: 'Named', list: ['b; c', 'd'] }],
      [
        { kind: 'facts', facts: [{ name: 'Item 1', value: 'a' }] },
        { kind: 'heading', level: 2, text: '2. Named' },
        { kind: 'facts', facts: [{ name: 'Name', value: 'Named' }] },
        { kind: 'heading', level: 3, text: 'List' },
        { kind: 'list', items: ['b; c', 'd'] },
      ],
    ],
  ]
  for (const [value, blocks] of cases) t.same(bodyOf({ key: value }).slice(1), blocks)
})

t.test('a table that nobody could read is written out', async (t) => {
  const wide = Object.fromEntries('abcdefgh'.split('').map((key) => [key, key]))
  t.notOk(bodyOf({ wide: [wide] }).some(({ kind }) => kind === 'table'))
  t.notOk(bodyOf({ long: [{ a: 'x'.repeat(500) }] }).some(({ kind }) => kind === 'table'))
})

t.test('deep headings tell where they stand, and no more the deeper they are', async (t) => {
  let plan: { [field: string]: unknown } = { leaf: 'bottom' }
  for (let level = 100; level > 0; level--) plan = { [`level${level}${'x'.repeat(500)}`]: plan }
  const headings = headingsOf(plan)
  t.equal(headings.length, 100)
  t.match(headings.at(-1), /^… › Level98x+… › Level99x+… › Level100x{500}$/)
  t.ok(headings.every((heading) => heading.length < 700))
  t.same(textsOf(bodyOf(plan)).at(-1), 'bottom')
})

t.test('fields are called like what every object has', async (t) => {
  const plan = JSON.parse(
    '{ "toString": "a", "constructor": { "hasOwnProperty": "b" }, "__proto__": { "x": "c" }, "": "d" }',
  )
  const texts = textsOf(bodyOf(plan))
  for (const leaf of ['a', 'b', 'c', 'd']) t.ok(texts.includes(leaf))
  t.same(bodyOf({ rows: [{ toString: 1 }, { constructor: 2 }] })[1], {
    kind: 'table',
    columns: ['To string', 'Constructor'],
    rows: [
      ['1', ''],
      ['', '2'],
    ],
  })
})

t.test('no control character is left, and each can be seen', async (t) => {
  t.equal(cleanText('a\u0000b\u001bc\u007fd\u009fe\uffff'), 'a␀b␛c␡d\ufffde\ufffd')
  t.equal(cleanText('a\rb\r\nc\u2028d\te'), 'a\nb\nc\nd    e')
  t.equal(cleanText('lone \ud800 half'), 'lone \ufffd half')
  t.equal(cleanText('👩‍🔬 e\u0301 \u200f'), '👩‍🔬 e\u0301 \u200f')
})

t.test('web addresses are found without what follows them', async (t) => {
  const linksOf = (text: string) => spansOf(text).flatMap(({ link }) => link ?? [])
  t.same(linksOf('See https://a.org/b?c=d#e. (http://x.y/z_(q)) <https://t.u/>'), [
    'https://a.org/b?c=d#e',
    'http://x.y/z_(q)',
    'https://t.u/',
  ])
  t.same(linksOf('javascript:alert(1) https:// ftp://a.b'), [])
  fc.assert(
    fc.property(fc.string(), (text) => {
      return (
        spansOf(text)
          .map((span) => span.text)
          .join('') === text
      )
    }),
  )
})

t.test('nothing of a plan is missing', async (t) => {
  const leaf = fc.oneof(
    fc.string({ unit: 'grapheme' }),
    fc.double({ noNaN: true, noDefaultInfinity: true }),
    fc.boolean(),
    fc.constant(null),
  )
  const { value } = fc.letrec((tie) => ({
    value: fc.oneof(
      { depthSize: 'medium', withCrossShrink: true },
      leaf,
      tie('array'),
      tie('object'),
    ),
    array: fc.array(tie('value'), { maxLength: 5 }),
    object: fc.dictionary(fc.string(), tie('value'), { maxKeys: 8 }),
  }))
  const wordsOf = (text: string) => cleanText(text).split(/\s+/)
  const expected = (value: unknown): string[] => {
    if (typeof value === 'boolean') return [value ? 'Yes' : 'No']
    if (typeof value === 'string' || typeof value === 'number') return wordsOf(String(value))
    if (Array.isArray(value)) return value.flatMap(expected)
    if (value === null || typeof value !== 'object') return []
    return Object.entries(value).flatMap(([key, item]) => {
      return [...wordsOf(labelOf(key)), ...expected(item)]
    })
  }
  fc.assert(
    fc.property(fc.dictionary(fc.string(), value), (plan) => {
      // A title of its own, so that none of the fields becomes it.
      const { title: _, ...fields } = plan
      const text = textsOf(bodyOf({ ...fields, title: 'Title' })).join('\n')
      return expected(fields).every((word) => text.includes(word))
    }),
    { numRuns: 300 },
  )
  t.pass()
})
