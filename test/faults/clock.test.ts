import { existsSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { Calls } from '../fixtures/calls.js'
import { startProcess } from '../fixtures/process.js'

/** Where Debian and others have the library of `faketime`. */
const LIBRARY = [
  '/usr/lib/x86_64-linux-gnu/faketime/libfaketimeMT.so.1',
  '/usr/lib/aarch64-linux-gnu/faketime/libfaketimeMT.so.1',
  '/usr/lib/faketime/libfaketimeMT.so.1',
].find(existsSync)

const skip = LIBRARY === undefined && 'needs faketime'

/** A server whose clock can be set; the one that nobody sets goes on. */
async function startWithClock(t: Test, env: Record<string, string> = {}) {
  const file = join(t.testdir(), 'clock')
  const setClock = (offset: string) => writeFile(file, `${offset}\n`)
  await setClock('+0')
  const clock = `export FAKETIME_TIMESTAMP_FILE=${file} FAKETIME_NO_CACHE=1 FAKETIME_DONT_FAKE_MONOTONIC=1`
  const run = await startProcess(t, [], { before: `${clock} LD_PRELOAD=${LIBRARY}`, env })
  return { url: run.url, setClock }
}

t.test('a revoked token stays so when the clock is set forth and back', { skip }, async (t) => {
  const { url, setClock } = await startWithClock(t)
  const isGood = async (calls: Calls) =>
    (await calls.send('/auth/refresh', { method: 'POST' })).status === 200
  const logOut = (calls: Calls) => calls.send('/auth/logout2', { method: 'DELETE' })
  const revoked = await Calls.logIn(t, url, 'user', 'password', 'refresh_token')
  t.equal(await isGood(revoked), true)
  t.equal((await logOut(revoked)).status, 200)
  t.equal(await isGood(revoked), false)
  await setClock('+60d')
  const later = await Calls.logIn(t, url, 'guest', 'guest', 'refresh_token')
  t.equal((await logOut(later)).status, 200, 'what is over is forgotten with each logout')
  await setClock('+0')
  t.equal(await isGood(revoked), false)
  t.equal(await isGood(await Calls.logIn(t, url, 'user', 'password', 'refresh_token')), true)
})

t.test('failed logins count for a minute, whatever the clock says', { skip }, async (t) => {
  const { url, setClock } = await startWithClock(t, { LOGIN_LIMIT: '1' })
  const fail = async () => {
    const body = JSON.stringify({ username: 'user', password: 'wrong' })
    const headers = { 'content-type': 'application/json' }
    return new Calls(t, url).send('/auth/login', { method: 'POST', body, headers })
  }
  t.equal((await fail()).status, 401)
  for (const offset of ['-10d', '+10d', '-1d']) {
    await setClock(offset)
    const { status, headers } = await fail()
    t.equal(status, 429)
    t.ok(Number(headers['retry-after']) <= 60, offset)
  }
})
