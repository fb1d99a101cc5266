import { Ajv2020 } from 'ajv/dist/2020.js'
import addFormats from 'ajv-formats'
import fc from 'fast-check'
import t from 'tap'
import { Shape } from '../../seed/shape.js'
import type { FreeForm } from '../../store/free-form.js'

const ID = '4f0c2a5e-9d1b-4c3a-8e7f-0123456789ab'

/** A record under names that a literal can't have. */
function parsed(text: string): FreeForm {
  return JSON.parse(text)
}

/** What the schema says of the field `f`, when these are its values. */
function fieldSchema(...values: readonly unknown[]): unknown {
  const { properties } = Shape.of(values.map((f) => ({ f }))).toSchema()
  return JSON.parse(JSON.stringify(properties.f))
}

t.test('types', async (t) => {
  const table: readonly [readonly unknown[], object][] = [
    [[1, 2], { type: 'integer' }],
    [[1, -0, 1e15], { type: 'integer' }],
    [[1, 2.5], { type: 'number' }],
    [[2.5, 1], { type: 'number' }],
    // No language has a whole number of that size.
    [[1e19], { type: 'number' }],
    [['a'], { type: 'string' }],
    [[true, false], { type: 'boolean' }],
    [[null], { type: 'null' }],
    [['a', null], { type: ['string', 'null'] }],
    [[null, 1, 'a', 1.5], { type: ['string', 'number', 'null'] }],
    [[[]], { type: 'array' }],
    [[[], [1, 2], ['a']], { type: 'array', items: { type: ['string', 'integer'] } }],
    [[[[1], []]], { type: 'array', items: { type: 'array', items: { type: 'integer' } } }],
    [[{}], { type: 'object', additionalProperties: true }],
    [
      [{ a: 1, b: 'x' }, { a: 2 }],
      {
        type: 'object',
        properties: { a: { type: 'integer' }, b: { type: 'string' } },
        required: ['a'],
        additionalProperties: true,
      },
    ],
    [
      [1, { a: 1 }, [true], {}],
      {
        type: ['integer', 'object', 'array'],
        properties: { a: { type: 'integer' } },
        additionalProperties: true,
        items: { type: 'boolean' },
      },
    ],
  ]
  for (const [values, schema] of table) {
    t.same(fieldSchema(...values), schema, JSON.stringify(values))
  }
})

t.test('formats', async (t) => {
  const table: readonly [readonly unknown[], string | undefined][] = [
    [['2026-01-31T12:00:00Z', '2026-01-31T12:00:00.123456+02:00'], 'date-time'],
    [['2026-01-31 12:00:00Z'], undefined],
    [['2026-01-31T12:00:00'], undefined],
    [['2026-01-31T12:00:00+0200'], undefined],
    [['2026-13-31T12:00:00Z'], undefined],
    [['2026-01-31', '2024-02-29'], 'date'],
    [['2026-02-29'], undefined],
    [['2026-01-31', '2026-01-31T12:00:00Z'], undefined],
    [['ada@example.com', 'a.b+c@sub.example.org'], 'email'],
    [['ada@localhost'], undefined],
    [['Ada <ada@example.com>'], undefined],
    [['https://example.com/a?b=c#d', 'mailto:ada@example.com', 'urn:isbn:0451450523'], 'uri'],
    [['http://localhost:3000', 'http://[::1]/'], 'uri'],
    [['localhost:3000'], undefined],
    [['http://example.com/a b'], undefined],
    [['//example.com/a'], undefined],
    [[`http://example.com/${'a'.repeat(3_000)}`], undefined],
    [[ID, ID.toUpperCase()], 'uuid'],
    [[`urn:uuid:${ID}`], 'uri'],
    [[ID, 'x'], undefined],
    [['x', ID], undefined],
    [['', ID], undefined],
  ]
  for (const [values, format] of table) {
    const schema = format === undefined ? { type: 'string' } : { type: 'string', format }
    t.same(fieldSchema(...values), schema, JSON.stringify(values).slice(0, 80))
  }
  t.same(fieldSchema(null, ID), { type: ['string', 'null'], format: 'uuid' })
  t.same(fieldSchema(ID, 7), { type: ['string', 'integer'] })
  t.same(fieldSchema([ID]), { type: 'array', items: { type: 'string', format: 'uuid' } })
})

t.test('a record that is no other than those before widens nothing', async (t) => {
  const shape = Shape.of([
    { id: 1, tags: ['a'], author: { name: 'Ada', site: null }, views: 1.5 },
    { id: 2, tags: [], author: { name: 'Bob', site: 'https://example.com' }, views: 2 },
  ])
  const before = JSON.stringify(shape.toSchema())
  const record = { views: 7, author: { site: 'http://example.org', name: '' }, tags: ['', 'c'] }
  t.same(shape.observe({ id: 3, ...record }), [])
  t.equal(JSON.stringify(shape.toSchema()), before)
})

t.test('says what a record has widened', async (t) => {
  const first = { id: 1, at: '2026-01-31', tags: [], author: { name: 'Ada' }, 'a/b~': 1 }
  const table: readonly [FreeForm, readonly object[]][] = [
    [{ ...first, extra: null }, [{ path: '/extra', change: 'new field', types: ['null'] }]],
    [{ ...first, id: 'x' }, [{ path: '/id', change: 'type', types: ['string', 'integer'] }]],
    [{ ...first, id: 1.5 }, [{ path: '/id', change: 'type', types: ['number'] }]],
    [{ ...first, at: 'now' }, [{ path: '/at', change: 'format' }]],
    [{ ...first, tags: [{ a: 1 }] }, [{ path: '/tags/*', change: 'new field', types: ['object'] }]],
    [
      { ...first, author: { age: 1 } },
      [
        { path: '/author/age', change: 'new field', types: ['integer'] },
        { path: '/author/name', change: 'optional' },
      ],
    ],
    // Said once, and not of each field within.
    [
      { ...first, 'a/b~': { x: { y: 1 } } },
      [{ path: '/a~1b~0', change: 'type', types: ['integer', 'object'] }],
    ],
  ]
  for (const [record, widenings] of table) {
    const shape = Shape.of([first])
    t.same(shape.observe(record), widenings)
    t.same(shape.observe(record), [])
    t.same(shape.observe(first), [])
  }
})

t.test('of an empty collection nothing is known until its first record', async (t) => {
  const shape = Shape.of([])
  t.equal(JSON.stringify(shape.toSchema()), '{"type":"object","additionalProperties":true}')
  t.same(shape.observe({ id: 1, undefined }), [
    { path: '/id', change: 'new field', types: ['integer'] },
  ])
  t.match(shape.toSchema(), { properties: { id: { type: 'integer' } }, required: ['id'] })
})

t.test('finds fields, through objects and arrays', async (t) => {
  const shape = Shape.of([
    parsed(`{"id":"${ID}","tags":["a"],"none":[],"list":[{"a":{"b":1}}],"0":{"x":1},"":{"":2},
      "__proto__":{"polluted":1},"constructor":{"prototype":1}}`),
  ])
  const paths: readonly [string, boolean][] = [
    ['id', true],
    ['id.length', false],
    ['tags.0', true],
    ['tags.*', true],
    ['tags.x', false],
    ['tags.-1', false],
    ['tags.length', false],
    ['none.0', false],
    ['list.7.a.b', true],
    ['list.7.a.c', false],
    ['0.x', true],
    ['', true],
    ['.', true],
    ['__proto__', true],
    ['__proto__.polluted', true],
    ['constructor.prototype', true],
    ['toString', false],
    ['hasOwnProperty', false],
  ]
  for (const [path, isThere] of paths) t.equal(shape.has(path.split('.')), isThere, path)
  t.ok(shape.has([]))
  t.same(shape.typesAt(['id']), { types: ['string'], format: 'uuid' })
  t.same(shape.typesAt(['tags', '0']), { types: ['string'] })
  t.equal(shape.typesAt(['toString']), undefined)
})

t.test('names that every object has are seen, and not in the schema', async (t) => {
  const records = [
    parsed('{"__proto__":1,"constructor":"a","toString":[],"":1,"a":{"valueOf":1}}'),
    { a: {} },
  ]
  const schema = Shape.of(records).toSchema()
  t.strictSame(Object.keys(schema.properties), ['', 'a'])
  t.strictSame(Object.keys(schema.properties.a), ['type', 'additionalProperties'])
  const validate = new Ajv2020().compile(schema)
  for (const record of records) t.ok(validate(record))
  t.notOk('polluted' in {})
})

/** An object with so many fields, all of which begin alike. */
function wide(count: number, name = 'f'): FreeForm {
  return Object.fromEntries(Array.from({ length: count }, (_, index) => [`${name}${index}`, index]))
}

t.test('what grows has an end', async (t) => {
  t.test('fields of one object', async (t) => {
    const shape = Shape.of([{ id: 1, ...wide(10_000) }])
    const { properties, required, additionalProperties } = shape.toSchema()
    t.equal(Object.keys(properties).length, 100)
    t.equal(required.length, 100)
    t.ok(additionalProperties)
    t.same(shape.typesAt(['id']), { types: ['integer'] })
    t.equal(shape.typesAt(['f9999']), undefined)
    t.ok(shape.has(['f9999', 'x']))
    t.same(shape.observe({ id: 2, ...wide(10_000, 'g') }).at(-1), {
      path: '/f98',
      change: 'optional',
    })
    t.strictSame(Object.keys(shape.toSchema().properties), Object.keys(properties))
  })
  t.test('a dictionary keeps what all have', async (t) => {
    const shape = new Shape()
    const changes = Array.from({ length: 200 }, (_, index) =>
      shape.observe({ id: index, scores: { total: 1, ...wide(5, `user${index}-`) } }),
    )
    t.same(
      changes.flat().filter(({ change }) => change === 'open'),
      [{ path: '/scores', change: 'open' }],
    )
    t.same(changes.at(-1), [])
    t.strictSame(Object.keys(shape.toSchema().properties.scores.properties), ['total'])
    t.ok(shape.has(['scores', 'user199-4']))
  })
  t.test('depth', async (t) => {
    const text = `${'{"a":['.repeat(60)}1${']}'.repeat(60)}`
    const shape = Shape.of([parsed(text)])
    t.same(shape.observe(parsed(text.replace('1', '"x"'))), [])
    t.ok(JSON.stringify(shape.toSchema()).length < 2_000)
    t.ok(shape.has(Array.from({ length: 80 }, (_, index) => (index % 2 === 0 ? 'a' : '0'))))
  })
  t.test('places in all, also when some are free again', async (t) => {
    const shape = new Shape()
    for (let index = 0; index < 100; index++) {
      shape.observe({ [`part${index}`]: wide(900), list: [index] })
      shape.observe({ [`part${index}`]: wide(900, 'g'), late: [] })
    }
    t.ok(JSON.stringify(shape.toSchema()).length < 500_000)
    shape.observe({ late: [1] })
    for (let index = 0; index < 50; index++) shape.observe(wide(1, `new${index}`))
    shape.observe({ late: ['a'] })
    const validate = new Ajv2020({ allowUnionTypes: true }).compile(shape.toSchema())
    t.ok(validate({ late: [1] }))
    t.ok(validate({ late: ['a'] }))
  })
  t.test('names', async (t) => {
    const shape = Shape.of([{ id: 1, ['x'.repeat(100_000)]: 1 }])
    t.strictSame(Object.keys(shape.toSchema().properties), ['id'])
    t.ok(shape.has(['x'.repeat(100_000)]))
  })
})

const names = fc.constantFrom('id', 'a', 'b', '', '0', '__proto__', 'constructor', 'toString', 'é')
const texts = fc.oneof(
  fc.constantFrom(ID, '2026-01-31', '2026-01-31T23:59:60Z', '2026-01-31T12:00:00Z', 'a:b', ''),
  fc.emailAddress(),
  fc.webUrl({ withFragments: true, withQueryParameters: true }),
  fc.ipV6().map((address) => `http://[${address}]/`),
  fc.uuid(),
  fc.date({ noInvalidDate: true }).map((date) => date.toISOString()),
  fc.string({ unit: 'binary', maxLength: 5 }),
)
const { value: values } = fc.letrec((tie) => ({
  value: fc.oneof(
    { maxDepth: 4, withCrossShrink: true },
    fc.constantFrom(null, true, 0, 1.5, 1e300, 2 ** 53),
    texts,
    fc.array(tie('value'), { maxLength: 3 }),
    fc.dictionary(names, tie('value'), { maxKeys: 4 }),
  ),
}))
const records = fc.dictionary(names, values, { maxKeys: 5 })

t.test('every record fits that was seen, and so does each that follows', async () => {
  const ajv = addFormats.default(new Ajv2020({ allowUnionTypes: true }))
  fc.assert(
    fc.property(fc.array(records, { minLength: 1, maxLength: 8 }), (made) => {
      // As they come: some of fast-check's have no prototype.
      const all: readonly FreeForm[] = JSON.parse(JSON.stringify(made))
      const shape = new Shape()
      let text = JSON.stringify(shape.toSchema())
      for (const record of all) {
        const widenings = shape.observe(record)
        const before = text
        text = JSON.stringify(shape.toSchema())
        if (widenings.length === 0 && text !== before) throw new Error('widened in silence')
        if (shape.observe(record).length > 0) throw new Error('widened by what it knows')
      }
      // As the document has it.
      const validate = ajv.compile(JSON.parse(text))
      const misfit = all.find((record) => !validate(record))
      if (misfit) throw new Error(`${JSON.stringify(misfit)} doesn't fit ${text}`)
    }),
    { numRuns: 500 },
  )
})

t.test('what fits widens nothing, and what a copy learns the original does not know', async () => {
  fc.assert(
    fc.property(fc.array(records, { minLength: 1, maxLength: 8 }), (made) => {
      const all: readonly FreeForm[] = JSON.parse(JSON.stringify(made))
      const shape = new Shape()
      for (const [index, record] of all.entries()) {
        const copy = shape.copy()
        const before = JSON.stringify(shape.toSchema())
        const isFit = shape.fits(record)
        const widenings = copy.observe(record)
        // The first says what all have, even where it has nothing.
        if (index > 0 && isFit !== (widenings.length === 0)) throw new Error(`fits: ${isFit}`)
        if (isFit && JSON.stringify(copy.toSchema()) !== before) throw new Error('widened')
        if (!copy.fits(record)) throw new Error('what was seen does not fit')
        if (JSON.stringify(shape.toSchema()) !== before) throw new Error('the original has learnt')
        // The same from the same on.
        if (JSON.stringify(shape.observe(record)) !== JSON.stringify(widenings)) {
          throw new Error('the copy was another')
        }
      }
    }),
    { numRuns: 500 },
  )
})

t.test('a copy has as much room left as its original, and opens like it', async (t) => {
  const full = Shape.of([{ id: 1, ...wide(3_000) }])
  const parts = Array.from({ length: 12 }, (_, index) => ({ [`part${index}`]: wide(900) }))
  const shape = Shape.of(parts)
  for (const each of [full, shape, full.copy().copy(), shape.copy()]) {
    const copy = each.copy()
    for (const record of [{ id: 2, new: wide(990, 'h') }, { late: [1] }, { late: [{ a: 1 }] }]) {
      t.same(copy.observe(record), each.observe(record))
      t.ok(copy.fits(record))
      t.same(copy.toSchema(), each.toSchema())
      t.equal(copy.has(['unknown']), each.has(['unknown']))
    }
  }
  t.notOk(
    Shape.of([{ id: 1 }]).fits({ id: 1, ['x'.repeat(201)]: 1 }),
    'there are others, from then on',
  )
  t.notOk(new Shape().fits({}), 'the first says what all have')
})
