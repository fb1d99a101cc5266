import { execFileSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { mkdir, readdir, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import t, { type Test } from 'tap'
import { type Answer, Calls, isNotNow } from '../fixtures/calls.js'
import { NO_POSTGRES, startPostgres } from '../fixtures/postgres.js'
import { startProcess } from '../fixtures/process.js'
import { query } from '../fixtures/sql.js'
import { storedIn, temporaryFolder } from '../fixtures/temporary.js'

const MEBIBYTE = 1024 * 1024

/** A disk of one mebibyte; undefined where this process can't mount any. */
async function smallDisk(t: Test): Promise<string | undefined> {
  const folder = await temporaryFolder(t)
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=1m', 'tmpfs', folder], { stdio: 'ignore' })
  } catch {
    return undefined
  }
  // Lazily: the server still runs.
  t.teardown(() => execFileSync('umount', ['-l', folder]))
  return folder
}

/** Writes an article of incompressible text. */
function publish(calls: Calls): Promise<Answer> {
  return calls.send('/articles/new', {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ title: 'Tides', text: randomBytes(50_000).toString('hex') }),
  })
}

t.test(
  'a full disk is 507, one that can only be read 503, and nothing half-written stays',
  async (t) => {
    const folder = await smallDisk(t)
    if (folder === undefined) return t.pass('skipped: only root can mount a disk')
    const run = await startProcess(t, [], { env: { TMPDIR: folder } })
    const calls = await Calls.logIn(t, run.url)
    isNotNow(t, await calls.upload('large', 2 * MEBIBYTE), 507)
    t.same(await storedIn(folder), [])
    t.equal((await calls.upload('small', 1000)).status, 200)
    const stored = await storedIn(folder)
    t.equal(stored.length, 1)

    execFileSync('mount', ['-o', 'remount,ro', folder])
    isNotNow(t, await calls.upload('other', 1001), 503)
    t.equal((await calls.send('/api/v1/package/small')).status, 200)
    t.equal((await calls.send('/api/v1/package/small', { method: 'DELETE' })).status, 204)
    execFileSync('mount', ['-o', 'remount,rw', folder])
    t.equal((await calls.upload('other', 1001)).status, 200)
    run.child.kill('SIGTERM')
    t.equal(await run.ended, 0)
    t.same(await readdir(folder), [])
    t.match(run.output.stdout, /no space left on device/)
  },
)

t.test('a full disk of a database is 507 too', { skip: NO_POSTGRES }, async (t) => {
  const folder = await smallDisk(t)
  if (folder === undefined) return t.pass('skipped: only root can mount a disk')
  execFileSync('chown', ['postgres', folder])
  const { url } = await startPostgres(t)
  const run = await startProcess(t, [], { env: { DATABASE_URL: url } })
  const calls = await Calls.logIn(t, run.url)
  await query(url, `create tablespace small location '${folder}'`)
  for (const table of ['articles', 'chunks']) {
    await query(url, `alter table slipway.${table} set tablespace small`)
  }
  isNotNow(t, await calls.upload('large', 2 * MEBIBYTE), 507)
  t.equal((await calls.send('/api/v1/package/large')).status, 404, 'nothing of it is there')
  let answer = await publish(calls)
  for (; answer.status === 200; answer = await publish(calls));
  isNotNow(t, answer, 507)
  t.match(answer.body, /There is no room to store this/)
  t.equal((await calls.send('/articles')).status, 200)
  t.equal((await calls.send('/readyz')).status, 200)

  execFileSync('mount', ['-o', 'remount,size=64m', folder])
  t.equal((await calls.upload('large', 2 * MEBIBYTE)).status, 200)
  t.equal((await publish(calls)).status, 200)
  run.child.kill('SIGTERM')
  t.equal(await run.ended, 0)
  t.match(run.output.stdout, /No space left on device/)
})

t.test(
  'where there is no folder for temporary files, the start says so and the rest works',
  async (t) => {
    const folder = join(await temporaryFolder(t), 'missing')
    const run = await startProcess(t, [], { env: { TMPDIR: folder } })
    t.match(
      run.output.stdout,
      `Files can't be kept in ${folder} (no such file or directory): uploads are refused until they can. TMPDIR names another folder`,
    )
    const calls = await Calls.logIn(t, run.url)
    isNotNow(t, await calls.upload('1', 10), 503)
    await mkdir(folder)
    t.equal((await calls.upload('1', 10)).status, 200)
    run.child.kill('SIGTERM')
    t.equal(await run.ended, 0)
    t.same(await readdir(folder), [])
  },
)

t.test('a folder that goes is made again; what was in it is gone', async (t) => {
  const folder = await temporaryFolder(t)
  const run = await startProcess(t, [], { env: { TMPDIR: folder } })
  const calls = await Calls.logIn(t, run.url)
  t.equal((await calls.upload('1', 10)).status, 200)
  await rm(folder, { recursive: true })
  t.equal((await calls.send('/api/v1/package/1')).status, 404)
  await writeFile(folder, 'in its place')
  isNotNow(t, await calls.upload('2', 20), 503)
  await rm(folder)
  t.equal((await calls.upload('2', 20)).status, 200)
  const download = await calls.send('/api/v1/package/2')
  t.equal(download.body.length, 20)
  t.equal((await calls.send('/api/v1/package', { method: 'DELETE' })).status, 204)
  while ((await storedIn(folder)).length > 0) await delay(10)
  run.child.kill('SIGTERM')
  t.equal(await run.ended, 0)
  t.same(await readdir(folder), [])
})
