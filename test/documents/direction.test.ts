import fc from 'fast-check'
import t from 'tap'
import { isRightToLeft, stretchesOf } from '../../documents/direction.js'

t.test('a text runs as its first letter does', async (t) => {
  for (const text of ['שלום abc', '12 (بيانات)', '\u200fabc']) t.equal(isRightToLeft(text), true)
  for (const text of ['abc שלום', '', '12 — ?', '数据 שלום']) t.equal(isRightToLeft(text), false)
})

t.test('a text is cut where its direction changes', async (t) => {
  const cut = (text: string) =>
    stretchesOf(text, isRightToLeft(text)).map(({ text, isRightToLeft }) => [text, isRightToLeft])
  t.same(cut('one, two'), [['one, two', false]])
  t.same(cut('one שתיים 3 (ארבע) five.'), [
    ['one ', false],
    ['שתיים 3 (ארבע', true],
    [') five.', false],
  ])
  t.same(cut('אחד 2 three.'), [
    ['אחד 2 ', true],
    ['three', false],
    ['.', true],
  ])
  t.same(cut(''), [])
})

t.test('nothing of a text is lost', async (t) => {
  const text = fc.string({ unit: fc.constantFrom('a', 'א', 'ب', '1', ' ', '(', '数', '👩') })
  fc.assert(
    fc.property(text, fc.boolean(), (text, whole) => {
      const stretches = stretchesOf(text, whole)
      return stretches.map((stretch) => stretch.text).join('') === text
    }),
  )
  t.pass()
})
