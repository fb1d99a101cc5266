import t from 'tap'
import { errors } from '../../../plugins/http/errors.js'
import { PerWorld, World } from '../../../plugins/workspaces/world.js'
import { Worlds } from '../../../plugins/workspaces/worlds.js'
import { collections, newUser } from '../../../store/collections.js'
import { countOf } from '../../../store/lookups.js'
import { MemoryEngine } from '../../../store/memory/engine.js'

async function newStores() {
  const store = await new MemoryEngine().open(collections)
  await store.users.insert(newUser({ username: 'first', passwordHash: null }))
  return { store, seed: await store.fork() }
}

async function newWorld(): Promise<World> {
  const { store, seed } = await newStores()
  return new World(undefined, store, seed)
}

const someone = newUser({ username: 'someone', passwordHash: null })

t.test('a reset puts all back as it was at the start, in one step', async (t) => {
  const world = await newWorld()
  const { users } = world.store
  const { epoch } = world.store
  let heard = 0
  world.events.on('reset', () => heard++)
  await users.insert(someone)
  world.offset = 60_000
  t.ok(Math.abs(world.now() - Date.now() - 60_000) < 10_000)
  await world.reset()
  t.equal(await countOf(users), 1)
  t.equal(world.offset, 0)
  t.not(world.store.epoch, epoch)
  t.equal(heard, 1)
  await users.insert(someone)
  await world.reset()
  t.equal(await countOf(users), 1, 'again')
})

t.test('a snapshot is restored as often as one likes', async (t) => {
  const world = await newWorld()
  const { users } = world.store
  const { id } = await users.insert(someone)
  const kept = await world.snapshot()
  for (let time = 0; time < 2; time++) {
    await users.delete(id)
    await world.restore(kept)
    t.equal((await users.get(id))?.username, 'someone')
  }
})

t.test('it becomes what another store is', async (t) => {
  const world = await newWorld()
  const other = await newStores()
  await other.store.users.insert(someone)
  let isDone = false
  await world.become(other.store, () => {
    isDone = true
  })
  t.ok(isDone)
  t.equal(await countOf(world.store.users), 2)
  t.equal(await countOf(other.store.users), 2)
})

t.test('each world has its own, until it is put back', async (t) => {
  const [world, other] = [await newWorld(), await newWorld()]
  let made = 0
  const lists = new PerWorld((): string[] => {
    made++
    return []
  })
  t.equal(lists.of(world), lists.of(world))
  lists.of(world).push('a')
  t.same(lists.of(other), [])
  t.equal(made, 2)
  const kept = await world.snapshot()
  await world.restore(kept)
  t.same(lists.of(world), ['a'], 'a restoration leaves it alone')
  await world.reset()
  t.same(lists.of(world), [])
})

t.test('what stays, and what snapshots keep', async (t) => {
  const world = await newWorld()
  const lasting = new PerWorld((): string[] => [], { isLasting: true })
  const copied = new PerWorld((): string[] => [], { copy: (list) => [...list] })
  const before = await world.snapshot()
  lasting.of(world).push('a')
  copied.of(world).push('a')
  const kept = await world.snapshot()
  copied.of(world).push('b')
  await world.restore(kept)
  t.same(copied.of(world), ['a'])
  copied.of(world).push('c')
  await world.restore(kept)
  t.same(copied.of(world), ['a'], 'the snapshot keeps its own')
  await world.restore(before)
  t.same(copied.of(world), [], 'there was none yet')
  await world.reset()
  t.same(lasting.of(world), ['a'])
  t.same(copied.of(world), [])
})

t.test('the workspaces that there are', async (t) => {
  const { store, seed } = await newStores()
  const worlds = new Worlds(store, seed, { maxWorkspaces: 3, workspaceTtl: 60_000 })
  t.teardown(() => worlds.close())
  const [a, again] = await Promise.all([worlds.enter('a'), worlds.enter('a')])
  t.equal(a, again, 'two first requests find one')
  t.match(await worlds.create('b', 5_000), { ttl: 5_000, requests: 0 })
  await t.rejects(worlds.create('b'), errors.workspaceTaken('b'))
  const { world } = await worlds.create()
  t.match(world.name, /^w-[0-9a-f]{12}$/)
  await t.rejects(worlds.create(), errors.tooManyWorkspaces(3))
  const list = await worlds.list()
  t.same(
    list.map(({ requests }) => requests),
    [2, 0, 0],
  )
  for (const { expires, ttl } of list) t.ok(Math.abs(expires - Date.now() - ttl) < 10_000)
  let ended = 0
  a.world.events.on('end', () => ended++)
  t.equal(await worlds.drop('a'), true)
  t.ok(a.world.isOver)
  t.equal(ended, 1)
  t.equal(await worlds.drop('a'), false)
  t.equal(worlds.size, 2)
  await worlds.close()
  await t.rejects(worlds.enter('c'), errors.tooManyWorkspaces(3))
})
