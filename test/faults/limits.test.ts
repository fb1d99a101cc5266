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

/** A server that remembers two logouts, and tokens that are logged out there. */
async function startWithLogouts(t: Test) {
  const { url } = await startProcess(t, [], { env: { REVOKED_TOKEN_LIMIT: '2' } })
  const send = (method: string, path: string, token: string) =>
    new Calls(t, url).send(path, { method, headers: { authorization: `Bearer ${token}` } })
  return {
    logOut: (token: string) => send('DELETE', '/auth/logout', token),
    statusWith: async (token: string) => (await send('GET', '/dmps', token)).status,
    newToken: async (lifetime: string): Promise<string> =>
      json(await post(new Calls(t, url), '/__slipway/tokens', { username: 'user', lifetime }))
        .token,
  }
}

t.test('REVOKED_TOKEN_LIMIT: more logouts are 507, until some tokens have ended', async (t) => {
  // As short a life as tokens can have here, and not have ended when there is one too many.
  for (let life = 2; ; life *= 2) {
    const { logOut, newToken, statusWith } = await startWithLogouts(t)
    const lasting = await newToken('1h')
    const statuses: unknown[] = []
    for (let count = 0; count < 2; count++) {
      statuses.push((await logOut(await newToken(`${life}s`))).status)
    }
    let answer = await logOut(lasting)
    if (answer.status !== 507 && life < 60) continue
    t.same(statuses, [200, 200])
    isNotNow(t, answer, 507)
    t.equal(await statusWith(lasting), 200, 'what was not revoked is good')
    while (answer.status === 507) {
      await delay(100)
      answer = await logOut(lasting)
    }
    t.equal(answer.status, 200)
    t.equal(await statusWith(lasting), 401)
    // Both have ended by now, or do a moment later.
    const another = await newToken('1h')
    while ((await logOut(another)).status === 507) await delay(100)
    t.equal(await statusWith(another), 401)
    isNotNow(t, await logOut(await newToken('1h')), 507)
    return
  }
})

t.test('the document says so of all paths', async (t) => {
  const { url } = await startProcess(t)
  const { info } = json(await new Calls(t, url).send('/openapi.json'))
  t.match(info.description, /stored has\s+reached a limit \(507\)/)
})
