import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { type Run, startProcess } from '../fixtures/process.js'

/** Little for a process that is to hold what everybody posts. */
const SMALL_HEAP = 'export NODE_OPTIONS=--max-old-space-size=192'

const MIB = 1024 * 1024

/** Starts the server with a small heap. */
async function startSmall(t: Test, args: string[] = [], env: Record<string, string> = {}) {
  return startProcess(t, args, { before: SMALL_HEAP, env: { STRICT: 'false', ...env } })
}

/** Checks that a process goes on, and ends as it is told. */
async function isWell(t: Test, { url, child, ended, output }: Run & { url: string }) {
  t.equal((await fetch(`${url}/healthz`)).status, 200)
  child.kill('SIGTERM')
  t.equal(await ended, 0)
  t.notMatch(output.stdout, '"statusCode":500')
}

/** How many bytes a list has; nobody keeps them. */
async function sizeOf(url: string, token: string): Promise<number> {
  const { body } = await fetch(url, { headers: { authorization: `Bearer ${token}` } })
  let size = 0
  for await (const chunk of body ?? []) size += chunk.length
  return size
}

t.test('twenty readers of a list of large records need not much more than it does', async (t) => {
  const plans = Array.from({ length: 16 }, () => ({ user: 'user', text: 'x'.repeat(MIB - 100) }))
  const file = join(t.testdir(), 'data.json')
  writeFileSync(
    file,
    JSON.stringify({ users: [{ username: 'user', password: 'password' }], dmps: plans }),
  )
  const run = await startSmall(t, [file, '--apis', 'plans'])
  const response = await fetch(`${run.url}/login`, {
    headers: { authorization: `Basic ${btoa('user:password')}` },
  })
  const { access_token: token } = Object(await response.json())
  const readers = Array.from({ length: 20 }, () => sizeOf(`${run.url}/dmps`, token))
  for (const size of await Promise.all(readers)) t.ok(size > 16 * (MIB - 100))
  await isWell(t, run)
})
