import { test } from 'tap'
import { call, isError, logIn, startApp } from '../../fixtures/app.js'

const URL = '/__slipway/clock'

test('time is moved in one world, and a reset puts it back', async (t) => {
  const app = await startApp(t)
  t.equal((await call(app, 'GET', `/~a${URL}`)).json().offset, '+0s')
  const before = Date.now()
  const { now, offset } = (
    await call(app, 'PUT', `/~a${URL}`, { payload: { offset: '+60m' } })
  ).json()
  t.equal(offset, '+60m', 'as it was written')
  t.ok(Date.parse(now) - before >= 3_600_000)
  t.equal((await call(app, 'GET', `/~a${URL}`)).json().offset, '+60m')
  t.equal((await call(app, 'GET', URL)).json().offset, '+0s')
  t.equal((await call(app, 'POST', '/~a/__slipway/reset')).statusCode, 204)
  const after = (await call(app, 'GET', `/~a${URL}`)).json()
  t.equal(after.offset, '+0s')
  t.ok(Date.parse(after.now) - before < 3_600_000)
})

test('tokens expire by it, and dates are of it', async (t) => {
  const app = await startApp(t)
  const { access: token } = await logIn(app)
  const set = (offset: string) => call(app, 'PUT', `/~a${URL}`, { payload: { offset } })
  const use = () =>
    call(app, 'POST', '/~a/articles/new', { token, payload: { title: 'a', text: 'b' } })
  await set('+14m')
  const { statusCode } = await use()
  t.equal(statusCode, 200)
  const [newest] = (await call(app, 'GET', '/~a/articles')).json().articles
  t.ok(Date.parse(newest.date_posted) - Date.now() > 600_000)
  await set('+16m')
  isError(t, await use(), 401)
  t.equal((await set('-1h')).json().offset, '-1h')
  t.equal((await set('+0s')).json().offset, '+0s')
  t.equal((await use()).statusCode, 200)
})

test('it stays between the years 1970 and 9999', async (t) => {
  const app = await startApp(t)
  const day = 86_400_000
  const set = (days: number) => {
    const offset = `${days < 0 ? '-' : '+'}${Math.abs(days)}d`
    return call(app, 'PUT', URL, { payload: { offset } })
  }
  const since1970 = Math.floor(Date.now() / day)
  const until9999 = Math.floor((Date.UTC(10_000, 0) - 1 - Date.now()) / day)
  t.match((await set(-since1970)).json().now, /^1970-/)
  t.match((await set(until9999)).json().now, /^9999-12-3/)
  const { token, expires } = (
    await call(app, 'POST', '/__slipway/tokens', {
      payload: { username: 'user', lifetime: '99999d' },
    })
  ).json()
  t.match(expires, /^9999-12-31/)
  const payload = { title: 'a', text: 'b' }
  t.equal((await call(app, 'POST', '/articles/new', { token, payload })).statusCode, 200)
  for (const days of [-since1970 - 1, until9999 + 1, 999_999_999]) {
    isError(t, await set(days), 400, /between the years 1970 and 9999/)
  }
  t.match((await call(app, 'GET', URL)).json().now, /^9999-/, 'nothing has changed')
})

test('what is no offset is 400', async (t) => {
  const app = await startApp(t)
  const offsets = ['20m', '+20', '+m', '+1.5h', '+20w', '+-1s', ' +1s', '+020m', '', 20, null]
  for (const offset of offsets)
    isError(t, await call(app, 'PUT', URL, { payload: { offset } }), 400)
  isError(t, await call(app, 'PUT', URL), 400)
  isError(t, await call(app, 'PUT', URL, { payload: { offset: '+1s', now: 1 } }), 400)
})
