import t from 'tap'
import { Passwords } from '../../../plugins/auth/passwords.js'
import { collections, newUser } from '../../../store/collections.js'
import { MemoryEngine } from '../../../store/memory/engine.js'

t.test('hashes are argon2id at the figures of OWASP', async (t) => {
  const passwords = new Passwords()
  t.teardown(() => passwords.close())
  const hash = await passwords.hash('password')
  t.match(hash, /^\$argon2id\$v=19\$m=19456,t=2,p=1\$/)
  t.not(await passwords.hash('password'), hash, 'each has a salt of its own')
})

t.test('verify knows the password, and nobody has the decoy', async (t) => {
  const { users } = await new MemoryEngine().open(collections)
  const passwords = new Passwords()
  t.teardown(() => passwords.close())
  const passwordHash = await passwords.hash('Pässwörd')
  const user = await users.insert(newUser({ username: 'someone', passwordHash }))
  t.equal(await passwords.verify(user, 'Pässwörd'), true)
  t.equal(await passwords.verify(user, 'password'), false)
  t.equal(await passwords.verify(user, ''), false)
  t.equal(await passwords.verify(undefined, 'password'), false)
  t.equal(await passwords.verify(undefined, ''), false)
})

t.test('a login has its own password of the data file hashed at once', async (t) => {
  const store = await new MemoryEngine().open(collections)
  const passwords = new Passwords()
  const plain = new Map<number, string>()
  for (let number = 1; number <= 200; number++) {
    const user = await store.users.insert(
      newUser({ username: `user ${number}`, passwordHash: null }),
    )
    plain.set(user.id, `password ${number}`)
  }
  passwords.defer(store, plain)
  passwords.hashDeferred()
  const last = await store.users.get(200)
  t.equal(await passwords.verify(last, 'password 200'), true)
  t.type((await store.users.get(200))?.passwordHash, 'string')
  t.equal((await store.users.get(199))?.passwordHash, null, 'before the others')
  t.equal(await passwords.verify(await store.users.get(200), 'password 200'), true)
  await passwords.close()
  t.equal((await store.users.get(199))?.passwordHash, null, 'a stop does not wait for them')
})

t.test('a password that is set meanwhile counts, not the one of the data file', async (t) => {
  const store = await new MemoryEngine().open(collections)
  const passwords = new Passwords()
  const user = await store.users.insert(newUser({ username: 'someone', passwordHash: null }))
  passwords.defer(store, new Map([[user.id, 'old password']]))
  const passwordHash = await passwords.hash('new password')
  // The hash of the old one has begun when the new one is stored.
  passwords.hashDeferred()
  await store.users.update(user.id, { passwordHash, generation: 1 })
  await passwords.close()
  const changed = await store.users.get(user.id)
  t.equal(changed?.passwordHash, passwordHash)
  t.equal(await passwords.verify(changed, 'new password'), true)
  t.equal(await passwords.verify(changed, 'old password'), false)
})
