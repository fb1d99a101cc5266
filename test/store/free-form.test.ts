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
  const faults: [string, FreeForm, string, RegExp][] = [
    ['depth', nested(MAX_DEPTH + 1), `/a${'/0'.repeat(MAX_DEPTH - 1)}`, /deeper than 100 levels/],
    ['very much depth', nested(200_000), `/a${'/0'.repeat(MAX_DEPTH - 1)}`, /deeper/],
    ['values', { list: Array(MAX_VALUES).fill(0) }, '', /more than 20000 values/],
    ['values in many places', { a: Array(200).fill(Array(100).fill('')) }, '', /more than/],
    ['infinity', { a: [0, { 'b/c': Number('1e999') }] }, '/a/1/b~1c', /a number that JSON/],
    ['minus infinity', { a: Number('-1e999') }, '/a', /a number that JSON/],
  ]
  for (const [name, content, path, message] of faults) {
    t.match(faultIn(content), { path, message }, name)
  }
})
