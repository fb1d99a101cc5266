import { Type } from '@sinclair/typebox'
import t, { type Test } from 'tap'
import { declare } from '../../store/declaration.js'
import type { Engine, View } from '../../store/engine.js'
import { UniqueViolation } from '../../store/errors.js'

const fields = {
  number: Type.Union([Type.Number(), Type.Null()]),
  key: Type.String(),
  content: Type.Unsafe<object>({ type: 'object' }),
}

/** Records of any shape, under ids that their owner chose. */
const rules = { unique: [['key']], sequence: 'number', scans: true } as const

const declarations = {
  posts: declare(fields, rules),
}

type Store = View<typeof declarations>

/** A record as its owner has it: with an id of either type. */
const free = (content: { readonly id: string | number; readonly [field: string]: unknown }) => ({
  number: typeof content.id === 'number' ? content.id : null,
  key: String(content.id),
  content,
})

/**
 * What every engine must do for collections whose records have any shape.
 * @param name the engine's, for the report
 * @param newEngine opens an empty one
 */
export function testFreeRecords(name: string, newEngine: () => Engine): void {
  const test = (what: string, run: (t: Test, store: Store) => Promise<void>) =>
    t.test(`${name}: ${what}`, async (t) => {
      const engine = newEngine()
      t.teardown(() => engine.close())
      await run(t, await engine.open(declarations))
    })

  test('no number is given out twice', async (t, { posts }) => {
    t.equal(await posts.nextNumber(), 1)
    t.equal(await posts.nextNumber(), 2, 'it was given, though no record has it')
    const { id } = await posts.insert(free({ id: 7.5 }))
    await posts.insert(free({ id: 'abc' }))
    await posts.delete(id)
    t.equal(await posts.nextNumber(), 8)
    const other = await posts.insert(free({ id: 3 }))
    await posts.update(other.id, { number: 20 })
    await posts.replace(other.id, free({ id: 1 }))
    t.equal(await posts.nextNumber(), 21)
    const many = await Promise.all(Array.from({ length: 20 }, () => posts.nextNumber()))
    t.equal(new Set(many).size, 20)
  })

  test('refused insertions leave the sequence as it is', async (t, { posts }) => {
    await posts.insert(free({ id: 1 }))
    await t.rejects(posts.insertMany([free({ id: 50 }), free({ id: '1' })]), UniqueViolation)
    await t.rejects(posts.insert({ ...free({ id: '1' }), number: 60 }), UniqueViolation)
    t.equal(await posts.nextNumber(), 2)
  })

  test('a sequence ends where numbers can no longer be told apart', async (t, { posts }) => {
    await posts.insert(free({ id: Number.MAX_SAFE_INTEGER - 1 }))
    t.equal(await posts.nextNumber(), Number.MAX_SAFE_INTEGER)
    t.equal(await posts.nextNumber(), undefined)
    await posts.insert(free({ id: 1e300 }))
    t.equal(await posts.nextNumber(), undefined)
  })

  test('forks and snapshots go on with the sequence as it was', async (t, store) => {
    await store.posts.insert(free({ id: 5 }))
    const snapshot = await store.snapshot()
    const fork = await store.fork()
    t.equal(await store.posts.nextNumber(), 6)
    t.equal(await fork.posts.nextNumber(), 6)
    t.equal(await fork.posts.nextNumber(), 7)
    await store.restore(snapshot)
    t.equal(await store.posts.nextNumber(), 6)
  })
}
