import fc from 'fast-check'
import t from 'tap'
import { SortedList } from '../../../store/memory/sorted-list.js'

interface Entry {
  readonly key: number
}

const newList = () => new SortedList<Entry>((a, b) => a.key - b.key)

t.test('keeps order through chunks that fill, split and empty', async (t) => {
  const list = newList()
  const keys = Array.from({ length: 10_000 }, (_, index) => (index * 7_919) % 10_000)
  const entries = keys.map((key) => ({ key }))
  for (const entry of entries) list.add(entry)
  t.equal(list.length, 10_000)
  t.same(
    list.slice(4_090, 10).map(({ key }) => key),
    [4090, 4091, 4092, 4093, 4094, 4095, 4096, 4097, 4098, 4099],
  )
  t.equal(list.slice(0, 10_000).length, 10_000)
  t.equal(list.first?.key, 0)

  for (const entry of entries) if (entry.key % 5 !== 0) list.remove(entry)
  t.same(
    list.chunks.flat().map(({ key }) => key),
    Array.from({ length: 2_000 }, (_, index) => index * 5),
  )
  t.same(list.slice(1_999, 10), [{ key: 9_995 }])
  t.same(list.slice(2_000, 10), [])
})

t.test('refuses to remove what it does not hold', async (t) => {
  const list = newList()
  t.throws(() => list.remove({ key: 1 }), /not in the list/)
  list.add({ key: 2 })
  t.throws(() => list.remove({ key: 1 }), /not in the list/)
  t.throws(() => list.remove({ key: 3 }), /not in the list/)
  t.equal(list.length, 1)
})

t.test('replaces in place and across places', async (t) => {
  const list = newList()
  const [one, two, three] = [{ key: 1 }, { key: 2 }, { key: 3 }]
  for (const entry of [one, two, three]) list.add(entry)
  const other = { key: 2 }
  list.replace(two, other)
  t.equal(list.slice(1, 1)[0], other)
  list.replace(one, { key: 4 })
  t.same(
    list.chunks.flat().map(({ key }) => key),
    [2, 3, 4],
  )
})

t.test('gives the pages of a sorted array, whatever was added and removed', async (t) => {
  const step = fc.record({ key: fc.nat(5_000), isRemoval: fc.boolean() })
  fc.assert(
    fc.property(fc.nat(6_000), fc.array(step), fc.nat(6_000), (size, steps, offset) => {
      const list = newList()
      const held = new Map<number, Entry>()
      const add = (key: number) => {
        if (held.has(key)) return
        const entry = { key }
        held.set(key, entry)
        list.add(entry)
      }
      for (let key = 0; key < size; key++) add(key)
      for (const { key, isRemoval } of steps) {
        const entry = held.get(key)
        if (isRemoval && entry) {
          list.remove(entry)
          held.delete(key)
        } else add(key)
      }
      const sorted = [...held.values()].sort((a, b) => a.key - b.key)
      const page = list.slice(offset, 50)
      const expected = sorted.slice(offset, offset + 50)
      return page.length === expected.length && page.every((entry, at) => entry === expected[at])
    }),
    { numRuns: 50 },
  )
  t.pass('50 runs')
})

t.test('a copy and what it was copied from do not see each other', async (t) => {
  const list = newList()
  for (let key = 0; key < 1_000; key++) list.add({ key })
  const seen = list.chunks
  const copy = list.copy()
  copy.add({ key: 0.5 })
  list.remove({ key: 999 })
  list.replace({ key: 1 }, { key: -1 })
  t.equal(copy.length, 1_001)
  t.same(copy.slice(0, 3), [{ key: 0 }, { key: 0.5 }, { key: 1 }])
  t.same(list.slice(0, 3), [{ key: -1 }, { key: 0 }, { key: 2 }])
  t.equal(list.slice(0, 2_000).length, 999)
  t.equal(seen.flat().length, 1_000, 'what was looked at stays')

  const looked = list.chunks
  for (let key = 2_000; key < 2_100; key++) list.add({ key })
  t.equal(looked.flat().length, 999, 'also when more comes behind it')
  t.equal(copy.length, 1_001)
  t.equal(copy.chunks.flat().length, 1_001)
  t.equal(list.slice(0, 2_000).length, 1_099)
})

t.test('what a copy has come to differ in is what was added and removed', async (t) => {
  const step = fc.record({ key: fc.nat(4_000), isOfCopy: fc.boolean() })
  fc.assert(
    fc.property(fc.array(step, { maxLength: 100 }), (steps) => {
      const list = newList()
      for (let key = 0; key < 3_000; key++) list.add({ key })
      const copy = list.copy()
      for (const { key, isOfCopy } of steps) {
        const changed = isOfCopy ? copy : list
        const [entry] = changed.slice(key, 1)
        if (entry) changed.remove(entry)
        else changed.add({ key: 10_000 + changed.length })
      }
      const [before, now] = [new Set(list.chunks.flat()), new Set(copy.chunks.flat())]
      const most = Math.max(before.size, now.size)
      const { gone, come } = copy.differenceTo(list, most) ?? {}
      t.strictSame(new Set(gone), new Set([...before].filter((entry) => !now.has(entry))))
      t.strictSame(new Set(come), new Set([...now].filter((entry) => !before.has(entry))))
    }),
    { numRuns: 50 },
  )
})
