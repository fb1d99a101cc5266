import t from 'tap'
import { Passwords } from '../../../plugins/auth/passwords.js'
import { World } from '../../../plugins/workspaces/world.js'
import { collections, newUser } from '../../../store/collections.js'
import { MemoryEngine } from '../../../store/memory/engine.js'

async function newWorld(): Promise<World> {
  const store = await new MemoryEngine().open(collections)
  return new World(undefined, store, await store.fork())
}

t.test('hashes are argon2id at the figures of OWASP', async (t) => {
  const passwords = new Passwords()
  t.teardown(() => passwords.close())
  const hash = await passwords.hash('password')
  t.match(hash, /^\$argon2id\$v=19\$m=19456,t=2,p=1\$/)
  t.not(await passwords.hash('password'), hash, 'each has a salt of its own')
})

t.test('verify knows the password, and nobody has the decoy', async (t) => {
  const world = await newWorld()
  const passwords = new Passwords()
  t.teardown(() => passwords.close())
  const passwordHash = await passwords.hash('Pässwörd')
  const user = await world.store.users.insert(newUser({ username: 'someone', passwordHash }))
  t.equal(await passwords.verify(world, user, 'Pässwörd'), true)
  t.equal(await passwords.verify(world, user, 'password'), false)
  t.equal(await passwords.verify(world, user, ''), false)
  t.equal(await passwords.verify(world, undefined, 'password'), false)
  t.equal(await passwords.verify(world, undefined, ''), false)
  t.equal(await passwords.hashOf(world, user), passwordHash)
})

t.test('a login has its own password of the data file hashed at once', async (t) => {
  const world = await newWorld()
  const passwords = new Passwords()
  const plain = new Map<number, string>()
  for (let number = 1; number <= 200; number++) {
    const user = await world.store.users.insert(
      newUser({ username: `user ${number}`, passwordHash: null }),
    )
    plain.set(user.id, `password ${number}`)
  }
  passwords.deferSeed(plain)
  t.equal(passwords.waiting, 200)
  passwords.hashDeferred()
  const last = await world.store.users.get(200)
  t.equal(await passwords.verify(world, last, 'password 200'), true)
  t.ok(passwords.waiting > 100, 'before the others')
  t.equal(await passwords.verify(world, last, 'password 200'), true)
  t.equal(await passwords.verify(world, last, 'password 199'), false)
  t.match(last && (await passwords.hashOf(world, last)), /^\$argon2id\$/)
  await passwords.close()
  t.ok(passwords.waiting > 100, 'a stop does not wait for them')
})

t.test('a password that is set meanwhile counts, not the one of the data file', async (t) => {
  const world = await newWorld()
  const { users } = world.store
  const passwords = new Passwords()
  const user = await users.insert(newUser({ username: 'someone', passwordHash: null }))
  passwords.deferSeed(new Map([[user.id, 'old password']]))
  const passwordHash = await passwords.hash('new password')
  // The hash of the old one has begun when the new one is stored.
  passwords.hashDeferred()
  const changed = await users.update(user.id, { passwordHash, generation: 1 })
  await passwords.close()
  t.equal(changed && (await passwords.hashOf(world, changed)), passwordHash)
  t.equal(await passwords.verify(world, changed, 'new password'), true)
  t.equal(await passwords.verify(world, changed, 'old password'), false)
})

t.test('each world has the passwords of the data file, until a state brings others', async (t) => {
  const world = await newWorld()
  const passwords = new Passwords()
  t.teardown(() => passwords.close())
  const user = await world.store.users.insert(newUser({ username: 'someone', passwordHash: null }))
  passwords.deferSeed(new Map([[user.id, 'first']]))
  const fork = await world.fork()
  const other = new World('other', fork, fork)
  t.equal(await passwords.verify(other, user, 'first'), true)
  const kept = await other.snapshot()
  passwords.defer(other, new Map([[user.id, 'second']]))
  t.equal(await passwords.verify(other, user, 'second'), true)
  t.equal(await passwords.verify(other, user, 'first'), false)
  t.equal(await passwords.verify(world, user, 'first'), true)
  await other.restore(kept)
  t.equal(await passwords.verify(other, user, 'first'), true)
})
