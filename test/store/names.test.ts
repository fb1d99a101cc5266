import t from 'tap'
import { isPlain, NewUsername, normalName } from '../../store/names.js'

/** What no new name has, by what Unicode says of it. */
const REFUSED =
  /[\p{Default_Ignorable_Code_Point}\p{Bidi_Control}\p{Cc}\p{Z}:\u2800\ufff9-\ufffd\ufefe\uff00]/u

t.test('a new name has nothing that cannot be seen, or is refused elsewhere', async (t) => {
  const pattern = new RegExp(String(NewUsername.pattern), 'u')
  const wrong: string[] = []
  for (let code = 0; code <= 0x10ffff; code++) {
    // Halves of a pair are no characters.
    if (code >= 0xd800 && code <= 0xdfff) continue
    const name = `a${String.fromCodePoint(code)}b`
    const isRight = code === 0x20 || !REFUSED.test(name)
    if (isPlain(name) !== isRight) wrong.push(code.toString(16))
    // Above U+FFFF not every language could read what the pattern would have to say.
    if (code <= 0xffff && pattern.test(name) !== isRight)
      wrong.push(`${code.toString(16)} (pattern)`)
  }
  t.same(wrong, [])
})

t.test('a plain space is between others alone', async (t) => {
  for (const name of [
    'a',
    'a b',
    'Zoë',
    'Zoe\u0308',
    '山田 太郎',
    '😀',
    'عمر',
    "O'Neill",
    'a  b',
  ]) {
    t.ok(isPlain(name), encodeURIComponent(name))
  }
  for (const name of ['', ' ', ' a', 'a ', '\u00a0a', 'a\u3000', 'a\n', 'a\u2028', '\u{e0041}a']) {
    t.notOk(isPlain(name), encodeURIComponent(name))
  }
})

t.test('a long name of spaces takes no longer than others', async (t) => {
  t.notOk(isPlain(`a${' '.repeat(1_000_000)}`))
})

t.test('names that look the same are one', async (t) => {
  t.equal(normalName('Zoe\u0308'), normalName('Zo\u00eb'))
  t.not(normalName('Zoe'), normalName('Zoë'))
})
