import { readFile } from 'node:fs/promises'
import t from 'tap'
import { finish, runCommand, seen } from '../fixtures/process.js'
import { replace } from '../fixtures/replace.js'

const PROGRAM = (name: string) =>
  `export default async () => ({ users: [{ name: '${name}', password: 'x' }] })\n`

t.test('commands read every format', async (t) => {
  const files = {
    'db.json5': "{ users: [{ name: 'ada', password: 'x' }] }",
    'db.jsonc': '{ "users": [{ "name": "ada", "password": "x" }], } // one',
    'db.mjs': PROGRAM('ada'),
    'db.cjs': "module.exports = { users: [{ name: 'ada', password: 'x' }] }",
  }
  const cwd = t.testdir(files)
  for (const name of Object.keys(files)) {
    const { code, stdout } = await finish(t, ['user', 'list', '-d', name], { cwd })
    t.equal(code, 0, name)
    t.match(stdout, 'ada')
  }
})

t.test('what can be edited and stay as it is otherwise is edited', async (t) => {
  const text = `// Who may log in
{
  "users": [
    // The first of all
    { "name": "ada", "password": "x" }, // and the last
  ], /* no more */
}
`
  const cwd = t.testdir({ 'db.jsonc': text })
  const args = ['user', 'add', 'bob', '--password-stdin', '-d', 'db.jsonc']
  t.match(await finish(t, args, { cwd, input: 'y' }), { code: 0, stderr: '' })
  t.equal((await finish(t, ['user', 'remove', 'ada', '-d', 'db.jsonc'], { cwd })).code, 0)
  const edited = await readFile(`${cwd}/db.jsonc`, 'utf8')
  t.match(edited, '// Who may log in\n')
  t.match(edited, '/* no more */')
  t.match(edited, '"bob"')
  t.notMatch(edited, '"ada"')
  t.match(await finish(t, ['check', 'db.jsonc'], { cwd }), { code: 0, stdout: /1 user/ })
})

t.test('commands that edit refuse the others, before they ask', async (t) => {
  const json5 = "{ users: [{ name: 'ada', password: 'x' }] }"
  const cwd = t.testdir({ 'db.json5': json5, 'db.js': PROGRAM('ada') })
  const edits = [
    ['user', 'add'],
    ['user', 'remove', 'ada'],
    ['project', 'add', 'One'],
    ['project', 'remove', 'One'],
    ['member', 'add', 'ada', 'One'],
    ['member', 'remove', 'ada', 'One'],
    ['drop'],
  ]
  for (const args of edits) {
    for (const name of ['db.json5', 'db.js']) {
      t.same(await finish(t, [...args, '-d', name], { cwd }), {
        code: 1,
        stdout: '',
        stderr: `slipway: ${name}: only .json and .jsonc files can be edited by a command\n`,
      })
    }
  }
  t.equal(await readFile(`${cwd}/db.json5`, 'utf8'), json5)
})

t.test('serve --dev runs a program again when it changes', async (t) => {
  const cwd = t.testdir({ 'db.mjs': PROGRAM('ada') })
  const run = runCommand(t, ['serve', '--dev', '-p', '0', 'db.mjs'], { cwd })
  const nextUsers = async () => {
    const url = await seen(run, /listening at (http:\/\/[^";\s]+)/)
    run.output.stdout = ''
    return (await fetch(`${url}/api/users`)).json()
  }
  t.same(await nextUsers(), [{ id: 1, name: 'ada' }])

  await replace(`${cwd}/db.mjs`, PROGRAM('bobby'))
  t.same(await nextUsers(), [{ id: 1, name: 'bobby' }])

  await replace(`${cwd}/db.mjs`, 'export default () => {\n  null.x\n}')
  while (!run.output.stderr.includes('the server goes on with the data it has')) {
    await new Promise((resolve) => run.child.stderr?.once('data', resolve))
  }
  t.match(run.output.stderr, /^slipway: db\.mjs:2:8: throws TypeError: /m)
  await replace(`${cwd}/db.mjs`, PROGRAM('cyd'))
  t.same(await nextUsers(), [{ id: 1, name: 'cyd' }])
  run.child.kill('SIGTERM')
  t.equal(await run.ended, 0)
})
