import t from 'tap'
import { Passwords } from '../../../plugins/auth/passwords.js'
import { collections, newUser } from '../../../store/collections.js'
import { MemoryEngine } from '../../../store/memory/engine.js'

t.test('hashes are argon2id at the figures of OWASP', async (t) => {
  const passwords = new Passwords()
  const hash = await passwords.hash('password')
  t.match(hash, /^\$argon2id\$v=19\$m=19456,t=2,p=1\$/)
  t.not(await passwords.hash('password'), hash, 'each has a salt of its own')
})

t.test('verify knows the password, and nobody has the decoy', async (t) => {
  const { users } = await new MemoryEngine().open(collections)
  const passwords = new Passwords()
  const passwordHash = await passwords.hash('Pässwörd')
  const user = await users.insert(newUser({ username: 'someone', passwordHash }))
  t.equal(await passwords.verify(user, 'Pässwörd'), true)
  t.equal(await passwords.verify(user, 'password'), false)
  t.equal(await passwords.verify(user, ''), false)
  t.equal(await passwords.verify(undefined, 'password'), false)
  t.equal(await passwords.verify(undefined, ''), false)
})

t.test(
  'a password of the data file is good for its user, and changes nothing of them',
  async (t) => {
    const { users } = await new MemoryEngine().open(collections)
    const passwords = new Passwords()
    const user = await users.insert(newUser({ username: 'someone', passwordHash: null }))
    const other = await users.insert(newUser({ username: 'another', passwordHash: null }))
    passwords.accept(new Map([[user.id, 'password']]))
    t.equal(await passwords.verify(user, 'password'), true)
    t.equal(await passwords.verify(user, 'Password'), false)
    t.equal(await passwords.verify(other, 'password'), false, 'nobody logs in without a password')
    t.equal(await passwords.verify(other, ''), false)
    t.equal(await users.get(user.id), user)
  },
)

t.test('a password that is set counts, not the one of the data file', async (t) => {
  const { users } = await new MemoryEngine().open(collections)
  const passwords = new Passwords()
  const user = await users.insert(newUser({ username: 'someone', passwordHash: null }))
  passwords.accept(new Map([[user.id, 'old password']]))
  const change = await passwords.change(user, 'new password')
  const changed = await users.update(user.id, change)
  t.equal(await passwords.verify(changed, 'new password'), true)
  t.equal(await passwords.verify(changed, 'old password'), false)
})
