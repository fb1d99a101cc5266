import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { ROOT, type Run, startProcess } from '../fixtures/process.js'

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

/** Posts one after the other, until one is refused or as many have come as would be too many for the heap. */
async function postUntilFull(most: number, post: (number: number) => Promise<Response>) {
  for (let number = 0; number < most; number++) {
    const response = await post(number)
    const { status, headers } = response
    const body: unknown = await response.json()
    if (status !== 201 && status !== 200) return { status, headers, body }
  }
  return undefined
}

t.test('nobody ends a process with a small heap by posting', async (t) => {
  const notes = [{ id: 1, text: 'a note' }]
  const data = JSON.parse(readFileSync(join(ROOT, 'data.json'), 'utf8'))
  const file = join(t.testdir(), 'data.json')
  writeFileSync(file, JSON.stringify({ ...data, notes }))
  const run = await startSmall(t, [file, '--apis', 'fleet,forum,memes,registry,plans'])
  const login = await fetch(`${run.url}/login`, {
    headers: { authorization: `Basic ${btoa('user:password')}` },
  })
  const { access_token: token } = Object(await login.json())
  const headers = { 'content-type': 'application/json', authorization: `Bearer ${token}` }
  const poster = (path: string, body: object) => async () =>
    fetch(run.url + path, { method: 'POST', headers, body: JSON.stringify(body) })

  const tree = { rows: Array.from({ length: 9_000 }, (_, at) => ({ [`key ${at}`]: at / 7 })) }
  const plan = await postUntilFull(500, poster('/dmps', tree))
  t.match(plan, { status: 507, body: { statusCode: 507, message: 'USER_RECORD_LIMIT' } })
  t.match(plan?.headers.get('retry-after'), /^[1-9]\d*$/)
  t.equal((await fetch(`${run.url}/dmps`, { headers })).status, 200)

  // Nobody's: all of it together is bounded.
  const note = await postUntilFull(500, poster('/notes', { text: 'x'.repeat(MIB - 100) }))
  t.match(note, { status: 507, body: { message: /\bRECORD_LIMIT/ } })
  const workspace = await postUntilFull(2, poster('/~other/notes', { text: 'x'.repeat(MIB - 100) }))
  t.match(workspace, { status: 507 }, 'workspaces are in it')

  const [last] = Object(await (await fetch(`${run.url}/notes?_sort=-id&_limit=1`)).json())
  const address = `${run.url}/notes/${last.id}`
  t.equal((await fetch(address, { method: 'DELETE' })).status, 200)
  t.equal(
    (await poster('/notes', { text: 'x'.repeat(MIB / 2) })()).status,
    201,
    'there is room again',
  )
  await isWell(t, run)
})
