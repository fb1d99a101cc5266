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
