import t, { type Test } from 'tap'
import { answering, freePort } from '../fixtures/ports.js'
import { type Run, runCommand } from '../fixtures/process.js'

/** Starts a server whose output goes elsewhere, and waits until it answers. */
async function startWith(t: Test, before: string): Promise<Run & { url: string }> {
  const port = await freePort()
  const run = runCommand(t, ['-p', String(port)], { before, cwd: t.testdir() })
  const url = `http://127.0.0.1:${port}`
  await answering(run, url)
  return { ...run, url }
}

/** Has the server log more than any pipe and any buffer holds. */
async function logMuch(url: string): Promise<void> {
  const path = `/${'x'.repeat(12_000)}`
  for (let sent = 0; sent < 200; sent += 20) {
    await Promise.all(
      Array.from({ length: 20 }, async () => (await fetch(url + path)).arrayBuffer()),
    )
  }
}

const OUTPUTS = {
  'a full disk': ['exec >/dev/full', 'no space left on device'],
  'a pipe that nobody reads': ['mkfifo log; exec 3<>log; exec >log', 'nobody reads it'],
  'a pipe whose reader has died': ['mkfifo log; exec 3<>log; exec >log; exec 3<&-', 'broken pipe'],
} as const

for (const format of ['json', 'pretty']) {
  for (const [name, [redirect, reason]] of Object.entries(OUTPUTS)) {
    t.test(`${name} takes no log, and the server goes on: ${format}`, async (t) => {
      const run = await startWith(t, `export LOG_FORMAT=${format}; ${redirect}`)
      await logMuch(run.url)
      t.equal((await fetch(`${run.url}/api/ships/1`)).status, 200)
      run.child.kill('SIGTERM')
      t.equal(await run.ended, 0)
      t.equal(
        run.output.stderr,
        `slipway: the log can't be written (${reason}): the server goes on without it\n`,
      )
    })
  }
}

t.test('where standard error can not be written either, it goes on all the same', async (t) => {
  for (const redirect of ['>/dev/full 2>/dev/full', '>/dev/full 2>&-', '<&- >&- 2>&-']) {
    const run = await startWith(t, `exec ${redirect}`)
    t.equal((await fetch(`${run.url}/api/ships/1`)).status, 200)
    run.child.kill('SIGTERM')
    t.equal(await run.ended, 0, redirect)
  }
})

t.test('a stop waits for its last line', async (t) => {
  const run = await startWith(t, ':')
  run.child.kill('SIGTERM')
  t.equal(await run.ended, 0)
  t.match(run.output.stdout, /SIGTERM received: stopping[^\n]*\n$/)
})
