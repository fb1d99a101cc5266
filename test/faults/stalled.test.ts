import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { connect, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import t, { type Test } from 'tap'
import { Calls } from '../fixtures/calls.js'
import { startProcess } from '../fixtures/process.js'

/** More than the buffers between two processes take. */
const SIZE = 32 * 1024 * 1024

const NO_PROC = !existsSync('/proc/self/fd') && 'needs /proc'

/** A server with a large file, and a client that begins to read it. */
async function startDownload(t: Test, env: Record<string, string> = {}) {
  const folder = await mkdtemp(join(tmpdir(), 's-'))
  t.teardown(() => rm(folder, { recursive: true, force: true }))
  const run = await startProcess(t, [], { env: { TMPDIR: folder, ...env } })
  const calls = await Calls.logIn(t, run.url)
  t.equal((await calls.upload('large', SIZE)).status, 200)
  const { hostname, port } = new URL(run.url)
  const socket = connect(Number(port), hostname)
  t.teardown(() => socket.destroy())
  socket.on('error', () => {})
  const head = `GET /api/v1/package/large HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer ${calls.token}\r\n`
  socket.write(`${head}Connection: close\r\n\r\n`)
  await once(socket, 'readable')
  const socketsOf = async () => (await readdir(`/proc/${run.child.pid}/fd`)).length
  return { run, calls, socket, folder, socketsOf }
}

/** Reads a little at a time for some seconds, and then the rest. */
async function readSlowly(socket: Socket): Promise<number> {
  let size = 0
  for (let left = 60; left > 0; left--) {
    size += socket.read()?.length ?? 0
    await delay(50)
  }
  socket.on('data', (data) => {
    size += data.length
  })
  if (!socket.closed) await once(socket, 'close')
  return size
}

t.test(
  'a client that reads nothing is dropped, a slow one is not',
  { skip: NO_PROC },
  async (t) => {
    const { socket, socketsOf } = await startDownload(t, { SEND_TIMEOUT: '1s' })
    const before = await socketsOf()
    while ((await socketsOf()) > before - 2) await delay(50)
    t.ok((await readSlowly(socket)) < SIZE, 'the connection and the file are closed')

    const slow = await startDownload(t, { SEND_TIMEOUT: '1s' })
    t.ok((await readSlowly(slow.socket)) > SIZE)
  },
)

t.test('an answer that takes its time is waited for', async (t) => {
  const run = await startProcess(t, ['--delay', '3s'], { env: { SEND_TIMEOUT: '1s' } })
  t.equal((await fetch(`${run.url}/healthz`)).status, 200)
})

t.test('a client that reads nothing does not hold up a stop', async (t) => {
  const { run, folder } = await startDownload(t)
  run.child.kill('SIGTERM')
  t.equal(await run.ended, 0)
  t.same(await readdir(folder), [])
})

t.test('nor does one that sends nothing', async (t) => {
  const run = await startProcess(t)
  const { hostname, port } = new URL(run.url)
  const socket = connect(Number(port), hostname)
  t.teardown(() => socket.destroy())
  socket.write('POST /auth/login HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\n')
  socket.write('Content-Type: application/json\r\nContent-Length: 10\r\n\r\n')
  await once(socket, 'data')
  run.child.kill('SIGTERM')
  t.equal(await run.ended, 0)
})
