import { execFile } from 'node:child_process'
import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { promisify } from 'node:util'
import t from 'tap'
import { runSteps, stepsIn } from '../fixtures/console.js'
import { ROOT } from '../fixtures/process.js'

const run = promisify(execFile)

/** What tells whether this machine has what a part of the page needs beside Node. */
const NEEDS: Readonly<Record<string, readonly [string, ...string[]]>> = {
  'A server': ['python3', '-c', 'import sys, venv, ensurepip; assert sys.version_info >= (3, 10)'],
  'A new version of the document': ['go', 'version'],
}

/** Whether a part of the page, by its heading, can be run here. */
async function canRun(heading: string): Promise<boolean> {
  const [command, ...args] = NEEDS[heading] ?? ['true']
  return run(command, args).then(
    () => true,
    () => false,
  )
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  server.close()
  await once(server, 'close')
  return typeof address === 'object' && address ? address.port : 0
}

t.test('every command of the page on contract testing does what it says', async (t) => {
  const page = await readFile(`${ROOT}/docs/contract-testing.md`, 'utf8')
  const steps = []
  for (const part of page.split(/^## /m).slice(1)) {
    const heading = part.split('\n')[0] ?? ''
    if (await canRun(heading)) steps.push(...stepsIn(part))
    else t.comment(`left out, since this machine has not what it needs: ${heading}`)
  }
  t.ok(steps.length > 8)

  const ports = { 3000: await freePort(), 4000: await freePort(), 4010: await freePort() }
  const adapt = (command: string) =>
    Object.entries(ports)
      .reduce((text, [port, free]) => text.replaceAll(port, String(free)), command)
      .replaceAll('npx slipway', `PORT=${ports[3000]} node ${ROOT}/dist/cli/main.js`)
  const printed = await runSteps(t, steps, t.testdir({}), adapt)
  for (const [index, { command, expected }] of steps.entries()) {
    if (expected !== '') t.equal(printed[index]?.trim(), expected.trim(), command)
  }
})
