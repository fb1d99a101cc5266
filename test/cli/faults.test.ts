import { chmod, chown, mkdir, readdir, readFile, stat, writeFile } from 'node:fs/promises'
import t, { type Test } from 'tap'
import { finish, type RunOptions } from '../fixtures/process.js'

const TEXT = '{"users": [{"name": "ada", "password": "x"}]}'
const NOBODY = 65_534
/** What may write nothing can't write its coverage either. */
const UNMEASURED = 'unset NODE_V8_COVERAGE'
const isRoot = process.getuid?.() === 0

/** Each command that writes, with one line and exit code 1. */
async function refuseAll(t: Test, options: RunOptions, expected: RegExp): Promise<void> {
  const edits = [
    ['project', 'add', 'One'],
    ['user', 'remove', 'ada'],
    ['drop', '--yes'],
  ]
  for (const args of edits) {
    const { code, stdout, stderr } = await finish(t, args, options)
    t.equal(code, 1, args.join(' '))
    t.match(stderr, expected)
    t.equal(stdout, '')
  }
}

t.test('a full disk leaves the file as it is', async (t) => {
  const cwd = t.testdir({ 'data.json': TEXT })
  // No file may have a single byte.
  const options = { cwd, before: `${UNMEASURED}; ulimit -f 0` }
  await refuseAll(t, options, /^slipway: data\.json: can't be written \(EFBIG\)\n$/)
  t.equal(await readFile(`${cwd}/data.json`, 'utf8'), TEXT)
  const init = await finish(t, ['init', 'new.json'], options)
  t.match(init, { code: 1, stderr: "slipway: new.json: can't be written (EFBIG)\n" })
  t.same(await readdir(cwd), ['data.json'])
})

t.test('what is no file is refused', async (t) => {
  const cwd = t.testdir({ 'data.json': {} })
  await refuseAll(t, { cwd }, /^slipway: data\.json: can't be read \(EISDIR\)\n$/)
  const there = await finish(t, ['init'], { cwd })
  t.match(there, { code: 1, stderr: 'slipway: data.json is there already\n' })
  const device = await finish(t, ['project', 'add', 'One', '-d', '/dev/null'], { cwd })
  t.match(device, { code: 1, stderr: /^slipway: \/dev\/null: not a regular file\n$/ })
})

t.test('a name that leaves no room for a lock beside it is refused', async (t) => {
  const name = `${'x'.repeat(247)}.json`
  const cwd = t.testdir({ [name]: TEXT })
  const { code, stderr } = await finish(t, ['project', 'add', 'One', '-d', name], { cwd })
  t.equal(code, 1)
  t.match(stderr, /: can't be written \(ENAMETOOLONG\)\n$/)
  t.equal(await readFile(`${cwd}/${name}`, 'utf8'), TEXT)
})

t.test('nothing is written without permission', async (t) => {
  const cwd = t.testdir({ open: { 'data.json': TEXT }, closed: { 'data.json': TEXT } })
  // Permissions don't stop root, so that one runs the commands as nobody.
  const nobody = { uid: isRoot ? NOBODY : undefined, before: UNMEASURED }
  if (isRoot) {
    for (const path of ['open', 'open/data.json', 'closed', 'closed/data.json']) {
      await chown(`${cwd}/${path}`, NOBODY, NOBODY)
    }
    if ((await finish(t, ['--version'], nobody)).code !== 0) {
      t.comment('nobody else than root can read this folder')
      return
    }
  }
  await chmod(`${cwd}/open/data.json`, 0o444)
  await chmod(`${cwd}/closed`, 0o555)
  for (const folder of ['open', 'closed']) {
    const options = { cwd: `${cwd}/${folder}`, ...nobody }
    await refuseAll(t, options, /^slipway: data\.json: can't be written \(EACCES\)\n$/)
    t.equal(await readFile(`${cwd}/${folder}/data.json`, 'utf8'), TEXT)
    t.same(await readdir(`${cwd}/${folder}`), ['data.json'])
  }
  const init = await finish(t, ['init', 'new.json'], { cwd: `${cwd}/closed`, ...nobody })
  t.match(init, { code: 1, stderr: "slipway: new.json: can't be written (EACCES)\n" })
  await chmod(`${cwd}/closed`, 0o755)
  await chmod(`${cwd}/open/data.json`, 0o000)
  const unread = await finish(t, ['user', 'list'], { cwd: `${cwd}/open`, ...nobody })
  t.match(unread, { code: 1, stderr: "slipway: data.json: can't be read (EACCES)\n" })
})

t.test("root's edit leaves a file its owner", { skip: !isRoot && 'only root can' }, async (t) => {
  const cwd = t.testdir({})
  await mkdir(`${cwd}/theirs`)
  await writeFile(`${cwd}/theirs/data.json`, TEXT, { mode: 0o600 })
  await chown(`${cwd}/theirs/data.json`, NOBODY, NOBODY)
  t.equal((await finish(t, ['project', 'add', 'One'], { cwd: `${cwd}/theirs` })).code, 0)
  t.match(await stat(`${cwd}/theirs/data.json`), { uid: NOBODY, gid: NOBODY, mode: 0o100600 })
})
