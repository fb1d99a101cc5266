import fc from 'fast-check'
import t from 'tap'
import { HashTrie } from '../../../store/memory/hash-trie.js'

/** Texts with the same hash: each half of one can be that of the other. */
function alike(at: number): string {
  return at.toString(2).padStart(9, '0').replaceAll('0', 'Aa').replaceAll('1', 'BB')
}

const KEYS = [
  ...Array.from({ length: 200 }, (_, at) => at),
  ...Array.from({ length: 200 }, (_, at) => `key ${at}`),
  ...Array.from({ length: 200 }, (_, at) => alike(at)),
  ...[null, true, false, 0.5, -1, Number.MAX_SAFE_INTEGER],
]

t.test('copies of copies are as plain maps that are copied whole', async () => {
  const step = fc.record({
    at: fc.nat(),
    keys: fc.array(fc.constantFrom(...KEYS), { maxLength: 100 }),
    value: fc.option(fc.nat(100), { nil: undefined }),
    isCopied: fc.boolean(),
  })
  fc.assert(
    fc.property(fc.array(step, { maxLength: 30 }), (steps) => {
      const map = new HashTrie<unknown, number>()
      for (const key of KEYS) map.set(key, -1)
      const pairs = [{ map, plain: new Map<unknown, number>(KEYS.map((key) => [key, -1])) }]
      for (const { at, keys, value, isCopied } of steps) {
        const pair = pairs[at % pairs.length]
        if (!pair) continue
        if (isCopied) pairs.push({ map: pair.map.copy(), plain: new Map(pair.plain) })
        for (const key of keys) {
          if (value === undefined) {
            pair.map.delete(key)
            pair.plain.delete(key)
          } else {
            pair.map.set(key, value)
            pair.plain.set(key, value)
          }
        }
      }
      for (const { map, plain } of pairs) {
        for (const key of KEYS) if (map.get(key) !== plain.get(key)) return false
      }
      return true
    }),
    { numRuns: 100 },
  )
})
