import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { readdir, readlink } from 'node:fs/promises'
import { connect, type Socket } from 'node:net'
import { setTimeout as delay } from 'node:timers/promises'
import t, { type Test } from 'tap'
import { startApp } from '../fixtures/app.js'
import { Calls } from '../fixtures/calls.js'
import { startProcess } from '../fixtures/process.js'
import { temporaryFolder } from '../fixtures/temporary.js'

/** More than the buffers between two processes take. */
const SIZE = 16 * 1024 * 1024

const NO_PROC = !existsSync('/proc/self/fd')

/** They wait for the clock, most of the time: side by side they take as long as one. */
t.jobs = 4

function beside(name: string, run: (t: Test) => Promise<void>): void {
  t.test(name, { buffered: true }, run)
}

/** A server with a large file, and a client that begins to read it. */
async function startDownload(t: Test, env: Record<string, string> = {}) {
  const folder = await temporaryFolder(t)
  const run = await startProcess(t, [], { env: { TMPDIR: folder, ...env } })
  const calls = await Calls.logIn(t, run.url)
  t.equal((await calls.upload('large', SIZE)).status, 200)
  const socket = open(t, run.url)
  const head = `GET /api/v1/package/large HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer ${calls.token}\r\n`
  socket.write(`${head}Connection: close\r\n\r\n`)
  await once(socket, 'readable')
  return { run, socket, folder }
}

function open(t: Test, url: string): Socket {
  const { hostname, port } = new URL(url)
  const socket = connect(Number(port), hostname)
  t.teardown(() => socket.destroy())
  socket.on('error', () => {})
  return socket
}

/** Whether a process has a file in a folder open. */
async function hasOpen(pid: number | undefined, folder: string): Promise<boolean> {
  const descriptors = await readdir(`/proc/${pid}/fd`)
  const targets = await Promise.all(
    // It can be closed by now.
    descriptors.map((descriptor) => readlink(`/proc/${pid}/fd/${descriptor}`).catch(() => '')),
  )
  return targets.some((target) => target.startsWith(folder))
}

/** Reads a little at a time for some seconds, and then the rest. */
async function readSlowly(socket: Socket, seconds: number): Promise<number> {
  let size = 0
  for (let left = seconds * 10; left > 0; left--) {
    size += socket.read()?.length ?? 0
    await delay(100)
  }
  socket.on('data', (data) => {
    size += data.length
  })
  await closed(socket)
  return size
}

/** Resolves when a connection is over, in whatever way. */
async function closed(socket: Socket): Promise<void> {
  if (!socket.closed) await new Promise((resolve) => socket.once('close', resolve))
}

beside('a client that reads nothing is dropped', async (t) => {
  if (NO_PROC) return void t.pass('skipped: needs /proc')
  const { run, socket, folder } = await startDownload(t, { SEND_TIMEOUT: '1s' })
  while (await hasOpen(run.child.pid, folder)) await delay(50)
  t.ok((await readSlowly(socket, 0)) < SIZE, 'the file is closed, and so is the connection')
})

beside('one that reads slowly is not', async (t) => {
  // A machine with other work can keep both from going on for seconds.
  const { socket } = await startDownload(t, { SEND_TIMEOUT: '5s' })
  t.ok((await readSlowly(socket, 7)) > SIZE)
})

beside('an answer that takes its time is waited for', async (t) => {
  const run = await startProcess(t, ['--delay', '3s'], { env: { SEND_TIMEOUT: '1s' } })
  t.equal((await fetch(`${run.url}/healthz`)).status, 200)
})

beside('a client that reads nothing does not hold up a stop', async (t) => {
  const { run, folder } = await startDownload(t)
  run.child.kill('SIGTERM')
  t.equal(await run.ended, 0)
  t.same(await readdir(folder), [])
})

beside('nor does one that sends nothing', async (t) => {
  const run = await startProcess(t)
  const socket = open(t, run.url)
  socket.write('POST /auth/login HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\n')
  socket.write('Content-Type: application/json\r\nContent-Length: 10\r\n\r\n')
  await once(socket, 'data')
  run.child.kill('SIGTERM')
  t.equal(await run.ended, 0)
})

beside('headers that never end are ended, however often something comes', async (t) => {
  const run = await startProcess(t, [], { env: { REQUEST_TIMEOUT: '1s' } })
  const socket = open(t, run.url)
  socket.write('GET /healthz HTTP/1.1\r\nHost: a\r\n')
  const sending = setInterval(() => socket.write('X-More: 1\r\n'), 50)
  t.teardown(() => clearInterval(sending))
  let answer = ''
  socket.on('data', (data) => {
    answer += data
  })
  await closed(socket)
  t.match(answer, /^HTTP\/1\.1 408 /)
})

beside('a client that connects and says nothing is ended too', async (t) => {
  const run = await startProcess(t, [], { env: { REQUEST_TIMEOUT: '1s' } })
  const socket = open(t, run.url)
  socket.resume()
  await closed(socket)
  t.pass('it is closed')
})

beside('by default that is after 15 seconds, and a reader has a minute', async (t) => {
  const { server } = await startApp(t)
  t.equal(server.headersTimeout, 15_000)
  t.equal(server.timeout, 60_000)
})
