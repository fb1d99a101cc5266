import { connect } from 'node:net'
import t, { type Test } from 'tap'
import { startProcess } from '../fixtures/process.js'

/** Sends text as it is, and gives all that comes until the connection ends. */
async function exchange(t: Test, url: string, ...parts: string[]): Promise<string> {
  const { hostname, port } = new URL(url)
  const socket = connect(Number(port), hostname)
  t.teardown(() => socket.destroy())
  let received = ''
  socket.on('data', (data) => {
    received += data
  })
  // A part that comes when the server has closed resets the connection, behind the answer.
  socket.on('error', () => {})
  const closed = new Promise((resolve) => socket.on('close', resolve))
  for (const part of parts) socket.write(part)
  await closed
  return received
}

const statusesIn = (received: string) =>
  [...received.matchAll(/^HTTP\/1\.1 (\d{3})/gm)].map(([, status]) => Number(status))

const LOGIN = 'POST /auth/login HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\n'
const END = 'Connection: close\r\n\r\n'

t.test('a body whose end can not be told, or that is encoded, is refused once', async (t) => {
  const { url } = await startProcess(t)
  const next = 'GET /healthz HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n'
  for (const [codings, status] of Object.entries({
    gzip: 400,
    identity: 400,
    'chunked, gzip': 400,
    'chunked, chunked': 400,
    'gzip, chunked': 501,
    'GZip ,\tchunked': 501,
    xchunked: 400,
  })) {
    const request = `${LOGIN}Transfer-Encoding: ${codings}\r\n\r\n0\r\n\r\n`
    const received = await exchange(t, url, request, next)
    t.same(statusesIn(received), [status], codings)
    t.match(received, new RegExp(`"statusCode":${status},"error":"[^"]+","message":"[^"]+"`))
  }
  const old = LOGIN.replace('1.1', '1.0')
  t.same(
    statusesIn(await exchange(t, url, `${old}Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n`)),
    [400],
  )
  const both = `${LOGIN}Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n`
  t.same(statusesIn(await exchange(t, url, both, next)), [400])
  const twice = `${LOGIN}Transfer-Encoding: chunked\r\nTransfer-Encoding: gzip\r\n\r\n0\r\n\r\n`
  t.same(statusesIn(await exchange(t, url, twice, next)), [400])
  const chunked = `${LOGIN}Transfer-Encoding: Chunked\r\n${END}0\r\n\r\n`
  t.match(await exchange(t, url, chunked), /"path":"\/username"/, 'plain chunks are read')
  const badPath = `GET /%zz HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip\r\n\r\n0\r\n\r\n`
  t.same(statusesIn(await exchange(t, url, badPath)), [400])
})

t.test('a request names one host', async (t) => {
  const { url } = await startProcess(t)
  const statusWith = async (lines: string, version = '1.1') => {
    const request = `GET /healthz HTTP/${version}\r\n${lines}${END}`
    return statusesIn(await exchange(t, url, request))
  }
  for (const host of [
    'a b',
    'a/b',
    'user@a',
    'a:b',
    'a:80:80',
    '[::1',
    'a\\b',
    '<script>',
    '',
    'é',
    'a#b',
  ]) {
    t.same(await statusWith(`Host: ${host}\r\n`), [400], host)
  }
  t.same(await statusWith('Host: a\r\nhOST: a\r\n'), [400])
  t.same(await statusWith('Host: a\r\nHost: b\r\n', '1.0'), [400])
  t.same(await statusWith(''), [400])
  t.same(await statusWith('', '1.0'), [200])
  for (const host of ['localhost:3000', '127.0.0.1', '[::1]:80', 'my_host.example.', 'a-b:']) {
    t.same(await statusWith(`Host: ${host}\r\n`), [200], host)
  }
})

t.test('what is no request reaches no log', async (t) => {
  const run = await startProcess(t, [], { env: { LOG_LEVEL: 'trace' } })
  const received = await exchange(t, run.url, 'GET /?note=secret HTTP/1.1\r\nHost : a\r\n\r\n')
  t.match(received, /^HTTP\/1\.1 400 Bad Request\r\n.*x-content-type-options: nosniff/s)
  const path = `/nowhere?note=secret`
  t.equal((await fetch(run.url + path)).status, 404)
  t.equal((await fetch(`${run.url}/%zz?note=secret`)).status, 400)
  run.child.kill('SIGTERM')
  t.equal(await run.ended, 0)
  t.notMatch(run.output.stdout + run.output.stderr, /secret|115, *101, *99/)
})
