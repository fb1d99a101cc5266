import t from 'tap'
import { call, claimsOf, isError, logIn, startApp } from '../fixtures/app.js'

const FORM = { 'content-type': 'application/x-www-form-urlencoded' }

type App = Awaited<ReturnType<typeof startApp>>

const ask = (app: App, fields: Record<string, string> | string, headers = FORM) =>
  call(app, 'POST', '/auth/token', {
    headers,
    payload: typeof fields === 'string' ? fields : `${new URLSearchParams(fields)}`,
  })

const password = { grant_type: 'password', username: 'user', password: 'password' }

t.test('grantToken gives tokens that are good in every API', async (t) => {
  const app = await startApp(t)
  const response = await ask(app, password)
  t.equal(response.statusCode, 200)
  t.equal(response.headers['cache-control'], 'no-store')
  const { access_token: token, refresh_token, ...rest } = response.json()
  t.same(rest, { token_type: 'Bearer', expires_in: 900 })
  const { iat, exp, ...claims } = claimsOf(token)
  t.match(claims, { sub: '1', type: 'access' })
  t.equal(Number(exp) - Number(iat), 900)
  for (const path of ['/template', '/dmps', '/api/v1/packages']) {
    t.equal((await call(app, 'GET', path, { token })).statusCode, 200, path)
  }
  t.equal((await call(app, 'POST', '/verify-token', { token })).statusCode, 200)
  t.equal((await call(app, 'DELETE', '/auth/logout', { token })).statusCode, 200)
  t.equal((await call(app, 'POST', '/auth/refresh', { token: refresh_token })).statusCode, 200)
})

t.test('grantToken refreshes', async (t) => {
  const app = await startApp(t, { accessTokenTtl: '1h' })
  const { refresh_token } = (await ask(app, password)).json()
  const response = await ask(app, { grant_type: 'refresh_token', refresh_token })
  t.equal(response.statusCode, 200)
  t.equal(response.headers['cache-control'], 'no-store')
  const { access_token: token, ...rest } = response.json()
  t.same(rest, { token_type: 'Bearer', expires_in: 3600, refresh_token })
  t.equal((await call(app, 'GET', '/dmps', { token })).statusCode, 200)
  await call(app, 'DELETE', '/auth/logout2', { token: refresh_token })
  const revoked = await ask(app, { grant_type: 'refresh_token', refresh_token })
  isError(t, revoked, 400)
  t.equal(revoked.json().error, 'invalid_grant')
})

t.test('grantToken refuses in the words of RFC 6749', async (t) => {
  const app = await startApp(t, { loginLimit: 0 })
  const { access } = await logIn(app)
  const refresh = { grant_type: 'refresh_token' }
  const refused: [Record<string, string> | string, string][] = [
    [{ ...password, password: 'wrong' }, 'invalid_grant'],
    [{ ...password, username: 'nobody' }, 'invalid_grant'],
    [{ ...refresh, refresh_token: 'abc' }, 'invalid_grant'],
    [{ ...refresh, refresh_token: access }, 'invalid_grant'],
    [{ ...password, grant_type: 'client_credentials' }, 'unsupported_grant_type'],
    [{ ...password, grant_type: 'constructor' }, 'unsupported_grant_type'],
    [{ ...password, grant_type: '' }, 'invalid_request'],
    [{ username: 'user', password: 'password' }, 'invalid_request'],
    [{ ...password, username: '' }, 'invalid_request'],
    [{ ...password, password: '' }, 'invalid_request'],
    [{ grant_type: 'password' }, 'invalid_request'],
    [refresh, 'invalid_request'],
    [{ ...refresh, refresh_token: '' }, 'invalid_request'],
    ['', 'invalid_request'],
    ['grant_type=password&username=user&username=guest&password=password', 'invalid_request'],
    ['grant_type=password&username=%ff&password=password', 'invalid_request'],
  ]
  for (const [fields, error] of refused) {
    const response = await ask(app, fields)
    isError(t, response, 400)
    t.equal(response.json().error, error, JSON.stringify(fields))
    t.notOk(response.headers['www-authenticate'])
  }
})

t.test('what clients send beside is passed over: a scope, a client without a secret', async (t) => {
  const app = await startApp(t)
  const fields = { ...password, scope: '', client_id: 'docs', client_secret: '' }
  t.equal((await ask(app, fields)).statusCode, 200)
  const withClient = { ...FORM, authorization: 'Basic Og==' }
  t.equal((await ask(app, password, withClient)).statusCode, 200)
})

t.test('grantToken reads forms alone, and is limited like every login', async (t) => {
  const app = await startApp(t, { loginLimit: 1 })
  isError(t, await call(app, 'POST', '/auth/token', { payload: password }), 415, /urlencoded/)
  isError(t, await call(app, 'GET', '/auth/token'), 405)
  isError(t, await ask(app, { ...password, password: 'wrong' }), 400)
  const limited = await ask(app, { ...password, password: 'wrong' })
  isError(t, limited, 429)
  t.match(limited.headers['retry-after'], /^\d+$/)
})

t.test('it is there with each API', async (t) => {
  for (const apis of ['none', 'auto', 'fleet', 'forum', 'memes', 'registry', 'plans']) {
    const app = await startApp(t, { apis })
    t.equal((await ask(app, password)).statusCode, 200, apis)
  }
})
