import fc from 'fast-check'
import t from 'tap'
import { TextSearch } from '../../../store/memory/text-search.js'

t.test('finds what a look at each text finds', async (t) => {
  const text = fc.string({ unit: fc.constantFrom(...'aAbBİß\n'), maxLength: 6 })
  fc.assert(
    fc.property(fc.array(fc.record({ text }), { maxLength: 40 }), text, (chunk, needle) => {
      const search = new TextSearch<{ text: string }>((entry) => entry.text)
      const expected = chunk.filter((entry) =>
        entry.text.toLowerCase().includes(needle.toLowerCase()),
      )
      t.strictSame(search.search(chunk, needle.toLowerCase()), expected)
      t.strictSame(search.search(chunk, needle.toLowerCase()), expected, 'and once more')
    }),
  )
})

const value: fc.Memo<unknown> = fc.memo((depth) =>
  depth > 1
    ? fc.oneof(
        scalar,
        fc.array(value(), { maxLength: 3 }),
        fc.dictionary(fc.constantFrom('a', 'ab', '__proto__'), value(), { maxKeys: 3 }),
      )
    : scalar,
)
const scalar: fc.Arbitrary<unknown> = fc.oneof(
  fc.string({ unit: fc.constantFrom(...'aAbB\n'), maxLength: 4 }),
  fc.constantFrom(null, true, 12, -0.5),
)

t.test('finds what a look at each value in an object finds', async (t) => {
  const needle = fc.string({ unit: fc.constantFrom(...'aBru12.-\n'), maxLength: 3 })
  fc.assert(
    fc.property(
      fc.array(fc.record({ value: value(3) }), { maxLength: 20 }),
      needle,
      (chunk, needle) => {
        const search = new TextSearch<{ value: unknown }>((entry) => entry.value)
        const lower = needle.toLowerCase()
        const expected = chunk.filter((entry) =>
          leavesOf(entry.value).some((text) => text.toLowerCase().includes(lower)),
        )
        t.strictSame(search.search(chunk, lower), expected)
      },
    ),
    { numRuns: 1000 },
  )
})

t.test('texts that are too long are not put together', (t) => {
  const search = new TextSearch<{ text: string }>(({ text }) => text)
  const chunk = Array.from({ length: 10 }, () => ({ text: 'x'.repeat(100_000) }))
  t.equal(search.search(chunk, 'x'), undefined)
  t.equal(search.characters, 0)
  t.equal(search.search(chunk.slice(0, 5), 'x')?.length, 5)
  t.end()
})

t.test('the oldest texts are forgotten where there are too many', (t) => {
  const search = new TextSearch<{ text: string }>(({ text }) => text, 100_000)
  const chunks = Array.from({ length: 50 }, (_, at) => [{ text: `${at} `.repeat(1000) }])
  for (let round = 0; round < 2; round++) {
    for (const [at, chunk] of chunks.entries()) t.equal(search.search(chunk, `${at}`)?.length, 1)
    t.ok(search.characters > 50_000 && search.characters <= 100_000)
  }
  t.end()
})

/** The texts in a value, from its JSON. */
function leavesOf(value: unknown): string[] {
  const leaves: string[] = []
  JSON.stringify(value, (_name, each) => {
    if (each !== null && typeof each !== 'object') leaves.push(String(each))
    return each
  })
  return leaves
}
