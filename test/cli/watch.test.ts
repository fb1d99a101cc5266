import { once } from 'node:events'
import { readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { request } from 'node:http'
import t from 'tap'
import { type Run, runCommand, seen, startListening } from '../fixtures/process.js'
import { replace } from '../fixtures/replace.js'
import { noTerminal, runInTerminal } from '../fixtures/terminal.js'

const USER = (name: string) => JSON.stringify({ users: [{ name, password: 'x' }] })
const LISTENING = /listening at (http:\/\/[^";\s]+)/

async function errorSeen(run: Run, text: string): Promise<void> {
  while (!run.output.stderr.includes(text)) {
    const ended = await Promise.race([run.ended, once(run.child.stderr ?? run.child, 'data')])
    if (!Array.isArray(ended)) throw new Error(`It ended with ${ended}: ${run.output.stderr}`)
  }
}

/** Waits for the next server, and asks it for its users. */
async function usersOf(run: Run): Promise<unknown> {
  const url = await seen(run, LISTENING)
  run.output.stdout = ''
  return (await fetch(`${url}/api/users`)).json()
}

/** Lets a fault come when a change has been found good, and before the new server reads it. */
async function failToStart(run: Run, file: string): Promise<void> {
  const url = await seen(run, LISTENING)
  // The old server waits for this to end, and the new one for the old one.
  const headers = { 'content-type': 'application/json', expect: '100-continue' }
  const login = request(`${url}/auth/login`, { method: 'POST', headers })
  login.on('error', () => {})
  login.flushHeaders()
  await once(login, 'continue')
  run.output.stdout = ''
  run.output.stderr = ''
  await replace(file, '{}')
  await errorSeen(run, 'starting anew')
  await replace(file, '{"users": [')
  login.destroy()
  await errorSeen(run, 'the server could not start: waiting for the next change')
}

t.test('serve --dev starts anew when the file changes, whichever way', async (t) => {
  const cwd = t.testdir({ real: { 'mine.json': USER('ada') } })
  await symlink('real/mine.json', `${cwd}/data.json`)
  const file = `${cwd}/real/mine.json`
  const run = runCommand(t, ['serve', '--dev', '-p', '0'], { cwd })
  t.same(await usersOf(run), [{ id: 1, name: 'ada' }])

  await replace(file, USER('bobby'))
  t.same(await usersOf(run), [{ id: 1, name: 'bobby' }])

  await replace(file, '{"users": [')
  await errorSeen(run, 'data.json:1:12: not valid JSON')
  await errorSeen(run, 'the server goes on with the data it has')
  t.notMatch(run.output.stdout, /listening|received/, 'it has not started anew')
  await replace(file, USER('cyd'))
  t.same(await usersOf(run), [{ id: 1, name: 'cyd' }])

  // It can be seen empty first, and then there are two changes, and two starts.
  await writeFile(file, USER('dan'))
  t.ok(await seen(run, LISTENING))
})

t.test('a fault that comes while it starts anew does not end it', async (t) => {
  const cwd = t.testdir({ 'data.json': USER('ada') })
  const file = `${cwd}/data.json`
  const run = runCommand(t, ['serve', '--dev', '-p', '0'], { cwd })
  await failToStart(run, file)
  await replace(file, USER('bobby'))
  t.same(await usersOf(run), [{ id: 1, name: 'bobby' }])

  await replace(file, USER('cyd'))
  await failToStart(run, file)
  run.child.kill('SIGTERM')
  t.equal(await run.ended, 0, 'it can be stopped meanwhile')
})

t.test('starts without end leave nothing behind', async (t) => {
  const cwd = t.testdir({ 'data.json': '{}' })
  const run = runCommand(t, ['serve', '--dev', '-p', '0'], { cwd })
  // One more than the listeners that Node takes for no leak.
  for (const index of Array.from({ length: 11 }).keys()) {
    await seen(run, LISTENING)
    run.output.stdout = ''
    await replace(`${cwd}/data.json`, USER(`user ${index}`))
  }
  t.same(await usersOf(run), [{ id: 1, name: 'user 10' }])
  run.child.kill('SIGTERM')
  t.equal(await run.ended, 0)
  t.notMatch(run.output.stderr, 'Warning')
})

t.test('the server ends with it, however it ends', async (t) => {
  const cwd = t.testdir({ 'data.json': '{}' })
  const run = await startListening(t, ['serve', '--dev', '-p', '0'], { cwd })
  run.child.kill('SIGKILL')
  // Not before the server has closed its end of the output.
  t.equal(await run.ended, 'SIGKILL')
  await t.rejects(fetch(run.url))
})

t.test('its logs are for people', async (t) => {
  const cwd = t.testdir({ 'data.json': USER('ada') })
  const run = await startListening(t, ['runserver', '-h', 'localhost', '-p', '0'], {
    cwd,
    env: { NODE_ENV: 'production' },
  })
  t.match(run.output.stdout, /^\[[\d:.]+\] INFO: Slipway is listening/m)
  t.notMatch(run.output.stdout, '{"level"')
  t.equal((await fetch(`${run.url}/api/v1/admin/user_list`)).status, 200, 'no production')
  run.child.kill('SIGINT')
  t.equal(await run.ended, 0)
  t.match(run.output.stdout, 'SIGINT received: stopping')
  t.match(
    run.output.stdout,
    /^\[[\d:.]+\] INFO: GET \/api\/v1\/admin\/user_list 200 in [\d.]+ ms$/m,
  )
  t.equal(await readFile(`${cwd}/data.json`, 'utf8'), USER('ada'))
})

t.test('a server that cannot start ends it', async (t) => {
  const cwd = t.testdir({ 'data.json': '{}' })
  const run = runCommand(t, ['serve', '--dev', '-H', '203.0.113.1', '-p', '0'], { cwd })
  t.equal(await run.ended, 1)
  t.match(run.output.stderr, /^slipway: it can't listen: .*\n$/)
})

t.test('tokens outlive a new start, and what clients have changed does not', async (t) => {
  const cwd = t.testdir({ 'data.json': USER('ada') })
  const run = runCommand(t, ['serve', '--dev', '-p', '0'], { cwd })
  const send = async (method: string, url: string, body: object, token = '') => {
    const headers = { 'content-type': 'application/json', authorization: `Bearer ${token}` }
    return fetch(url, { method, headers, body: JSON.stringify(body) })
  }
  const first = await seen(run, LISTENING)
  const login = await send('POST', `${first}/auth/login`, { username: 'ada', password: 'x' })
  const { refresh_token: token } = Object(await login.json())
  await send('POST', `${first}/api/users`, { name: 'made by a client', password: 'pass' })

  run.output.stdout = ''
  await replace(`${cwd}/data.json`, `${USER('ada')}\n`)
  const second = await seen(run, LISTENING)
  t.match(run.output.stderr, /what clients have changed since the last start is gone/)
  t.equal((await send('POST', `${second}/auth/refresh`, {}, token)).status, 200)
  t.same(await (await fetch(`${second}/api/users`)).json(), [{ id: 1, name: 'ada' }])
})

t.test('it ends when its terminal goes away', { skip: noTerminal }, async (t) => {
  const cwd = t.testdir({ 'data.json': '{}' })
  const run = runInTerminal(t, ['serve', '--dev', '-p', '0'], { cwd })
  await run.answer(/listening at \S+;/, '')
  const [, url = ''] = LISTENING.exec(run.screen()) ?? []
  t.equal((await fetch(`${url}/healthz`)).status, 200)
  await run.hangUp()
  await t.rejects(fetch(`${url}/healthz`))
})

t.test('Ctrl-C lets it stop in its own time', { skip: noTerminal }, async (t) => {
  const cwd = t.testdir({ 'data.json': '{}' })
  const run = runInTerminal(t, ['runserver', '-p', '0'], { cwd })
  await run.answer(/listening/, '\u0003')
  t.equal(await run.ended, 0)
  t.match(run.screen(), 'SIGINT received: stopping')
})

t.test('--watch starts anew too, without any command, and logs as ever', async (t) => {
  const cwd = t.testdir({ 'db.json': USER('ada'), 'routes.json': '{"/me":"/api/users"}' })
  const args = ['--watch', 'db.json', '-p', '0', '-r', 'routes.json']
  const run = runCommand(t, args, { cwd })
  t.same(await usersOf(run), [{ id: 1, name: 'ada' }])
  await replace(`${cwd}/db.json`, USER('bobby'))
  t.same(await usersOf(run), [{ id: 1, name: 'bobby' }])
  await replace(`${cwd}/routes.json`, '{"/them":"/api/users"}')
  const url = await seen(run, LISTENING)
  t.same(await (await fetch(`${url}/them`)).json(), [{ id: 1, name: 'bobby' }])
  t.match(run.output.stdout, '{"level":30')
  run.child.kill('SIGTERM')
  t.equal(await run.ended, 0)
})

t.test('a file that is broken, unreadable or gone is told in one line', async (t) => {
  const cwd = t.testdir({ 'db.json': USER('ada'), folder: {} })
  const file = `${cwd}/db.json`
  const run = await startListening(t, ['-w', 'db.json', '-p', '0'], { cwd })
  const stay = '; the server goes on with the data it has\n'
  const told = async (fault: string) => {
    await errorSeen(run, stay)
    t.equal(run.output.stderr, `slipway: db.json${fault}${stay}`)
    run.output.stderr = ''
    t.same(await (await fetch(`${run.url}/api/users`)).json(), [{ id: 1, name: 'ada' }])
  }
  await replace(file, '[')
  await told(':1:2: not valid JSON: a ] is missing here')
  await rm(file)
  await told(": can't be read (no such file)")
  // As root can read every file.
  await symlink('folder', file)
  await told(": can't be read (EISDIR)")
  await rm(file)
  run.output.stdout = ''
  await replace(file, USER('bobby'))
  t.same(await usersOf(run), [{ id: 1, name: 'bobby' }])
})
