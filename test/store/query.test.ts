import t from 'tap'
import { textOf } from '../../store/query.js'

t.test('a value as text is what JavaScript makes of it', async (t) => {
  const values = [0, -0, 1.5, 1e21, 'x', '', true, [], [1, null, 'a', [2, [undefined, 3]]], {}]
  for (const value of values) t.equal(textOf(value), String(value))
  t.equal(textOf(null), undefined)
  t.equal(textOf(undefined), undefined)
})

t.test('no value is without a text', async (t) => {
  const odd = JSON.parse('{"toString":1,"valueOf":null,"__proto__":{"toString":2},"constructor":3}')
  let deep: unknown = [1]
  for (let depth = 0; depth < 100; depth++) deep = [deep, odd]
  t.equal(textOf(odd), '[object Object]')
  t.equal(textOf([odd, 1]), '[object Object],1')
  t.equal(textOf(Object.create(null)), '[object Object]')
  t.equal(textOf(deep), `1${',[object Object]'.repeat(100)}`)
})
