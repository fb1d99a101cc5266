import fc from 'fast-check'
import t from 'tap'
import { LayeredMap } from '../../../store/memory/layered-map.js'

t.test('copies of copies are as plain maps that are copied whole', async (t) => {
  const step = fc.record({
    at: fc.nat(),
    key: fc.nat(10),
    value: fc.option(fc.nat(100), { nil: undefined }),
    isCopied: fc.boolean(),
  })
  fc.assert(
    fc.property(fc.array(step, { maxLength: 200 }), (steps) => {
      const pairs = [{ map: LayeredMap.empty<number, number>(), plain: new Map<number, number>() }]
      for (const { at, key, value, isCopied } of steps) {
        const pair = pairs[at % pairs.length]
        if (!pair) continue
        if (isCopied) pairs.push({ map: pair.map.copy(), plain: new Map(pair.plain) })
        if (value === undefined) {
          pair.map.delete(key)
          pair.plain.delete(key)
        } else {
          pair.map.set(key, value)
          pair.plain.set(key, value)
        }
      }
      for (const { map, plain } of pairs) {
        for (let key = 0; key <= 10; key++) t.equal(map.get(key), plain.get(key))
      }
    }),
    { numRuns: 100 },
  )
})

t.test('what was put before the last copy is not its own', async (t) => {
  const map = LayeredMap.empty<string, number>()
  map.set('a', 1)
  t.equal(map.getOwn('a'), 1)
  map.copy()
  t.equal(map.getOwn('a'), undefined)
  t.equal(map.get('a'), 1)
  map.set('a', 2)
  t.equal(map.getOwn('a'), 2)
})
