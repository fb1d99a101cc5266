import { readFile } from 'node:fs/promises'
import { verify } from '@node-rs/argon2'
import t, { type Test } from 'tap'
import { finish } from '../fixtures/process.js'
import { noTerminal, runInTerminal } from '../fixtures/terminal.js'

const SECRET = 'pass phrase'
const ENTER = '\r'
const CTRL_C = '\u0003'
const CTRL_D = '\u0004'

const DATA = JSON.stringify({
  users: [{ name: 'ada', password: 'x' }],
  projects: [{ name: 'One' }],
})

const skip = noTerminal

function folderOf(t: Test, data = DATA): { cwd: string; read: () => Promise<string> } {
  const cwd = t.testdir({ 'data.json': data })
  return { cwd, read: () => readFile(`${cwd}/data.json`, 'utf8') }
}

t.test('a missing name and password are asked for, the password unseen', { skip }, async (t) => {
  const { cwd, read } = folderOf(t)
  const run = runInTerminal(t, ['user', 'add'], { cwd })
  await run.answer(/Username: $/, `bob${ENTER}`)
  await run.answer(/Password: $/, `${SECRET}${ENTER}`)
  await run.answer(/The same again: $/, `${SECRET}${ENTER}`)
  t.equal(await run.ended, 0)
  t.match(run.screen(), /Username: .*bob/s, 'a name can be seen')
  t.match(run.screen(), 'added the user "bob" with the id 2 to data.json')
  t.notMatch(run.screen(), /pass|phrase|argon2/)
  const [, bob] = JSON.parse(await read()).users
  t.match(bob, { name: 'bob', email: undefined })
  t.ok(await verify(bob.passwordHash, SECRET))
})

t.test("the document's create_user and create_admin ask for an email too", { skip }, async (t) => {
  const { cwd, read } = folderOf(t)
  const admin = runInTerminal(t, ['create_admin'], { cwd })
  await admin.answer(/Username: $/, `bob${ENTER}`)
  await admin.answer(/Password: $/, `${SECRET}${ENTER}`)
  await admin.answer(/The same again: $/, `${SECRET}${ENTER}`)
  await admin.answer(/Email \(may be empty\): $/, `bob@example.com${ENTER}`)
  t.equal(await admin.ended, 0)
  const user = runInTerminal(t, ['create_user', 'cyd'], { cwd })
  await user.answer(/Password: $/, `${SECRET}${ENTER}`)
  await user.answer(/The same again: $/, `${SECRET}${ENTER}`)
  await user.answer(/Email \(may be empty\): $/, ENTER)
  t.equal(await user.ended, 0)
  t.match(JSON.parse(await read()).users.slice(1), [
    { name: 'bob', email: 'bob@example.com', admin: true },
    { name: 'cyd', email: undefined, admin: undefined },
  ])
})

t.test('projects and memberships are asked for', { skip }, async (t) => {
  const { cwd, read } = folderOf(t)
  const project = runInTerminal(t, ['create_project'], { cwd })
  await project.answer(/Project: $/, `Two${ENTER}`)
  await project.answer(/Description \(may be empty\): $/, `The second${ENTER}`)
  t.equal(await project.ended, 0)
  const relation = runInTerminal(t, ['create_relation'], { cwd })
  await relation.answer(/Username: $/, `ada${ENTER}`)
  await relation.answer(/Project: $/, `Two${ENTER}`)
  t.equal(await relation.ended, 0)
  t.match(JSON.parse(await read()), {
    projects: [{ name: 'One' }, { id: 2, name: 'Two', description: 'The second' }],
    memberships: [{ user_id: 1, project_id: 2 }],
  })
  const ending = runInTerminal(t, ['delete_relation', 'ada'], { cwd })
  await ending.answer(/Project: $/, `Two${ENTER}`)
  t.equal(await ending.ended, 0)
  const removal = runInTerminal(t, ['delete_project'], { cwd })
  await removal.answer(/Project: $/, `Two${ENTER}`)
  t.equal(await removal.ended, 0)
  const user = runInTerminal(t, ['delete_user'], { cwd })
  await user.answer(/Username: $/, `ada${ENTER}`)
  t.equal(await user.ended, 0)
  t.same(JSON.parse(await read()), { users: [], projects: [{ name: 'One' }], memberships: [] })
})

t.test('what is typed before its question is not seen, and not lost', { skip }, async (t) => {
  const { cwd, read } = folderOf(t)
  const run = runInTerminal(t, ['create_user'], { cwd })
  await run.answer(/Username: $/, ['bob', SECRET, SECRET, 'bob@example.com', ''].join(ENTER))
  t.equal(await run.ended, 0)
  t.notMatch(run.screen(), /pass|phrase/)
  const [, bob] = JSON.parse(await read()).users
  t.equal(bob.email, 'bob@example.com')
  t.ok(await verify(bob.passwordHash, SECRET))
})

t.test('the arrow keys do not show a password', { skip }, async (t) => {
  const { cwd } = folderOf(t)
  const run = runInTerminal(t, ['create_user', 'bob'], { cwd })
  await run.answer(/Password: $/, `${SECRET}${ENTER}`)
  await run.answer(/The same again: $/, `${SECRET}${ENTER}`)
  await run.answer(/Email \(may be empty\): $/, `\u001b[A${ENTER}`)
  t.equal(await run.ended, 0)
  t.notMatch(run.screen(), /pass|phrase/)
})

t.test('answers that are refused change nothing', { skip }, async (t) => {
  const { cwd, read } = folderOf(t)
  const typo = runInTerminal(t, ['user', 'add', 'bob'], { cwd })
  await typo.answer(/Password: $/, `${SECRET}${ENTER}`)
  await typo.answer(/The same again: $/, `other${ENTER}`)
  t.equal(await typo.ended, 1)
  t.match(typo.screen(), 'slipway: the two passwords are not the same: nothing has changed')

  const taken = runInTerminal(t, ['user', 'add'], { cwd })
  await taken.answer(/Username: $/, `ada${ENTER}`)
  t.equal(await taken.ended, 1)
  t.match(taken.screen(), 'slipway: the username "ada" is taken')
  t.notMatch(taken.screen(), 'Password', 'nobody is asked in vain')

  const empty = runInTerminal(t, ['user', 'add', 'bob'], { cwd })
  await empty.answer(/Password: $/, ENTER)
  await empty.answer(/The same again: $/, ENTER)
  t.equal(await empty.ended, 1)
  t.match(empty.screen(), 'slipway: the password must not be empty')
  t.equal(await read(), DATA)
})

for (const [name, key] of [
  ['Ctrl-C', CTRL_C],
  ['Ctrl-D', CTRL_D],
] as const) {
  t.test(`${name} ends the command, and gives the terminal back`, { skip }, async (t) => {
    const { cwd, read } = folderOf(t)
    const visible = runInTerminal(t, ['user', 'add'], { cwd })
    await visible.answer(/Username: $/, key)
    t.equal(await visible.ended, 1)
    t.match(visible.screen(), 'slipway: cancelled: nothing has changed')
    const unseen = runInTerminal(t, ['user', 'add', 'bob'], { cwd }, 'echo $?; stty -a')
    await unseen.answer(/Password: $/, key)
    t.equal(await unseen.ended, 0)
    t.match(unseen.screen(), /cancelled: nothing has changed\s+1\s/)
    t.match(unseen.screen(), /(?<!-)\bicanon\b/)
    t.match(unseen.screen(), /(?<!-)\becho\b/)
    t.equal(await read(), DATA)
  })
}

t.test('dropping everything asks first', { skip }, async (t) => {
  const { cwd, read } = folderOf(t)
  for (const no of ['n', '', 'nyes']) {
    const run = runInTerminal(t, ['drop_tables'], { cwd })
    await run.answer(/Delete all of data\.json: 1 user and 1 project\? \[y\/N\] $/, `${no}${ENTER}`)
    t.equal(await run.ended, 1)
    t.equal(await read(), DATA)
  }
  const run = runInTerminal(t, ['drop'], { cwd })
  await run.answer(/\[y\/N\] $/, `y${ENTER}`)
  t.equal(await run.ended, 0)
  t.same(JSON.parse(await read()).users, [])
})

t.test('without a terminal what is missing is wrong usage', async (t) => {
  const { cwd, read } = folderOf(t)
  const calls: [string[], RegExp][] = [
    [['user', 'add'], /^slipway: missing: the username; there is no terminal to ask for it\n$/],
    [['user', 'add', 'bob'], /^slipway: missing: the password \(--password-stdin .*\n$/],
    [['create_admin', 'bob'], /^slipway: missing: the password .*\n$/],
    [['user', 'remove'], /^slipway: missing: the username;.*\n$/],
    [['project', 'add'], /^slipway: missing: the project;.*\n$/],
    [['project', 'remove'], /^slipway: missing: the project;.*\n$/],
    [['member', 'add', 'ada'], /^slipway: missing: the project;.*\n$/],
    [['member', 'remove'], /^slipway: missing: the username;.*\n$/],
    [['drop'], /^slipway: missing: --yes;.*\n$/],
  ]
  await Promise.all(
    calls.map(async ([args, expected]) => {
      const { code, stdout, stderr } = await finish(t, args, { cwd, input: 'bob\nx\nx\n' })
      t.equal(code, 2, args.join(' '))
      t.match(stderr, expected)
      t.equal(stdout, '')
    }),
  )
  t.equal(await read(), DATA)
})
