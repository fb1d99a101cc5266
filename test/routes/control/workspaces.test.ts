import { test } from 'tap'
import { call, isError, startApp } from '../../fixtures/app.js'

const URL = '/__slipway/workspaces'

test('a workspace is made, listed and ended', async (t) => {
  const app = await startApp(t)
  const before = Date.now()
  const headers = { host: 'localhost:3000' }
  const payload = { name: 'a', ttl: '5m' }
  const made = await call(app, 'POST', URL, { headers, payload })
  t.equal(made.statusCode, 201)
  const { name, url, expires } = made.json()
  t.match({ name, url }, { name: 'a', url: 'http://localhost:3000/~a' })
  const left = Date.parse(expires) - before
  t.ok(left >= 300_000 && left < 400_000)
  await call(app, 'GET', '/~a/api/ships')
  t.match((await call(app, 'GET', URL, { headers })).json(), [{ name: 'a', url, requests: 1 }])
  t.equal((await call(app, 'DELETE', `${URL}/a`)).statusCode, 204)
  isError(t, await call(app, 'DELETE', `${URL}/a`), 404, 'There is no workspace a.')
  t.same((await call(app, 'GET', URL)).json(), [])
})

test('without a body it gets a name, and the lifetime of the settings', async (t) => {
  const app = await startApp(t, { workspaceTtl: '2h' })
  const before = Date.now()
  const { name, url, expires } = (await call(app, 'POST', URL)).json()
  t.match(name, /^w-[\da-f]{12}$/)
  t.ok(url.endsWith(`/~${name}`))
  t.ok(Date.parse(expires) - before >= 7_200_000)
  t.not((await call(app, 'POST', URL, { payload: {} })).json().name, name)
})

test('its address is no longer for being made from inside another', async (t) => {
  const app = await startApp(t)
  const headers = { host: 'localhost:3000' }
  const inside = await call(app, 'POST', `/~a${URL}`, { headers, payload: { name: 'b' } })
  t.equal(inside.json().url, 'http://localhost:3000/~b')
  const names = (await call(app, 'GET', URL)).json().map(({ name }: { name: string }) => name)
  t.same(names, ['a', 'b'])
})

test('a name that is there is 409, also of one that a request has made', async (t) => {
  const app = await startApp(t)
  await call(app, 'GET', '/~a/api/ships')
  isError(t, await call(app, 'POST', URL, { payload: { name: 'a' } }), 409)
})

test('one too many is 503 and says so', async (t) => {
  const app = await startApp(t, { maxWorkspaces: 2 })
  for (const name of ['a', 'b']) await call(app, 'POST', URL, { payload: { name } })
  isError(t, await call(app, 'POST', URL), 503, /MAX_WORKSPACES/)
  await call(app, 'DELETE', `${URL}/a`)
  t.equal((await call(app, 'POST', URL)).statusCode, 201)
})

test('names and lifetimes that are none are 400', async (t) => {
  const app = await startApp(t)
  const names = ['', '.a', '~a', 'a/b', '..', 'a b', 'ä', 'a'.repeat(65), 1, null]
  const ttls = ['0s', '-1s', '1', '1w', '1.5s', '100000d', '', 60, null]
  const payloads = [...names.map((name) => ({ name })), ...ttls.map((ttl) => ({ ttl }))]
  for (const payload of [...payloads, { colour: 'red' }, [], '"a"', 'null']) {
    const headers = { 'content-type': 'application/json' }
    isError(t, await call(app, 'POST', URL, { headers, payload }), 400)
  }
  for (const name of ['%2f', 'a%2fb', '..%2f', '.a', '~a', 'a'.repeat(65)]) {
    isError(t, await call(app, 'DELETE', `${URL}/${name}`), 400)
  }
  t.same((await call(app, 'GET', URL)).json(), [])
  for (const name of ['a'.repeat(64), '__proto__', 'constructor', 'a.b', '-', '_']) {
    t.equal((await call(app, 'POST', URL, { payload: { name } })).statusCode, 201, name)
  }
})

test('a read-only server has workspaces too', async (t) => {
  const app = await startApp(t, { readOnly: true })
  t.equal((await call(app, 'POST', URL, { payload: { name: 'a' } })).statusCode, 201)
  t.equal((await call(app, 'DELETE', `${URL}/a`)).statusCode, 204)
})
