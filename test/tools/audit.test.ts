import t from 'tap'
import { isAllowed, notAllowed, readLock } from '../../tools/audit/licences.js'
import { judge } from '../../tools/audit/signatures.js'
import { ROOT } from '../fixtures/process.js'

t.test('what comes with the package has a licence that is allowed', async (t) => {
  t.same(notAllowed(await readLock(`${ROOT}/package-lock.json`)), [])
})

t.test('one with another is found, however far down', async (t) => {
  const packages = {
    '': { dependencies: { one: '1' }, peerDependencies: { three: '3' } },
    'node_modules/one': { version: '1.0.0', license: 'MIT', dependencies: { two: '*' } },
    'node_modules/two': { version: '2.0.0', license: 'ISC' },
    'node_modules/one/node_modules/two': { version: '1.0.0', license: 'GPL-3.0-only' },
    'node_modules/three': { version: '3.0.0', optionalDependencies: { one: '1' } },
    'node_modules/@other/two': { version: '4.0.0', license: 'SSPL-1.0' },
    'node_modules/for-developers': { version: '5.0.0', license: 'GPL-3.0-only' },
  }
  t.same(notAllowed({ packages }).sort(), ['three 3.0.0 (undefined)', 'two 1.0.0 (GPL-3.0-only)'])
})

t.test('of two licences one has to be allowed, or both', async (t) => {
  for (const expression of ['MIT', '(MIT OR GPL-3.0-or-later)', '(MIT AND Zlib)', 'X OR ISC'])
    t.ok(isAllowed(expression), expression)
  const others = ['', 'GPL-3.0-only', 'MIT AND X', '(X OR Y)', 'SEE LICENSE IN LICENSE', undefined]
  for (const expression of [...others, '(MIT OR X) AND Y'])
    t.notOk(isAllowed(expression), `${expression}`)
})

t.test('signatures that are wrong or missing fail, and none to look at is a step left out', (t) => {
  const one = { name: 'one', version: '1.0.0', code: 'EINTEGRITYSIGNATURE' }
  const audit = (invalid: object[], missing: object[]) =>
    judge(JSON.stringify({ invalid, missing }))
  t.match(audit([], []), { status: 0, text: /pass: 1, fail: 0/ })
  t.match(audit([one], []), { status: 1, text: /^one 1\.0\.0: .*wrong(.|\n)*pass: 0, fail: 1/ })
  t.match(audit([], [one]), { status: 1, text: /^one 1\.0\.0: .*none(.|\n)*pass: 0, fail: 1/ })
  const error = { error: { code: 'ENOTFOUND', summary: 'the registry is not there' } }
  t.match(judge(JSON.stringify(error)), { status: 77, text: /^SKIPPED: .*not there$/ })
  t.match(judge(''), { status: 77, text: /^SKIPPED: / })
  t.end()
})
