import { setTimeout as delay } from 'node:timers/promises'
import t, { type Test } from 'tap'
import { Calls, isNotNow } from '../fixtures/calls.js'
import { startProcess } from '../fixtures/process.js'
import { untilEnded } from '../fixtures/tasks.js'
import { storedIn, temporaryFolder } from '../fixtures/temporary.js'

const KIB = 1024

function post(calls: Calls, path: string, body: object) {
  const headers = { 'content-type': 'application/json' }
  return calls.send(path, { method: 'POST', headers, body: JSON.stringify(body) })
}

const json = ({ body }: { body: Buffer }) => JSON.parse(String(body))

async function startWithStorage(t: Test, limit: string) {
  const folder = await temporaryFolder(t)
  const run = await startProcess(t, [], { env: { STORAGE_LIMIT: limit, TMPDIR: folder } })
  const calls = await Calls.logIn(t, run.url)
  return { url: run.url, calls, folder }
}

t.test('STORAGE_LIMIT: files beyond it are 507, until some have gone', async (t) => {
  const { url, calls, folder } = await startWithStorage(t, '100KiB')
  t.equal((await calls.upload('first', 60 * KIB)).status, 200)
  isNotNow(t, await calls.upload('second', 41 * KIB), 507)
  const guest = await Calls.logIn(t, url, 'guest', 'guest')
  isNotNow(t, await guest.upload('first', 60 * KIB + 1, 'theirs'), 507)
  t.equal((await storedIn(folder)).length, 1, 'nothing half-written')
  for (const path of ['package/second', 'theirs', 'theirs/first']) {
    t.equal((await calls.send(`/api/v1/${path}`)).status, 404, path)
  }
  t.equal((await calls.upload('little', 40 * KIB)).status, 200, 'to the last byte')
  isNotNow(t, await calls.upload('byte', 1), 507)
  t.equal((await calls.send('/api/v1/package/first')).body.length, 60 * KIB)

  t.equal((await calls.send('/api/v1/package/little', { method: 'DELETE' })).status, 204)
  t.equal((await guest.upload('first', 40 * KIB, 'theirs')).status, 200, 'there is room again')
  isNotNow(t, await calls.upload('second', 41 * KIB), 507)
})

t.test('STORAGE_LIMIT: documents beyond it are an error, and leave nothing', async (t) => {
  const { calls, folder } = await startWithStorage(t, '1KiB')
  const { id: dmp } = json(await post(calls, '/dmps', { title: 'A plan' }))
  const { id } = json(await post(calls, '/tasks', { dmp }))
  const task = await untilEnded(async () => json(await calls.send(`/tasks/${id}`)))
  t.match(task, { status: 'error', reason: 'The documents could not be stored.' })
  t.same(await storedIn(folder), [])
  t.equal((await calls.upload('small', KIB)).status, 200)
})

t.test('REVOKED_TOKEN_LIMIT: more logouts are 507, until some tokens have ended', async (t) => {
  const { url } = await startProcess(t, [], { env: { REVOKED_TOKEN_LIMIT: '2' } })
  const logOut = (token: string) =>
    new Calls(t, url).send('/auth/logout', {
      method: 'DELETE',
      headers: { authorization: `Bearer ${token}` },
    })
  const newToken = async (lifetime: string): Promise<string> =>
    json(await post(new Calls(t, url), '/__slipway/tokens', { username: 'user', lifetime })).token
  const lasting = await newToken('1h')
  for (let count = 0; count < 2; count++) {
    t.equal((await logOut(await newToken('5s'))).status, 200)
  }
  isNotNow(t, await logOut(lasting), 507)
  const dmps = () =>
    new Calls(t, url).send('/dmps', { headers: { authorization: `Bearer ${lasting}` } })
  t.equal((await dmps()).status, 200, 'what was not revoked is good')
  let answer = await logOut(lasting)
  while (answer.status === 507) {
    await delay(100)
    answer = await logOut(lasting)
  }
  t.equal(answer.status, 200)
  t.equal((await dmps()).status, 401)
  t.equal((await logOut(await newToken('1h'))).status, 200, 'both have ended')
  isNotNow(t, await logOut(await newToken('1h')), 507)
})

t.test('the document says so of all paths', async (t) => {
  const { url } = await startProcess(t)
  const { info } = json(await new Calls(t, url).send('/openapi.json'))
  t.match(info.description, /stored has\s+reached a limit \(507\)/)
})
