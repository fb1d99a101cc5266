import { once } from 'node:events'
import { createServer } from 'node:net'
import t from 'tap'
import { type Run, runCommand, startProcess } from '../fixtures/process.js'

t.test('--no-cors leaves pages of other origins out', async (t) => {
  for (const flag of ['--nc', '--no-cors']) {
    const { url } = await startProcess(t, [flag])
    const { headers } = await fetch(`${url}/healthz`)
    t.equal(headers.get('access-control-allow-origin'), null, flag)
  }
  const { url } = await startProcess(t)
  t.equal((await fetch(`${url}/healthz`)).headers.get('access-control-allow-origin'), '*')
})

t.test('--quiet prints nothing that is no error', async (t) => {
  const port = await freePort()
  const run = runCommand(t, ['-q', '-p', String(port)], {
    env: { LOG_LEVEL: 'debug' },
  })
  // Nothing says that it listens.
  await answered(`http://127.0.0.1:${port}/healthz`, run)
  run.child.kill('SIGTERM')
  t.equal(await run.ended, 0)
  t.same(run.output, { stdout: '', stderr: '' })
})

/** A port that nobody listens on. */
async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  server.close()
  await once(server, 'close')
  return typeof address === 'object' && address ? address.port : 0
}

/** Asks until there is an answer, or nobody who could give one. */
async function answered(url: string, { child }: Run): Promise<void> {
  while (child.exitCode === null) {
    if (await fetch(url).catch(() => undefined)) return
  }
}
