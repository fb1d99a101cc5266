import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { type Static, Type } from '@sinclair/typebox'
import { Value } from '@sinclair/typebox/value'
import t, { type Test } from 'tap'
import { preloading, runCommand, startProcess } from './fixtures/process.js'

const XWING = 'T-65 X-Wing'

/** The head of a login but for its end. The server says that it waits for the body. */
const EXPECTING =
  'POST /auth/login HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nExpect: 100-continue\r\n'

/** Opens a connection and keeps what arrives on it. */
async function open(t: Test, url: string): Promise<{ socket: Socket; received: () => string }> {
  const { hostname, port } = new URL(url)
  const socket = connect(Number(port), hostname)
  t.teardown(() => socket.destroy())
  let text = ''
  socket.on('data', (data) => {
    text += data
  })
  socket.on('error', () => {})
  await once(socket, 'connect')
  return { socket, received: () => text }
}

async function isAnswering(url: string): Promise<boolean> {
  const answer = await fetch(`${url}/healthz`).catch(() => undefined)
  await answer?.arrayBuffer()
  return answer !== undefined
}

const TokenPair = Type.Object({ access_token: Type.String(), refresh_token: Type.String() })

async function logIn(url: string): Promise<Static<typeof TokenPair>> {
  return Value.Parse(TokenPair, await (await sendLogin(url, 'password')).json())
}

async function sendLogin(url: string, password: string): Promise<Response> {
  return fetch(`${url}/auth/login`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ username: 'user', password }),
  })
}

t.test('a restart begins again from the data file', async (t) => {
  const first = await startProcess(t)
  const { access_token } = await logIn(first.url)
  const deletion = await fetch(`${first.url}/api/ships/1`, {
    method: 'DELETE',
    headers: { authorization: `Bearer ${access_token}` },
  })
  t.equal(deletion.status, 204)
  t.equal((await fetch(`${first.url}/api/ships/1`)).status, 404)
  first.child.kill('SIGTERM')
  t.equal(await first.ended, 0)

  const second = await startProcess(t)
  t.match(await (await fetch(`${second.url}/api/ships/1`)).json(), { model: XWING })
})

for (const signal of ['SIGTERM', 'SIGINT'] as const) {
  t.test(`${signal} lets requests under way finish`, async (t) => {
    const run = await startProcess(t)
    const { socket, received } = await open(t, run.url)
    const body = JSON.stringify({ username: 'user', password: 'password' })
    const head = `${EXPECTING}Content-Length: ${body.length}\r\n\r\n`
    socket.write(head + body.slice(0, 10))
    await once(socket, 'data')
    run.child.kill(signal)
    await waitFor(run, new RegExp(`${signal} received: stopping`))
    // It is said a moment before no new connection is taken any more.
    while (await isAnswering(run.url));
    socket.write(body.slice(10))
    t.equal(await run.ended, 0)
    t.match(received(), /^HTTP\/1\.1 100 Continue\r\n\r\nHTTP\/1\.1 200 OK.*access_token/s)
  })
}

t.test('a signal that comes as soon as the server listens stops it like any other', async (t) => {
  const before = preloading(`
    import { Server } from "node:net"
    const { listen } = Server.prototype
    Server.prototype.listen = function (...args) {
      // Not for the socket in the folder of files.
      if (typeof args[0] === "object") this.once("listening", () => process.kill(process.pid, "SIGTERM"))
      return listen.apply(this, args)
    }
  `)
  const run = runCommand(t, ['-p', '0'], { before })
  t.equal(await run.ended, 0, run.output.stderr)
  t.match(run.output.stdout, 'SIGTERM received: stopping')
})

t.test('a second signal ends the process at once', async (t) => {
  const run = await startProcess(t)
  const { socket } = await open(t, run.url)
  socket.write(`${EXPECTING}Content-Length: 10\r\n\r\n`)
  await once(socket, 'data')
  run.child.kill('SIGTERM')
  await waitFor(run, /SIGTERM received/)
  run.child.kill('SIGTERM')
  t.equal(await run.ended, 1)
})

for (const signal of ['SIGSEGV', 'SIGBUS', 'SIGILL', 'SIGABRT', 'SIGTRAP', 'SIGFPE'] as const) {
  t.test(`${signal} ends the process by itself`, async (t) => {
    const run = await startProcess(t)
    run.child.kill(signal)
    t.equal(await run.ended, signal)
  })
}

t.test('an idle connection does not hold up a stop', async (t) => {
  const run = await startProcess(t)
  const { socket, received } = await open(t, run.url)
  socket.write('GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n')
  await once(socket, 'data')
  run.child.kill('SIGTERM')
  t.equal(await run.ended, 0)
  t.match(received(), /^HTTP\/1\.1 200/)
})

t.test('a plan that is being rendered does not hold up a stop', async (t) => {
  const run = await startProcess(t)
  const basic = `Basic ${Buffer.from('user:password').toString('base64')}`
  const login = await fetch(`${run.url}/login`, { headers: { authorization: basic } })
  const { access_token: token } = Object(await login.json())
  const post = async (path: string, body: object) => {
    const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' }
    const init = { method: 'POST', headers, body: JSON.stringify(body) }
    return Object(await (await fetch(`${run.url}${path}`, init)).json()).id
  }
  const dmp = await post('/dmps', { text: 'word '.repeat(200_000) })
  for (let count = 0; count < 10; count++) t.ok(await post('/tasks', { dmp }))
  run.child.kill('SIGTERM')
  t.equal(await run.ended, 0)
})

t.test('readiness ends with the first signal', async (t) => {
  const run = await startProcess(t)
  const { socket, received } = await open(t, run.url)
  const slow = await open(t, run.url)
  slow.socket.write(`${EXPECTING}Content-Length: 10\r\n\r\n`)
  socket.write('GET /readyz HTTP/1.1\r\nHost: a\r\n')
  await once(slow.socket, 'data')
  run.child.kill('SIGTERM')
  await waitFor(run, /SIGTERM received/)
  socket.write('\r\n')
  await once(socket, 'data')
  t.match(received(), /^HTTP\/1\.1 503.*\{"status":"stopping"\}$/s)
})

t.test('a request that does not arrive in time is refused', async (t) => {
  const run = await startProcess(t, [], { env: { REQUEST_TIMEOUT: '1s' } })
  for (const start of [
    'GET /healthz HTTP/1.1\r\nHost: a\r\n',
    'POST /auth/login HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: 10\r\n\r\n{',
  ]) {
    const { socket, received } = await open(t, run.url)
    socket.write(start)
    await once(socket, 'close')
    t.match(received(), /^HTTP\/1\.1 408 .*"statusCode":408/s)
  }
})

t.test('a request may be given long to arrive', async (t) => {
  const { url } = await startProcess(t, [], { env: { REQUEST_TIMEOUT: '10m' } })
  t.equal((await fetch(`${url}/healthz`)).status, 200)
})

t.test('headers that are too large are 431, a large token alone is 401', async (t) => {
  const { url } = await startProcess(t)
  const withToken = (length: number) =>
    fetch(`${url}/api/ships/1`, {
      method: 'DELETE',
      headers: { authorization: `Bearer ${'x'.repeat(length)}` },
    })
  t.equal((await withToken(12_000)).status, 401)
  const refused = await withToken(20_000)
  t.equal(refused.status, 431)
  t.match(await refused.json(), { statusCode: 431, error: 'Request Header Fields Too Large' })
})

t.test('what Node would refuse without a body gets one', async (t) => {
  const { url } = await startProcess(t)
  const requests: [string, RegExp][] = [
    [
      'GET /healthz HTTP/1.1\r\nConnection: close\r\n\r\n',
      /^HTTP\/1\.1 400 .*Host header is missing/s,
    ],
    [
      'POST /auth/login HTTP/1.1\r\nHost: a\r\nExpect: more\r\nConnection: close\r\n\r\n',
      /^HTTP\/1\.1 417 .*"statusCode":417,"error":"Expectation Failed"/s,
    ],
    ['GET /healthz HTTP/1.0\r\n\r\n', /^HTTP\/1\.1 200 .*"status":"ok"/s],
    [
      'GET http://evil.example/healthz HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n',
      /^HTTP\/1\.1 \d/,
    ],
  ]
  for (const [request, expected] of requests) {
    const { socket, received } = await open(t, url)
    socket.write(request)
    await once(socket, 'close')
    t.match(received(), expected)
  }
})

t.test('what is not HTTP is refused in the one shape', async (t) => {
  const { url } = await startProcess(t)
  const { socket, received } = await open(t, url)
  socket.write('nonsense\r\n\r\n')
  await once(socket, 'close')
  t.match(received(), /^HTTP\/1\.1 400 .*"statusCode":400/s)
})

t.test('no token, password or authorization header reaches the log', async (t) => {
  const run = await startProcess(t, [], { env: { LOG_LEVEL: 'trace' } })
  const { access_token, refresh_token } = await logIn(run.url)
  await sendLogin(run.url, 'a wrong password')
  for (const token of [access_token, refresh_token, 'a-broken-token']) {
    const headers = { authorization: `Bearer ${token}` }
    await fetch(`${run.url}/auth/refresh`, { method: 'POST', headers })
    await fetch(`${run.url}/auth/logout2`, { method: 'DELETE', headers })
  }
  run.child.kill('SIGTERM')
  await run.ended
  const { stdout, stderr } = run.output
  t.match(stdout, /"url":"\/auth\/refresh","statusCode":401/)
  const signature = access_token.split('.')[2] ?? access_token
  for (const secret of [
    access_token,
    refresh_token,
    signature,
    'a-broken-token',
    'a wrong password',
    'argon2id',
  ]) {
    t.notMatch(stdout + stderr, secret)
  }
  t.notMatch(stdout, /"password"/)
})

t.test('a start without JWT_SECRET says so, one with it keeps tokens good', async (t) => {
  const env = { JWT_SECRET: 'a secret for tests, of more than 32 bytes' }
  const without = await startProcess(t)
  t.match(without.output.stdout, /JWT_SECRET is not set/)
  const first = await startProcess(t, [], { env })
  t.notMatch(first.output.stdout, /JWT_SECRET/)
  const { refresh_token } = await logIn(first.url)
  const second = await startProcess(t, [], { env })
  const refresh = (url: string) =>
    fetch(`${url}/auth/refresh`, {
      method: 'POST',
      headers: { authorization: `Bearer ${refresh_token}` },
    })
  t.equal((await refresh(second.url)).status, 200)
  t.equal((await refresh(without.url)).status, 401)
})

async function waitFor(run: Awaited<ReturnType<typeof startProcess>>, text: RegExp): Promise<void> {
  while (!text.test(run.output.stdout)) await once(run.child.stdout ?? run.child, 'data')
}
