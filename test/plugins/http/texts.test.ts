import t from 'tap'
import { Texts } from '../../../plugins/http/texts.js'

t.test('what is remembered is bounded by its length, whatever it is the text of', (t) => {
  const [some, others] = [new Texts(), new Texts()]
  const [first, last, long] = [{}, {}, {}]
  const text = 'x'.repeat(50_000)
  some.put(first, text)
  t.equal(some.get(first), text)
  for (let count = 0; count < 300; count++) others.put({}, text)
  others.put(last, text)
  t.equal(others.get(last), text)
  t.equal(some.get(first), undefined)
  t.equal(some.put(long, text.repeat(10)), text.repeat(10))
  t.equal(some.get(long), undefined, 'one that would push out many is not remembered')
  t.end()
})
