import { deepStrictEqual } from 'node:assert'
import fc from 'fast-check'
import { getNodeValue, parseTree } from 'jsonc-parser'
import t from 'tap'
import { withFields } from '../../seed/layout.js'

const meaningOf = (text: string): unknown => {
  const root = parseTree(text, [], { allowTrailingComma: true })
  return root && getNodeValue(root)
}

const SPREAD = `{
  "posts": [
    { "id": 1, "title": "one", "tags": ["a"] },
    { "id": 2, "title": "two" }
  ],
  "profile": {
    "name": "ada"
  }
}
`

const POSTS = [
  { id: 1, title: 'one', tags: ['a'] },
  { id: 2, title: 'two' },
]

t.test('what stays is as it was, and what comes is written like its neighbour', async (t) => {
  const cases: [string, string, object, string][] = [
    ['nothing changes', SPREAD, { posts: POSTS, profile: { name: 'ada' } }, SPREAD],
    [
      'a record more',
      SPREAD,
      { posts: [...POSTS, { id: 3, title: 'three', tags: ['a', { b: 1 }] }] },
      SPREAD.replace(
        '"two" }',
        '"two" },\n    { "id": 3, "title": "three", "tags": ["a", { "b": 1 }] }',
      ),
    ],
    [
      'a field less, a field more, another value',
      SPREAD,
      { posts: [{ id: 1, title: 'uno', by: null }, POSTS[1]] },
      SPREAD.replace('"one", "tags": ["a"]', '"uno", "by": null'),
    ],
    [
      'the first goes',
      SPREAD,
      { posts: [POSTS[1]] },
      SPREAD.replace('    { "id": 1, "title": "one", "tags": ["a"] },\n', ''),
    ],
    [
      'the last goes',
      SPREAD,
      { posts: [POSTS[0]] },
      SPREAD.replace(',\n    { "id": 2, "title": "two" }', ''),
    ],
    ['all go', '{"a": [1, 2], "b": 1}', { a: [] }, '{"a": [], "b": 1}'],
    [
      'a singular resource',
      SPREAD,
      { profile: { name: 'ada', langs: ['en', 'fr'] } },
      SPREAD.replace('"ada"\n', '"ada",\n    "langs": [\n      "en",\n      "fr"\n    ]\n'),
    ],
    [
      'all on one line',
      '{"a":[{"id":1}]}',
      { a: [{ id: 1 }, { id: 2, b: [] }] },
      '{"a":[{"id":1},{"id":2,"b":[]}]}',
    ],
    [
      'a list that was empty',
      '{\n\t"a": []\n}',
      { a: [{ id: 1 }] },
      '{\n\t"a": [\n\t\t{\n\t\t\t"id": 1\n\t\t}\n\t]\n}',
    ],
    ['in between', '[1]'.replace('[1]', '{"a": [1, 3]}'), { a: [1, 2, 3] }, '{"a": [1, 2, 3]}'],
    ['a part more', '{}', { a: [1] }, '{"a": [1]}'],
    [
      'line breaks of Windows',
      '{\r\n  "a": [\r\n    1\r\n  ]\r\n}',
      { a: [1, 2] },
      '{\r\n  "a": [\r\n    1,\r\n    2\r\n  ]\r\n}',
    ],
    [
      'an escape stays',
      '{"a": ["\\u0041", 1.0]}',
      { a: ['A', 1, 2] },
      '{"a": ["\\u0041", 1.0, 2]}',
    ],
    [
      'comments and a comma at the end',
      '{\n  // ours\n  "a": [\n    1, // one\n    /* two, */ 2,\n  ],\n}',
      { a: [1, 3] },
      '{\n  // ours\n  "a": [\n    1, // one\n    3,\n  ],\n}',
    ],
  ]
  for (const [name, text, fields, expected] of cases) {
    const written = withFields(text, { ...fields })
    t.match(meaningOf(written), fields, name)
    if (name.startsWith('comments')) t.match(written, '// ours')
    else t.equal(written, expected, name)
  }
})

t.test('ids that are not written down come first', async (t) => {
  const before = {
    a: [
      { id: 1, x: 1 },
      { id: 2, x: 1 },
    ],
  }
  const text = '{"a": [{ "x": 1 }, { "x": 1 }]}'
  t.equal(withFields(text, { a: [{ id: 2, x: 1 }] }, 'id', before), '{"a": [{ "id": 2, "x": 1 }]}')
  t.equal(
    withFields('{"a": [{"k": 1, "v": 1}]}', { a: [{ k: 1, v: 2 }] }, 'k'),
    '{"a": [{"k": 1, "v": 2}]}',
  )
})

t.test('the text means what it is to mean, whatever the values', async () => {
  const list = fc.array(
    fc.oneof(
      fc.record({ id: fc.integer({ min: 1, max: 9 }), a: fc.jsonValue({ maxDepth: 2 }) }),
      fc.jsonValue({ maxDepth: 2 }),
    ),
    { maxLength: 6 },
  )
  const data = fc.record({
    posts: list,
    profile: fc.dictionary(fc.string(), fc.jsonValue({ maxDepth: 2 })),
  })
  const indent = fc.constantFrom(undefined, 2, '\t')
  fc.assert(
    fc.property(data, data, indent, (from, to, space) => {
      const text = JSON.stringify(from, null, space)
      const expected = JSON.parse(JSON.stringify(to))
      const written = JSON.parse(withFields(text, expected))
      deepStrictEqual(written, expected)
    }),
    { numRuns: 200, seed: 1 },
  )
})
