import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { readdir } from 'node:fs/promises'
import { connect } from 'node:net'
import { setTimeout as delay } from 'node:timers/promises'
import t from 'tap'
import { toApiError } from '../../plugins/http/error-handler.js'
import { Calls } from '../fixtures/calls.js'
import { startProcess } from '../fixtures/process.js'

const NO_PROC = !existsSync('/proc/self/fd') && 'needs /proc'

/** How many descriptors the server may have. */
const MOST = 128

t.test(
  'more connections than descriptors leave those that there are',
  { skip: NO_PROC },
  async (t) => {
    const pages = t.testdir({ 'page.html': 'a page' })
    const run = await startProcess(t, ['-s', pages], { before: `ulimit -n ${MOST}` })
    const calls = await Calls.logIn(t, run.url)
    const { hostname, port } = new URL(run.url)
    const sockets = Array.from({ length: 2 * MOST }, () => connect(Number(port), hostname))
    t.teardown(() => {
      for (const socket of sockets) socket.destroy()
    })
    const answers: string[] = []
    for (const socket of sockets) {
      socket.on('error', () => {})
      socket.once('data', (data) => answers.push(String(data)))
      socket.write('GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n')
    }
    await Promise.allSettled(
      sockets.map((socket) => Promise.race([once(socket, 'data'), once(socket, 'close')])),
    )
    const statuses = new Set(answers.map((answer) => answer.slice(9, 12)))
    t.same([...statuses].sort(), ['200', '503'])
    t.match(
      answers.find((answer) => answer.includes(' 503 ')),
      /\r\nretry-after: 1\r\n.*"statusCode":503/s,
    )

    // All of it is loaded when it is first needed.
    for (const path of ['/docs/', '/openapi.json', '/openapi.yaml', '/page.html']) {
      t.equal((await calls.send(path)).status, 200, path)
    }
    t.equal((await calls.upload('1', 10)).status, 200)
    t.equal((await calls.send('/api/v1/package/1')).status, 200)

    for (const socket of sockets) socket.destroy()
    const open = async () => (await readdir(`/proc/${run.child.pid}/fd`)).length
    while ((await open()) > MOST / 2) await delay(10)
    t.equal((await fetch(`${run.url}/healthz`)).status, 200, 'then there is room again')
    run.child.kill('SIGTERM')
    t.equal(await run.ended, 0)
    t.notMatch(run.output.stdout, '"statusCode":500')
  },
)

t.test('what the system refuses for now is no fault of the server', async (t) => {
  for (const [code, statusCode] of Object.entries({
    ENOSPC: 507,
    EDQUOT: 507,
    EMFILE: 503,
    ENFILE: 503,
    EROFS: 503,
    EIO: 503,
  })) {
    const error = toApiError(Object.assign(new Error(code), { code, syscall: 'open' }))
    t.match(error, { statusCode, headers: { 'retry-after': /^[1-9]\d*$/ } }, code)
  }
  t.equal(toApiError(Object.assign(new Error('EACCES'), { code: 'EACCES' })), undefined)
})
