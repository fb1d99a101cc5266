import { createRequire } from 'node:module'
import t from 'tap'
import { isPattern, patternTest } from '../../store/pattern.js'

t.test('the engine is read when a pattern first needs it', (t) => {
  const isRead = () =>
    Object.keys(createRequire(import.meta.url).cache).some((path) => path.includes('re2js'))
  t.ok(isPattern('plain text, 100%'))
  t.ok(patternTest('Plain')('some PLAIN text'))
  t.notOk(isRead())
  t.ok(isPattern('a+'))
  t.ok(isRead())
  t.end()
})

t.test('a part of the text has to fit, letter case aside', (t) => {
  const cases: [string, string, boolean][] = [
    ['', '', true],
    ['', 'x', true],
    ['LOR', 'lorem', true],
    ['lox', 'lorem', false],
    ['^lor', 'Lorem', true],
    ['^em', 'lorem', false],
    ['em$', 'LOREM', true],
    ['l.r', 'lorem', true],
    ['^(a|b)+$', 'abAB', true],
    ['É', 'é', true],
    ['\\d{3}', 'a123', true],
    ['a-b', 'xA-By', true],
    ['\\.', 'ab', false],
  ]
  for (const [pattern, text, expected] of cases) {
    t.equal(patternTest(pattern)(text), expected, `${pattern} in ${text}`)
    t.ok(isPattern(pattern))
  }
  t.end()
})

t.test('what cannot be matched quickly, or at all, is no pattern', (t) => {
  const none = ['(', '[a', '*', 'a**', '(?=x)', '(a)\\1', 'x{1001}', `${'('.repeat(600)}`, '\\']
  const large = [
    '((a{30}){30}){30}',
    '\\p{L}{1000}!',
    '((\\pL{9}){9}){9}!',
    'a?'.repeat(600),
    '(.{0,900}){0,1}(.{0,900}){0,1}x',
  ]
  for (const pattern of [...none, ...large]) {
    t.notOk(isPattern(pattern), pattern)
    t.throws(() => patternTest(pattern), RangeError)
    t.notOk(isPattern(pattern), 'and once more')
  }
  t.ok(isPattern('x'.repeat(5000)), 'a plain text has no bound')
  t.end()
})

t.test('a pattern that would backtrack, and a large one on a long text, end', (t) => {
  t.notOk(patternTest('(a+)+b')('a'.repeat(50_000)))
  t.notOk(patternTest('(a|aa)+$')(`${'a'.repeat(50_000)}!`))
  t.ok(patternTest('^.{200}')('x'.repeat(10_000_000)))
  t.notOk(patternTest('.{1,100}x')(`${'a'.repeat(1_000_000)}x`), 'its end is too far away')
  t.notOk(patternTest('a.{290}!')(`${'ab'.repeat(2000)}${'a'.repeat(300)}!`), 'nor this')
  t.ok(patternTest('ax$')(`${'a'.repeat(100_000)}x`))
  t.end()
})

t.test('many patterns in turn are each what they are', (t) => {
  for (let round = 0; round < 2; round++) {
    for (let at = 0; at < 100; at++) {
      t.ok(patternTest(`^${at}$`)(String(at)))
      t.notOk(patternTest(`^${at}$`)(String(at + 1)))
    }
  }
  t.end()
})
