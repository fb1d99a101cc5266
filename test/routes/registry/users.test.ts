import t from 'tap'
import { call, claimsOf, isError, logIn, startApp } from '../../fixtures/app.js'

const API = '/api/v1'
const good = { username: 'user', password: 'password' }

t.test('listRegistryUsers', async (t) => {
  const app = await startApp(t)
  const response = await call(app, 'GET', `${API}/admin/user_list`)
  t.equal(response.statusCode, 200)
  t.same(response.json(), [
    { id: 1, username: 'user' },
    { id: 2, username: 'guest' },
    { id: 3, username: 'admin' },
  ])
  const production = await startApp(t, { nodeEnv: 'production' })
  isError(t, await call(production, 'GET', `${API}/admin/user_list`), 404)
  const { paths } = (await call(production, 'GET', '/openapi.json')).json()
  t.notOk(`${API}/admin/user_list` in paths)
})

t.test('addUser', async (t) => {
  const app = await startApp(t)
  const payload = { username: 'newcomer', password: 'x' }
  const response = await call(app, 'POST', `${API}/user/add`, { payload })
  t.equal(response.statusCode, 200)
  t.same(response.json(), { id: 4, username: 'newcomer' })
  t.type((await logIn(app, 'newcomer', 'x')).access, 'string')
  const again = await call(app, 'POST', `${API}/user/add`, { payload })
  isError(t, again, 409, 'username is already in use')
})

t.test('getToken', async (t) => {
  const app = await startApp(t)
  const response = await call(app, 'POST', `${API}/user/get_token`, { payload: good })
  t.equal(response.statusCode, 200)
  t.equal(response.headers['cache-control'], 'no-store')
  const { token } = response.json()
  const { iat, exp, ...claims } = claimsOf(token)
  t.match(claims, { sub: '1', type: 'access' })
  t.equal(Number(exp) - Number(iat), 30 * 24 * 60 * 60)
  const headers = { token }
  t.equal((await call(app, 'GET', `${API}/packages`, { headers })).statusCode, 200)
  t.equal((await call(app, 'GET', `${API}/packages`, { token })).statusCode, 200)
  t.equal((await call(app, 'GET', '/template', { token })).statusCode, 200)
})

t.test('getToken tells an unknown name and a wrong password apart', async (t) => {
  const app = await startApp(t)
  const post = (payload: object) => call(app, 'POST', `${API}/user/get_token`, { payload })
  isError(t, await post({ ...good, password: 'x' }), 401, 'password is incorrect')
  isError(t, await post({ ...good, username: 'nobody' }), 404, 'username not found')
})

t.test('what is missing is named', async (t) => {
  const app = await startApp(t)
  const { access: token } = await logIn(app)
  for (const route of ['add', 'get_token', 'invalidate_token']) {
    const post = (payload?: object) =>
      call(app, 'POST', `${API}/user/${route}`, { token, ...(payload ? { payload } : {}) })
    isError(t, await post(), 400, 'username is required')
    isError(t, await post({}), 400, 'username is required')
    isError(t, await post({ password: 'x' }), 400, 'username is required')
    isError(t, await post({ username: 'user' }), 400, 'password is required')
    isError(t, await post({ username: 'user', password: '' }), 400, 'password is required')
    isError(t, await post({ ...good, admin: true }), 400, /is not known here/)
    isError(t, await post({ ...good, username: 5 }), 400, /must be string/)
  }
})

t.test('invalidateToken', async (t) => {
  const app = await startApp(t)
  const { access: token } = await logIn(app)
  const post = (payload: object) =>
    call(app, 'POST', `${API}/user/invalidate_token`, { headers: { token }, payload })
  isError(t, await post({ ...good, password: 'x' }), 401, 'password is incorrect')
  isError(t, await post({ ...good, username: 'nobody' }), 404, 'username not found')
  isError(t, await post({ username: 'guest', password: 'guest' }), 401, 'The token is not valid.')
  const response = await post(good)
  t.equal(response.statusCode, 200)
  t.same(response.json(), { message: 'token has been revoked' })
  isError(t, await post(good), 401)
  isError(t, await call(app, 'DELETE', '/api/ships/1', { token }), 401)
  isError(t, await call(app, 'POST', `${API}/user/invalidate_token`, { payload: good }), 401)
})

t.test('invalidateToken revokes the token of its header before the Bearer one', async (t) => {
  const app = await startApp(t)
  const [inHeader, token] = [(await logIn(app)).access, (await logIn(app)).access]
  const url = `${API}/user/invalidate_token`
  const status = async (token: string) => (await call(app, 'GET', '/dmps', { token })).statusCode
  const both = { token, headers: { token: inHeader }, payload: good }
  t.equal((await call(app, 'POST', url, both)).statusCode, 200)
  t.same([await status(inHeader), await status(token)], [401, 200])
  t.equal((await call(app, 'POST', url, { token, payload: good })).statusCode, 200)
  t.equal(await status(token), 401)
})

t.test('failed logins are limited', async (t) => {
  const app = await startApp(t, { loginLimit: 1 })
  for (const username of ['user', 'nobody']) {
    const payload = { username, password: 'wrong' }
    await call(app, 'POST', `${API}/user/get_token`, { payload })
    isError(t, await call(app, 'POST', `${API}/user/get_token`, { payload }), 429)
  }
})
