import t from 'tap'
import { runTest } from '../../tools/tests/run.js'

t.test('a file of tests is run, and what it says counted', async (t) => {
  const folder = t.testdir({
    'good.js': `
      import t from 'tap'
      t.test('good', async (t) => { t.pass(); t.equal(1, 1) })
      t.test('odd', { skip: 'not on this machine' }, async (t) => t.fail())
      t.comment('left out: the rest')
    `,
    'bad.js': "import t from 'tap'; t.pass(); t.equal(1, 2, 'is one two?')",
    'unfinished.js': "import t from 'tap'; t.test('one', async () => process.exit(0))",
    'thrown.js': "import t from 'tap'; t.pass(); setImmediate(() => { throw new Error('late') })",
    'unloadable.js': "import './nowhere.js'",
    'empty.js': '',
  })
  const outcomeOf = (name: string) => runTest(`${folder}/${name}.js`)
  const { notes, ...good } = await outcomeOf('good')
  t.match(good, { failed: 0, passed: Number, output: /ok 1 - good/ })
  t.ok(good.passed >= 2)
  t.match(notes.join('\n'), /SKIP not on this machine/)
  t.match(notes.join('\n'), /# left out: the rest/)
  t.match(await outcomeOf('bad'), { passed: 1, failed: 1, output: /is one two\?/ })
  for (const name of ['unfinished', 'thrown', 'unloadable', 'empty']) {
    t.ok((await outcomeOf(name)).failed > 0, name)
  }
})
