import { once } from 'node:events'
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs'
import { chmod, mkdir, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import t, { type Test } from 'tap'
import { SECRET } from '../fixtures/app.js'
import { finish, type Run, runCommand, seen, startProcess } from '../fixtures/process.js'
import { replace } from '../fixtures/replace.js'

const DATA = JSON.stringify({
  notes: [{ id: 1, text: 'a' }],
  users: [
    { id: 1, email: 'ann@example.com', password: 'a pass phrase' },
    { id: 2, email: 'bob@example.com', password: 'another phrase' },
  ],
})

const env = { JWT_SECRET: SECRET }

const fileIn = (t: Test) => join(t.testdir({ 'db.json': DATA }), 'db.json')

async function tokensOf(url: string, email = 'ann@example.com', password = 'a pass phrase') {
  const response = await fetch(`${url}/auth/login`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ email, password }),
  })
  const { access_token: access, refresh_token: refresh } = Object(await response.json())
  return { access: String(access), refresh: String(refresh) }
}

async function status(url: string, path: string, token: string, init: RequestInit = {}) {
  const headers = { 'content-type': 'application/json', authorization: `Bearer ${token}` }
  return (await fetch(url + path, { headers, ...init })).status
}

const logOut = (url: string, token: string, path = '/auth/logout') =>
  status(url, path, token, { method: 'DELETE' })

async function kill({ child }: Run): Promise<void> {
  child.kill('SIGKILL')
  await once(child, 'exit')
}

t.test('a kill right after a logout revives no token, with --save', async (t) => {
  const file = fileIn(t)
  const first = await startProcess(t, [file, '--save'], { env })
  const [gone, left] = [await tokensOf(first.url), await tokensOf(first.url)]
  const others = await Promise.all(Array.from({ length: 20 }, () => tokensOf(first.url)))
  t.equal(await logOut(first.url, gone.access), 200)
  t.equal(await logOut(first.url, gone.refresh, '/auth/logout2'), 200)
  t.same(
    new Set(await Promise.all(others.map(({ access }) => logOut(first.url, access)))),
    new Set([200]),
  )
  await kill(first)
  t.equal(statSync(`${file}.revoked`).mode & 0o777, 0o600)

  const second = await startProcess(t, [file, '--save'], { env })
  t.equal(await status(second.url, '/auth/me', gone.access), 401)
  t.equal(await status(second.url, '/auth/refresh', gone.refresh, { method: 'POST' }), 401)
  t.equal(await status(second.url, '/~other/auth/me', gone.access), 401, 'in no workspace either')
  t.equal(await status(second.url, '/auth/me', left.access), 200)
  for (const { access } of others) t.equal(await status(second.url, '/auth/me', access), 401)
  await status(second.url, '/__slipway/reset', left.access, { method: 'POST' })
  t.equal(await status(second.url, '/auth/me', gone.access), 401, 'as at the start')
  t.equal(await logOut(second.url, left.access), 200)
  await kill(second)

  const third = await startProcess(t, [file, '--save'], { env })
  t.equal(await status(third.url, '/auth/me', gone.access), 401)
  t.equal(await status(third.url, '/auth/me', left.access), 401)
  t.match(JSON.parse(readFileSync(file, 'utf8')), { notes: [{ id: 1 }] })
})

t.test('REVOKED_TOKEN_FILE keeps those of the APIs, without --save', async (t) => {
  const file = join(t.testdir(), 'revoked')
  const options = { env: { ...env, REVOKED_TOKEN_FILE: file } }
  const logIn = async (url: string) => {
    const authorization = `Basic ${Buffer.from('user:password').toString('base64')}`
    return Object(await (await fetch(`${url}/login`, { headers: { authorization } })).json())
  }
  const first = await startProcess(t, [], options)
  const { token, access_token } = await logIn(first.url)
  t.equal(await logOut(first.url, token), 200, 'one without an end')
  await kill(first)
  const second = await startProcess(t, [], options)
  t.equal(await status(second.url, '/template', token), 401)
  t.equal(await status(second.url, '/template', access_token), 200)
})

t.test('without a place the next process knows of no logout, nor of a password', async (t) => {
  const file = fileIn(t)
  const first = await startProcess(t, [file], { env })
  const { access } = await tokensOf(first.url)
  t.equal(await logOut(first.url, access), 200)
  t.equal(await status(first.url, '/auth/me', access), 401)
  const bob = await tokensOf(first.url, 'bob@example.com', 'another phrase')
  const body = JSON.stringify({ password: 'a new pass phrase' })
  t.equal(await status(first.url, '/users/2', bob.access, { method: 'PATCH', body }), 200)
  t.equal(await status(first.url, '/auth/me', bob.access), 401)
  await kill(first)
  const second = await startProcess(t, [file], { env })
  t.equal(await status(second.url, '/auth/me', access), 200, 'as the README says')
  t.equal(await status(second.url, '/auth/me', bob.access), 200, 'with the password of the file')
  t.notOk(existsSync(`${file}.revoked`))

  const third = await startProcess(t, [file, '--save'])
  const other = await tokensOf(third.url)
  t.equal(await logOut(third.url, other.access), 200)
  t.notOk(existsSync(`${file}.revoked`), 'without JWT_SECRET every token ends with the process')
})

t.test('another password ends the tokens for the next process too, with --save', async (t) => {
  const file = fileIn(t)
  const first = await startProcess(t, [file, '--save'], { env })
  const [ann, bob] = [
    await tokensOf(first.url),
    await tokensOf(first.url, 'bob@example.com', 'another phrase'),
  ]
  const body = JSON.stringify({ password: 'a new pass phrase' })
  t.equal(await status(first.url, '/users/1', ann.access, { method: 'PATCH', body }), 200)
  t.equal(await status(first.url, '/auth/me', ann.access), 401)
  while (!readFileSync(file, 'utf8').includes('passwordHash')) await setTimeout(20)
  await kill(first)
  const second = await startProcess(t, [file, '--save'], { env })
  t.equal(await status(second.url, '/auth/me', ann.access), 401)
  t.equal(await status(second.url, '/auth/refresh', ann.refresh, { method: 'POST' }), 401)
  t.equal(await status(second.url, '/auth/me', bob.access), 200, "others' stay good")
  const { access } = await tokensOf(second.url, 'ann@example.com', 'a new pass phrase')
  t.equal(await status(second.url, '/auth/me', access), 200)
})

t.test('a file that is broken ends the start with one line that says what to do', async (t) => {
  const file = fileIn(t)
  await writeFile(`${file}.revoked`, 'no such thing')
  const { code, stderr } = await finish(t, [file, '--save', '--port', '0'], { env })
  t.equal(code, 1)
  t.match(stderr, /^slipway: [^\n]*db\.json\.revoked: [^\n]*move it away: [^\n]*\n$/)
  t.equal(readFileSync(`${file}.revoked`, 'utf8'), 'no such thing')
  const { code: without } = await finish(t, ['check', '-d', file], { env })
  t.equal(without, 0, 'it is no matter where nothing is saved')
})

t.test('where it can not be written the token stays good, and the answer says so', async (t) => {
  const folder = join(t.testdir({ 'db.json': DATA }))
  const kept = join(folder, 'kept')
  await mkdir(kept)
  const REVOKED_TOKEN_FILE = join(kept, 'revoked')
  const { url } = await startProcess(t, [join(folder, 'db.json')], {
    env: { ...env, REVOKED_TOKEN_FILE },
  })
  const { access } = await tokensOf(url)
  await chmod(kept, 0)
  await rm(kept, { recursive: true, force: true })
  t.equal(await logOut(url, access), 503)
  t.equal(await status(url, '/auth/me', access), 200)
  await mkdir(kept)
  t.equal(await logOut(url, access), 200)
  t.equal(await status(url, '/auth/me', access), 401)
  t.ok(existsSync(REVOKED_TOKEN_FILE))
})

t.test('a new start of --watch knows what was revoked before, and leaves nothing', async (t) => {
  const file = fileIn(t)
  const folder = t.testdir({ tmp: {}, 'db.json': DATA })
  const TMPDIR = join(folder, 'tmp')
  const run = runCommand(t, [file, '--watch', '--port', '0'], { env: { TMPDIR } })
  const url = await seen(run, /listening at (http:\/\/[^";\s]+)/)
  const [gone, left] = [await tokensOf(url), await tokensOf(url)]
  t.equal(await logOut(url, gone.access), 200)
  run.output.stdout = ''
  await replace(file, DATA.replace('"text":"a"', '"text":"b"'))
  const next = await seen(run, /listening at (http:\/\/[^";\s]+)/)
  t.equal(await status(next, '/auth/me', left.access), 200)
  t.equal(await status(next, '/auth/me', gone.access), 401)
  t.notOk(existsSync(`${file}.revoked`))
  run.child.kill('SIGTERM')
  t.equal(await run.ended, 0)
  t.same(readdirSync(TMPDIR), [])
})
