import { readFileSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import { chmod, rm, unlink } from 'node:fs/promises'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { RevokedFile } from '../../seed/revoked-file.js'

const LATER = Date.UTC(2200, 0)
const HEAD = '{"slipway":"revoked tokens","version":1}\n'

const fileIn = (t: Test, text?: string) =>
  join(t.testdir(text === undefined ? {} : { revoked: text }), 'revoked')

/** What the next process would find. */
const kept = async (file: string, limit = 100) => [...(await RevokedFile.open(file, limit)).tokens]

t.test('what is added is there for the next process, and for the owner alone', async (t) => {
  const file = fileIn(t)
  const first = await RevokedFile.open(file, 100)
  await first.add('a', LATER)
  await Promise.all([first.add('b', Number.POSITIVE_INFINITY), first.add('c', LATER)])
  await first.add('a', LATER)
  t.same(await kept(file), [
    ['a', LATER],
    ['b', Number.POSITIVE_INFINITY],
    ['c', LATER],
  ])
  t.equal(statSync(file).mode & 0o777, 0o600)
  const second = await RevokedFile.open(file, 100)
  const { ino } = statSync(file)
  await second.add('d', LATER)
  t.equal(statSync(file).ino, ino, 'a line is added, and the rest stays')
  t.equal((await kept(file)).length, 4)
})

t.test('what has ended goes, and makes room', async (t) => {
  const file = fileIn(t, `${HEAD}[1,"old"]\n[${LATER},"a"]\n`)
  t.same(await kept(file), [['a', LATER]])
  const revoked = await RevokedFile.open(file, 2)
  await revoked.add('soon', Date.now() - 1)
  await revoked.add('b', LATER)
  await t.rejects(revoked.add('c', LATER), { name: 'NoRoom', of: 'tokens' })
  t.same(
    (await kept(file, 2)).map(([jti]) => jti),
    ['a', 'b'],
  )
})

t.test('a file that grows by what has ended is written anew', async (t) => {
  const ended = Array.from({ length: 1100 }, (_, at) => `[1,"${at}"]\n`).join('')
  const file = fileIn(t, HEAD + ended)
  const revoked = await RevokedFile.open(file, 5000)
  await revoked.add('a', LATER)
  t.equal(readFileSync(file, 'utf8'), `${HEAD}[${LATER},"a"]\n`)
})

t.test('what a kill has cut short is no fault: nobody was told that it is done', async (t) => {
  const file = fileIn(t, `${HEAD}[${LATER},"a"]\n[${LATER},"b`)
  const revoked = await RevokedFile.open(file, 100)
  await revoked.add('c', LATER)
  t.equal(readFileSync(file, 'utf8'), `${HEAD}[${LATER},"a"]\n[${LATER},"c"]\n`)
})

t.test('what others do to the file costs no token', async (t) => {
  const file = fileIn(t)
  const [one, other] = [await RevokedFile.open(file, 100), await RevokedFile.open(file, 100)]
  await one.add('a', LATER)
  await other.add('b', LATER)
  await one.add('c', LATER)
  t.same((await kept(file)).map(([jti]) => jti).sort(), ['a', 'b', 'c'], 'another process')
  await unlink(file)
  await one.add('d', LATER)
  t.same((await kept(file)).map(([jti]) => jti).sort(), ['a', 'b', 'c', 'd'], 'it was deleted')
  writeFileSync(file, 'something else')
  await one.add('e', LATER)
  t.same((await kept(file)).map(([jti]) => jti).sort(), ['a', 'b', 'c', 'd', 'e'], 'written over')
})

t.test('where it can not be written nothing is promised, and it is tried again', async (t) => {
  const file = join(t.testdir({ folder: {} }), 'folder', 'revoked')
  const revoked = await RevokedFile.open(file, 100)
  await rm(join(file, '..'), { recursive: true })
  await t.rejects(revoked.add('a', LATER), { name: 'StorageFailure', code: 'ENOENT' })
  t.notOk(revoked.tokens.has('a'))
  await t.rejects(Promise.all([revoked.add('a', LATER), revoked.add('b', LATER)]))
})

t.test('a line that names a token of any text stays one line', async (t) => {
  const file = fileIn(t)
  const revoked = await RevokedFile.open(file, 100)
  const jti = 'a"\n[1,"b"]\u2028\\'
  await revoked.add(jti, LATER)
  t.same(await kept(file), [[jti, LATER]])
})

t.test('a file that is none of ours, or broken, ends the start with what to do', async (t) => {
  const broken = {
    empty: '',
    'another file': '{"users":[]}\n',
    'without a line break': HEAD.trim(),
    'no JSON': `${HEAD}x\n`,
    'another shape': `${HEAD}{"a":1}\n`,
    'a time that is none': `${HEAD}["x","a"]\n`,
    'a name that is none': `${HEAD}[1,2]\n`,
    'an endless name': `${HEAD}[1,"${'a'.repeat(200)}"]\n`,
    'an empty line': `${HEAD}\n`,
    'more than may be': `${HEAD}${Array.from({ length: 101 }, (_, at) => `[null,"${at}"]\n`).join('')}`,
    'far too large': HEAD + 'a'.repeat(1_000_000),
  }
  for (const [what, text] of Object.entries(broken)) {
    const file = fileIn(t, text)
    await t.rejects(
      RevokedFile.open(file, 100),
      { name: 'SeedError', message: /^[^\n]*revoked: [^\n]*; or move it away: [^\n]*$/ },
      what,
    )
    t.equal(readFileSync(file, 'utf8'), text, 'it stays as it is')
  }
  const folder = t.testdir({ revoked: {}, real: HEAD })
  await t.rejects(RevokedFile.open(join(folder, 'revoked'), 100), /no regular file/)
  symlinkSync('real', join(folder, 'link'))
  await t.rejects(RevokedFile.open(join(folder, 'link'), 100), /no regular file/)
  const binary = join(folder, 'binary')
  writeFileSync(binary, Buffer.from([0xff, 0xfe, 0x0a]))
  await t.rejects(RevokedFile.open(binary, 100), /UTF-8/)
})

t.test(
  'one that can not be read is no reason to go on without it',
  { skip: process.getuid?.() === 0 && 'root reads everything' },
  async (t) => {
    const file = fileIn(t, HEAD)
    await chmod(file, 0)
    await t.rejects(RevokedFile.open(file, 100), /can't be read \(EACCES\)/)
  },
)
