import fc from 'fast-check'
import t from 'tap'
import { TextIndex } from '../../../store/memory/text-index.js'

interface Entry {
  readonly id: number
  readonly text: string
}

const newIndex = () => new TextIndex<Entry>(({ text }) => text)

t.test('finds what a look at each text finds', async (t) => {
  const text = fc.string({ unit: fc.constantFrom(...'aAbBİß\n'), maxLength: 6 })
  const id = fc.oneof(fc.integer({ min: 1, max: 20 }), fc.constantFrom(2047, 2048, 4096, 1e15))
  const change = fc.record({ id, text })
  await fc.assert(
    fc.asyncProperty(fc.array(change, { maxLength: 40 }), text, async (changes, needle) => {
      const index = newIndex()
      const entries = new Map<number, Entry>()
      for (const entry of changes) {
        const old = entries.get(entry.id)
        if (old) index.remove(old)
        // Every third change of the same id takes it away.
        if (old && entry.text.length % 3 === 0) {
          entries.delete(entry.id)
        } else {
          index.add(entry)
          entries.set(entry.id, entry)
        }
        await index.search(needle)
      }
      const expected = [...entries.values()]
        .filter((entry) => entry.text.toLowerCase().includes(needle.toLowerCase()))
        .sort((a, b) => a.id - b.id)
      t.strictSame(await index.search(needle), expected)
    }),
  )
})

t.test('works across many blocks, and while entries come and go', async (t) => {
  const index = newIndex()
  const entries = Array.from({ length: 100_000 }, (_, position) => ({
    id: position + 1,
    text: `name ${position + 1}`,
  }))
  for (const entry of entries) index.add(entry)
  const search = index.search('NAME 9999')
  for (const entry of entries.slice(50_000, 60_000)) index.remove(entry)
  const found = await search
  t.same(
    found.map(({ id }) => id),
    [9999, ...Array.from({ length: 10 }, (_, digit) => 99990 + digit)],
    'as they were when it began',
  )
  t.equal((await index.search('name')).length, 90_000)
})

t.test('refuses to remove what it does not hold', async (t) => {
  const index = newIndex()
  t.throws(() => index.remove({ id: 1, text: 'a' }), /not in the index/)
  index.add({ id: 1, text: 'a' })
  t.throws(() => index.remove({ id: 2, text: 'a' }), /not in the index/)
})
