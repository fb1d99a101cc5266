import t from 'tap'
import { MemoryDenylist } from '../../../store/memory/denylist.js'
import { MemoryEngine } from '../../../store/memory/engine.js'
import { testEngine } from '../engine-suite.js'

testEngine('memory', () => new MemoryEngine())

t.test('the denylist forgets what has expired', async (t) => {
  let now = 1_000_000
  const denylist = new MemoryDenylist(() => now)
  await denylist.add('short', now + 1_000)
  await denylist.add('long', now + 60_000)
  await denylist.add('over', now)
  t.equal(denylist.size, 2, 'an expired token needs no entry')

  now += 1_000
  await denylist.add('other', now + 1_000)
  t.equal(await denylist.has('short'), false)
  t.equal(await denylist.has('long'), true)
  t.equal(denylist.size, 2)

  now += 60_000
  await denylist.add('last', now + 1_000)
  t.equal(denylist.size, 1)
})
