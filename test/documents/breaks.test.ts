import fc from 'fast-check'
import t from 'tap'
import { breakable } from '../../documents/breaks.js'

/** The longest part of a text in which no line can end, in UTF-16 units. */
function longest(text: string): number {
  return Math.max(...text.split(/[\s\u200b]/).map(({ length }) => length))
}

t.test('a word that is too long for a line can be broken, and no other is touched', async (t) => {
  t.ok(longest(breakable('x'.repeat(5000))) < 40)
  t.ok(longest(breakable('x'.repeat(100), { columns: 4 })) < 20)
  t.ok(longest(breakable(`http://a.b/${'x'.repeat(100)}`, { isAddress: true })) < 40)
  for (const text of [
    'x'.repeat(39),
    'an ordinary text, of words '.repeat(10),
    '数据'.repeat(100),
  ]) {
    t.equal(breakable(text), text)
  }
  t.equal(breakable('http://a.b/c?d=e&f='.repeat(9), { isAddress: true }).includes('\u200b'), false)
})

t.test('a letter keeps its marks, and an emoji its parts', async (t) => {
  for (const whole of ['e\u0301', '👩‍🔬', '🇬🇷']) {
    const parts = breakable(whole.repeat(60)).split('\u200b').join('|')
    t.match(parts, new RegExp(`^\\|((${whole})+\\|?)+$`, 'u'))
  }
})

t.test('what has no width has an end', async (t) => {
  const lines = breakable(`a${'\u0301\u202e'.repeat(10_000)}`).split('\n')
  t.ok(lines.length > 50)
})

t.test('nothing of a text is lost', async (t) => {
  const text = fc.oneof(fc.string({ unit: 'grapheme', minLength: 50, maxLength: 200 }), fc.string())
  fc.assert(
    fc.property(text, fc.integer({ min: 1, max: 6 }), (text, columns) => {
      const plain = (text: string) => text.replace(/[\u200b\n]/g, '')
      return plain(breakable(text, { columns })) === plain(text)
    }),
  )
  t.pass()
})
