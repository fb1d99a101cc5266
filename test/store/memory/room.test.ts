import { Readable } from 'node:stream'
import t from 'tap'
import { collections, newDmp, newTask, newUser } from '../../../store/collections.js'
import { NoRoom, StorageFailure } from '../../../store/errors.js'
import { MemoryEngine } from '../../../store/memory/engine.js'
import type { RoomLimits } from '../../../store/memory/ledger.js'

const KIB = 1024

/** A store with two users, and a plan of 100 KiB that isn't counted as long as it is there; then what is written is bounded. */
async function bounded(limits: Partial<RoomLimits> = {}) {
  const engine = new MemoryEngine()
  const store = await engine.open(collections)
  const users = await store.users.insertMany(
    ['ann', 'bob'].map((username) => newUser({ username, passwordHash: null })),
  )
  const [ann = 0, bob = 0] = users.map(({ id }) => id)
  const first = await store.dmps.insert(plan(ann))
  engine.limit({ all: 1000 * KIB, user: 1000 * KIB, userFiles: 1000 * KIB, tokens: 2, ...limits })
  return { store, ann, bob, first }
}

/** It is as if of 100 KiB: a character can take two bytes. */
function plan(userId: number, size = 100 * KIB) {
  return newDmp(userId, { text: 'x'.repeat(size / 2) })
}

t.test('what is written is bounded, and what goes makes room', async (t) => {
  const { store, ann, bob, first } = await bounded({ all: 250 * KIB })
  const one = await store.dmps.insert(plan(ann))
  await store.dmps.insert(plan(bob))
  await t.rejects(store.dmps.insert(plan(bob)), new NoRoom('dmps', 'all'))
  await t.rejects(store.dmps.insertMany([plan(bob, 10), plan(bob)]), NoRoom)
  await t.rejects(store.dmps.update(one.id, { content: { text: 'x'.repeat(100 * KIB) } }), NoRoom)
  t.equal((await store.dmps.find({ limit: 10 })).total, 3, 'nothing was stored')
  await store.dmps.update(one.id, { content: {} })
  await store.dmps.insert(plan(bob))
  await t.rejects(store.dmps.insert(plan(bob)), NoRoom)
  await store.dmps.delete(first.id)
  await store.dmps.insert(plan(bob))
})

t.test('so is what one user has written, and nobody else is held up', async (t) => {
  const { store, ann, bob } = await bounded({ user: 150 * KIB })
  await store.dmps.insert(plan(ann))
  await t.rejects(store.dmps.insert(plan(ann)), new NoRoom('dmps', 'user'))
  await store.dmps.insert(plan(bob))
  await store.users.delete(ann)
  t.equal((await store.dmps.find({ limit: 10 })).total, 1)
})

t.test('forks, snapshots and what is put back are counted while they are there', async (t) => {
  const { store, ann, bob } = await bounded({ all: 250 * KIB })
  const fork = await store.fork()
  const kept = await fork.dmps.insert(plan(ann))
  await store.dmps.insert(plan(ann))
  await t.rejects(fork.dmps.insert(plan(bob)), NoRoom)
  await fork.close()
  await fork.dmps.insert(plan(bob))
  await store.dmps.insert(plan(bob))
  await t.rejects(store.dmps.insert(plan(bob)), NoRoom, 'a closed one neither takes nor gives room')
  t.ok(kept)

  const other = await bounded({ all: 250 * KIB })
  const start = await other.store.snapshot()
  const { id } = await other.store.dmps.insert(plan(bob))
  const snapshot = await other.store.snapshot()
  await other.store.dmps.delete(id)
  await other.store.dmps.insert(plan(bob))
  await t.rejects(other.store.dmps.insert(plan(bob)), NoRoom, 'the snapshot has one of them')
  await snapshot.discard()
  const { id: second } = await other.store.dmps.insert(plan(bob))
  await t.rejects(other.store.dmps.insert(plan(bob)), NoRoom)
  t.ok(second)
  await other.store.restore(start)
  await other.store.dmps.insert(plan(bob))
  await other.store.dmps.insert(plan(bob))
  await t.rejects(other.store.dmps.insert(plan(bob)), NoRoom)
})

t.test('tokens that were revoked are counted until they have ended', async (t) => {
  const { store } = await bounded({ tokens: 2 })
  const later = Date.now() + 3_600_000
  await store.sessions.revoke('one', later)
  await store.sessions.revoke('one', later)
  const fork = await store.fork()
  await fork.sessions.revoke('two', later)
  await t.rejects(store.sessions.revoke('three', later), new NoRoom('users', 'tokens'))
  await fork.close()
  await store.sessions.revoke('three', later)
})

t.test('files are bounded together, with those that arrive', async (t) => {
  const engine = new MemoryEngine(undefined, 250)
  t.teardown(() => engine.close())
  const store = await engine.open(collections)
  const bytes = (fill: number) => Readable.from([Buffer.alloc(100, fill)])
  const one = await store.files.receive(bytes(1))
  const same = await store.files.receive(bytes(1))
  await same.release()
  const two = await store.files.receive(bytes(2))
  await t.rejects(store.files.receive(bytes(3)), { code: 'EDQUOT' })
  await t.rejects(store.files.receive(bytes(3)), StorageFailure)
  await one.release()
  const three = await store.files.receive(bytes(3))
  await t.rejects(
    store.files.receive(bytes(4)),
    StorageFailure,
    'what failed has left no room taken',
  )
  await Promise.all([two.release(), three.release()])
  const both = await Promise.all([store.files.receive(bytes(5)), store.files.receive(bytes(6))])
  for (const file of both) await file.release()
})

t.test(
  'so are the files that one user has records of, and those that tasks are going to have',
  async (t) => {
    const { store, ann, bob } = await bounded({ userFiles: 250 })
    const receive = async (fill: number) => {
      const { sha256, size } = await store.files.receive(Readable.from([Buffer.alloc(100, fill)]))
      return { sha256, size }
    }
    const { id: packageId } = await store.packages.insert({ name: 'package', userId: bob })
    const upload = async (userId: number, fill: number) => {
      const file = await receive(fill)
      const values = { packageId, userId, tag: `${userId} ${fill}`, file, fileName: 'x' }
      const [contentType, postedAt] = ['text/plain', '2026-01-01T00:00:00.000Z']
      return store.tags.insert({ ...values, contentType, postedAt })
    }
    const order = { plan: {}, author: 'ann', date: '2026-01-01T00:00:00.000Z' }
    const start = (userId: number) => store.tasks.insert(newTask(userId, 'plan', order))

    const first = await upload(ann, 1)
    const { id } = await start(ann)
    await upload(ann, 2)
    await t.rejects(upload(ann, 3), new NoRoom('tags', 'files'))
    await upload(bob, 3)
    const documents = { docx: await receive(4), pdf: await receive(5) }
    t.match(await store.tasks.update(id, documents), { version: 2 }, 'what was begun is finished')
    await t.rejects(start(ann), new NoRoom('tasks', 'files'))
    await store.tags.delete(first.id)
    await t.rejects(start(ann), NoRoom)
    await store.tasks.delete(id)
    await start(ann)
    await upload(ann, 6)
  },
)
