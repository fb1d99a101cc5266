import t, { type Test } from 'tap'
import { SeedError, type SeedFault } from '../../seed/errors.js'
import { seedError } from '../../seed/faults.js'
import { readData } from '../../seed/read.js'

/** What a file of this name and content holds. */
function read(t: Test, name: string, text: string): Promise<{ data: unknown }> {
  // Without the other file `.js` would be what it is in this package: a module.
  const folder = t.testdir({ [name]: text, 'package.json': '{}' })
  return readData(`${folder}/${name}`)
}

/** Its only fault. */
async function faultOf(t: Test, name: string, text: string): Promise<SeedFault | undefined> {
  try {
    await read(t, name, text)
    t.fail(`${text} has been read`)
    return undefined
  } catch (error) {
    if (!(error instanceof SeedError)) throw error
    t.equal(error.faults.length, 1)
    return error.faults[0]
  }
}

const POSTS = { posts: [{ id: 1, title: 'a // b' }, { id: 2 }] }

t.test('every format holds the same', async (t) => {
  const json = JSON.stringify(POSTS)
  const table: readonly [string, string][] = [
    ['db.json', json],
    ['db', json],
    ['db.JSON', `\uFEFF${json}`],
    ['db.jsonc', json],
    [
      'db.jsonc',
      `// one\r\n{ /* two\n */ "posts": [ { "id": 1, "title": "a // b" /* , */, }, {"id": 2} // }\n , /**/ ], }//`,
    ],
    ['db.json5', `{ posts: [{ id: +1, title: 'a // b', }, { id: 0x2 /* two */ }], }`],
    ['db.mjs', `export default ${json}`],
    ['db.mjs', `export default () => (${json})`],
    ['db.mjs', `const posts = await Promise.resolve(${json}.posts)\nexport default { posts }`],
    ['db.js', `export default async () => { await new Promise(setImmediate); return (${json}) }`],
    ['db.js', `module.exports = () => (${json})`],
    ['db.cjs', `module.exports = ${json}`],
  ]
  for (const [index, [name, text]] of table.entries()) {
    await t.test(`${index} ${text}`, async (t) => {
      t.strictSame((await read(t, name, text)).data, POSTS)
    })
  }
})

t.test('a program gives what JSON has of its values', async (t) => {
  const text = `
    export default {
      posts: [{ at: new Date(0), none: undefined, run() {}, nan: NaN, list: [undefined], map: new Map() }],
    }`
  t.strictSame((await read(t, 'db.mjs', text)).data, {
    posts: [{ at: '1970-01-01T00:00:00.000Z', nan: null, list: [null], map: {} }],
  })
})

t.test('names that are none of JavaScript’s', async (t) => {
  for (const [name, text] of [
    ['db.json', '{"__proto__": {"polluted": 1}, "a": 1, "a": {"__proto__": {"polluted": 2}}}'],
    ['db.jsonc', '{"__proto__": {"polluted": 1}, "a": 1, "a": {"__proto__": {"polluted": 2,},},}'],
    ['db.json5', '{__proto__: {polluted: 1}, a: 1, a: {__proto__: {polluted: 2}}}'],
  ] as const) {
    await t.test(name, async (t) => {
      const { data } = await read(t, name, text)
      t.equal(JSON.stringify(data), '{"__proto__":{"polluted":1},"a":{"__proto__":{"polluted":2}}}')
      t.notOk('polluted' in Object(data))
      t.notOk('polluted' in {})
    })
  }
})

t.test('faults have their places, where anybody knows them', async (t) => {
  const table: readonly [string, string, object][] = [
    ['db.json', '{"a": 1,}', { message: /one too many$/, line: 1, column: 9 }],
    ['db.json', '{} // a', { message: 'not valid JSON: JSON has no comments', line: 1, column: 4 }],
    ['db.jsonc', '{\n // a\n "a": 1,,}', { message: /^not valid JSON: /, line: 3, column: 9 }],
    ['db.jsonc', '{\n "a": [,] }', { message: /^not valid JSON: a value/, line: 2, column: 8 }],
    ['db.jsonc', '{\n "a": {,} }', { message: /^not valid JSON: a value/, line: 2, column: 8 }],
    ['db.jsonc', '{\n "a": /* }', { message: /^not valid JSON: / }],
    ['db.jsonc', '['.repeat(100_000), { message: 'not valid JSON: nested too deeply' }],
    ['db.jsonc', '', { message: /^not valid JSON: / }],
    [
      'db.json5',
      '{\n a: ]}',
      { message: "not valid JSON5: invalid character ']'", line: 2, column: 5 },
    ],
    ['db.json5', '{a: "', { message: 'not valid JSON5: invalid end of input' }],
    ['db.json5', '', { message: 'not valid JSON5: invalid end of input' }],
    [
      'db.mjs',
      'export default {\n a: 1,\n b: }',
      { message: "not valid JavaScript: Unexpected token '}'", line: 3, column: 5 },
    ],
    [
      'db.cjs',
      'module.exports = {\n a: 1,\n b: }',
      { message: "not valid JavaScript: Unexpected token '}'", line: 3, column: 5 },
    ],
    [
      'db.mjs',
      'export default () => {\n throw new RangeError("too\\nmany")\n}',
      { message: 'throws RangeError: too', line: 2, column: 8 },
    ],
    [
      'db.mjs',
      'await null\nnull.x',
      { message: /^throws TypeError: Cannot read/, line: 2, column: 6 },
    ],
    ['db.cjs', '\nnull.x', { message: /^throws TypeError: Cannot read/, line: 2, column: 6 }],
    [
      'db.mjs',
      'export default async () => Promise.reject({ a: 1n })',
      { message: 'throws { a: 1n }' },
    ],
    ['db.mjs', 'throw undefined', { message: 'throws undefined' }],
    ['db.mjs', 'import "nowhere-to-be-found"', { message: /^throws Error: Cannot find package/ }],
    ['db.mjs', 'export const posts = []', { message: /^gives no data: its default export/ }],
    ['db.mjs', 'export default () => {}', { message: /^gives no data: / }],
    ['db.mjs', 'export default 5', { message: /^gives 5, and not an object/ }],
    ['db.mjs', 'export default [{}]', { message: /^gives \[ {} \], and not an object/ }],
    ['db.mjs', 'export default null', { message: /^gives null, and not an object/ }],
    [
      'db.mjs',
      'export default { a: 1n }',
      { message: "can't be written as JSON (Do not know how to serialize a BigInt)" },
    ],
    [
      'db.mjs',
      'const a = {}; a.a = a; export default a',
      { message: /^can't be written as JSON \(Converting circular structure/ },
    ],
  ]
  for (const [index, [name, text, fault]] of table.entries()) {
    // A program is run once: each has a folder of its own.
    await t.test(`${index} ${text.slice(0, 60)}`, async (t) => {
      t.match(await faultOf(t, name, text), fault)
    })
  }
  for (const name of ['db.json', 'db.mjs', 'db.json5']) {
    await t.rejects(readData(`${t.testdirName}/nowhere/${name}`), {
      message: /: can't be read \(no such file\)$/,
    })
  }
})

t.test('a place is found among comments', async (t) => {
  const text = '{\n // "a"\n "a": /* 1 */ [1,\n 2, // two\n ], }'
  const error = await seedError({ name: 'db.jsonc', text }, [{ path: '/a/1', message: 'is 2' }])
  t.equal(error.message, 'db.jsonc:4:2: /a/1: is 2')
})

t.test('a file that is not there is told, with a name that is near', async (t) => {
  const folder = t.testdir({ 'db.json': '{}', 'much longer.json': '{}' })
  const messages: [string, string][] = [
    ['bd.json', `can't be read (no such file); did you mean "db.json"?`],
    ['db.jsn', `can't be read (no such file); did you mean "db.json"?`],
    ['other.json', "can't be read (no such file)"],
    ['none/db.json', "can't be read (no such file)"],
  ]
  for (const [name, message] of messages) {
    const file = `${folder}/${name}`
    await t.rejects(readData(file), { name: 'SeedError', message: `${file}: ${message}` })
  }
})
