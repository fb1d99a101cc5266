import { once } from 'node:events'
import { readFile, rename, symlink, writeFile } from 'node:fs/promises'
import t from 'tap'
import { type Run, runCommand, seen, startListening } from '../fixtures/process.js'
import { noTerminal, runInTerminal } from '../fixtures/terminal.js'

const USER = (name: string) => JSON.stringify({ users: [{ name, password: 'x' }] })
const LISTENING = /listening at (http:\/\/[^";\s]+)/

async function errorSeen(run: Run, text: string): Promise<void> {
  while (!run.output.stderr.includes(text)) await once(run.child.stderr ?? run.child, 'data')
}

/** Waits for the next server, and asks it for its users. */
async function usersOf(run: Run): Promise<unknown> {
  const url = await seen(run, LISTENING)
  run.output.stdout = ''
  return (await fetch(`${url}/api/users`)).json()
}

t.test('serve --dev starts anew when the file changes, whichever way', async (t) => {
  const cwd = t.testdir({ real: { 'mine.json': USER('ada') } })
  await symlink('real/mine.json', `${cwd}/data.json`)
  const file = `${cwd}/data.json`
  const run = runCommand(t, ['serve', '--dev', '-p', '0'], { cwd })
  t.same(await usersOf(run), [{ id: 1, name: 'ada' }])

  await writeFile(file, USER('bobby'))
  t.same(await usersOf(run), [{ id: 1, name: 'bobby' }])

  // As editors and Slipway's own commands do.
  await writeFile(`${cwd}/real/new.json`, USER('cyd'))
  await rename(`${cwd}/real/new.json`, `${cwd}/real/mine.json`)
  t.same(await usersOf(run), [{ id: 1, name: 'cyd' }])

  await writeFile(file, '{"users": [')
  await errorSeen(run, 'not valid JSON; the server goes on with what it has')
  t.notMatch(run.output.stdout, /listening|received/, 'it has not started anew')
  await writeFile(file, USER('dan'))
  t.same(await usersOf(run), [{ id: 1, name: 'dan' }])

  run.child.kill('SIGTERM')
  t.equal(await run.ended, 0)
})

t.test('its logs are for people, and tell more', async (t) => {
  const cwd = t.testdir({ 'data.json': USER('ada') })
  const run = await startListening(t, ['runserver', '-h', 'localhost', '-p', '0'], {
    cwd,
    env: { NODE_ENV: 'production' },
  })
  t.match(run.output.stdout, /^\[[\d:.]+\] INFO \(\d+\): /m)
  t.notMatch(run.output.stdout, '{"level"')
  t.equal((await fetch(`${run.url}/api/v1/admin/user_list`)).status, 200, 'no production')
  run.child.kill('SIGINT')
  t.equal(await run.ended, 0)
  t.match(run.output.stdout, 'SIGINT received: stopping')
  t.equal(await readFile(`${cwd}/data.json`, 'utf8'), USER('ada'))
})

t.test('a server that cannot start ends it', async (t) => {
  const cwd = t.testdir({ 'data.json': '{}' })
  const run = runCommand(t, ['serve', '--dev', '-H', '203.0.113.1', '-p', '0'], { cwd })
  t.equal(await run.ended, 1)
  t.match(run.output.stderr, /^slipway: it can't listen: .*\n$/)
})

t.test('Ctrl-C lets it stop in its own time', { skip: noTerminal }, async (t) => {
  const cwd = t.testdir({ 'data.json': '{}' })
  const run = runInTerminal(t, ['runserver', '-p', '0'], { cwd })
  await run.answer(/listening/, '\u0003')
  t.equal(await run.ended, 0)
  t.match(run.screen(), 'SIGINT received: stopping')
})
