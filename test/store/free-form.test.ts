import t from 'tap'
import { type FreeForm, faultIn, MAX_DEPTH, MAX_VALUES } from '../../store/free-form.js'

/** An object with lists in it, as many levels deep in all. */
function nested(levels: number): FreeForm {
  let value: unknown = []
  for (let level = 2; level < levels; level++) value = [value]
  return { a: value }
}

t.test('what can be kept has no fault', async (t) => {
  const good: FreeForm[] = [
    {},
    { a: null, b: [1, 'two', { c: true }], '': {} },
    nested(MAX_DEPTH),
    { list: Array(MAX_VALUES - 1).fill(0) },
    { list: Array(MAX_VALUES - 1).fill('text') },
    { '~': Number.MAX_VALUE },
  ]
  for (const content of good) t.equal(faultIn(content), undefined)
})

t.test('what is too much is told with its place', async (t) => {
  const faults: [string, FreeForm, string, string][] = [
    ['depth', nested(MAX_DEPTH + 1), `/a${'/0'.repeat(MAX_DEPTH - 1)}`, 'maxDepth'],
    ['very much depth', nested(200_000), `/a${'/0'.repeat(MAX_DEPTH - 1)}`, 'maxDepth'],
    ['values', { list: Array(MAX_VALUES).fill(0) }, '', 'maxValues'],
    ['values in many places', { a: Array(200).fill(Array(100).fill('')) }, '', 'maxValues'],
    ['infinity', { a: [0, { 'b/c': Number('1e999') }] }, '/a/1/b~1c', 'infinite'],
    ['minus infinity', { a: Number('-1e999') }, '/a', 'infinite'],
  ]
  for (const [name, content, path, code] of faults) {
    t.match(faultIn(content), { path, code }, name)
  }
})
