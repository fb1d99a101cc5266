import { test } from 'tap'
import { call, claimsOf, isError, startApp } from '../../fixtures/app.js'
import { startOwn } from '../../fixtures/own.js'

const URL = '/__slipway/tokens'

test('a token is as a login gives it, for whoever is named', async (t) => {
  const app = await startApp(t)
  const before = Math.floor(Date.now() / 1000)
  const response = await call(app, 'POST', URL, { payload: { username: 'user' } })
  t.equal(response.statusCode, 201)
  t.equal(response.headers['cache-control'], 'no-store')
  const { token, expires } = response.json()
  const me = await call(app, 'POST', '/verify-token', { token })
  t.match(me.json(), { username: 'user' })
  const { exp } = claimsOf(token)
  t.equal(Date.parse(expires), Number(exp) * 1000)
  t.ok(Number(exp) >= before + 900)
})

test('of a type, with a lifetime', async (t) => {
  const app = await startApp(t)
  const mint = async (order: object) =>
    (await call(app, 'POST', URL, { payload: { username: 'user', ...order } })).json().token
  const refresh = await mint({ type: 'refresh' })
  isError(t, await call(app, 'POST', '/verify-token', { token: refresh }), 401)
  t.equal((await call(app, 'POST', '/auth/refresh', { token: refresh })).statusCode, 200)
  const { iat, exp } = claimsOf(await mint({ lifetime: '90s' }))
  t.equal(Number(exp) - Number(iat), 90)
})

test('one that has expired, or is of another issuer, is refused', async (t) => {
  const app = await startApp(t)
  for (const url of ['', '/~a']) {
    if (url) await call(app, 'PUT', `${url}/__slipway/clock`, { payload: { offset: '+5h' } })
    for (const order of [
      { expired: true },
      { expired: true, lifetime: '99999d' },
      { issuer: 'x' },
    ]) {
      const payload = { username: 'user', ...order }
      const { token, expires } = (await call(app, 'POST', url + URL, { payload })).json()
      t.equal(Date.parse(expires), Number(claimsOf(token).exp) * 1000)
      t.equal(claimsOf(token).iss, 'issuer' in order ? 'x' : 'slipway')
      isError(t, await call(app, 'POST', `${url}/verify-token`, { token }), 401)
    }
  }
})

test('one of a user made in a workspace is good nowhere else', async (t) => {
  const app = await startApp(t)
  await call(app, 'POST', '/~a/api/users', { payload: { name: 'made', password: 'made' } })
  const payload = { username: 'made' }
  const { token } = (await call(app, 'POST', `/~a${URL}`, { payload })).json()
  t.equal((await call(app, 'POST', '/~a/verify-token', { token })).statusCode, 200)
  isError(t, await call(app, 'POST', URL, { payload }), 404, 'There is no user made.')
  await call(app, 'POST', '/~b/api/users', { payload: { name: 'other', password: 'made' } })
  isError(t, await call(app, 'POST', '/~b/verify-token', { token }), 401)
})

test('accounts of one’s own are found by what they log in with', async (t) => {
  const users = [{ id: 'u', email: 'ada@example.com', name: 'Ada', password: 'p' }, { id: 'v' }]
  const { app, send } = await startOwn(t, { users, posts: [] })
  for (const username of ['ada@example.com', 'Ada']) {
    const { token } = (await send('POST', URL, { username })).json()
    t.match((await call(app, 'GET', '/auth/me', { token })).json(), { id: 'u' })
  }
  isError(t, await send('POST', URL, { username: ':v' }), 404)
})

test('what is no order is 400', async (t) => {
  const app = await startApp(t)
  const username = 'user'
  for (const payload of [
    {},
    { username: '' },
    { username: 1 },
    { username, type: 'id' },
    { username, lifetime: '0s' },
    { username, lifetime: 60 },
    { username, expired: 'yes' },
    { username, issuer: '' },
    { username, admin: true },
  ]) {
    isError(t, await call(app, 'POST', URL, { payload }), 400)
  }
  isError(t, await call(app, 'POST', URL, { payload: { username: '\u0000' } }), 404)
})
