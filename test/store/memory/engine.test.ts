import { readdir } from 'node:fs/promises'
import { Readable } from 'node:stream'
import { Type } from '@sinclair/typebox'
import t from 'tap'
import { declare } from '../../../store/declaration.js'
import { LOCK } from '../../../store/files/own-folder.js'
import { MemoryEngine } from '../../../store/memory/engine.js'
import { MemorySessions } from '../../../store/memory/sessions.js'
import { slowly } from '../../fixtures/slow-engine.js'
import { testEngine, testStates } from '../engine-suite.js'
import { testForks } from '../fork-suite.js'
import { testFreeRecords, testFreeStates } from '../free-suite.js'
import { testLongStates, testLongSteps } from '../long-suite.js'

testEngine('memory', () => new MemoryEngine())
testEngine('memory, slowly', () => slowly(new MemoryEngine()))
testStates('memory', () => new MemoryEngine())
testStates('memory, slowly', () => slowly(new MemoryEngine()))
testForks('memory', () => new MemoryEngine(), contentsOf)
testForks('memory, slowly', () => slowly(new MemoryEngine()), contentsOf)
testFreeRecords('memory', () => new MemoryEngine(ignore))
testFreeRecords('memory, slowly', () => slowly(new MemoryEngine(ignore)))
testFreeStates('memory', () => new MemoryEngine())
testFreeStates('memory, slowly', () => slowly(new MemoryEngine()))
testLongSteps('memory', () => new MemoryEngine())
testLongSteps('memory, slowly', () => slowly(new MemoryEngine()))
testLongStates('memory', () => new MemoryEngine())
testLongStates('memory, slowly', () => slowly(new MemoryEngine()))

/** What an engine has on its disk, once what it was to delete has gone. */
async function contentsOf(engine: MemoryEngine): Promise<readonly string[]> {
  const disk = await engine.openFiles()
  const last = await disk.receive(Readable.from(['the last']))
  await last.keep()
  await disk.release(last.sha256)
  return (await readdir(disk.folder)).filter((name) => name !== LOCK)
}

/** What a listener throws, which is what a test wants. */
function ignore(): void {}

t.test('what a listener throws is said, and the write is done', async (t) => {
  const faults: unknown[] = []
  const engine = new MemoryEngine((fault) => faults.push(fault))
  t.teardown(() => engine.close())
  const { things } = await engine.open({ things: declare({ name: Type.String() }) })
  things.watch(() => {
    throw new Error('A listener that fails')
  })
  t.match(await things.insert({ name: 'x' }), { id: 1 })
  t.match(faults, [{ message: 'A listener that fails' }])
})

t.test('what has been revoked is forgotten once it has expired', async (t) => {
  let now = 1_000_000
  const sessions = new MemorySessions(
    (id) => ({ id, version: 1 }),
    undefined,
    undefined,
    () => now,
  )
  const isGood = async (jti: string) => (await sessions.find(jti, 1)) !== undefined
  await sessions.revoke('short', now + 1_000)
  await sessions.revoke('long', now + 60_000)
  await sessions.revoke('over', now)
  t.equal(await isGood('short'), false)
  t.equal(await isGood('over'), true, 'an expired token needs no entry')

  now += 1_000
  await sessions.revoke('other', now + 1_000)
  t.equal(await isGood('short'), true)
  t.equal(await isGood('long'), false)
})
