import t from 'tap'
import { call, claimsOf, isError, logIn, startApp } from '../../fixtures/app.js'
import { curlTo } from '../../fixtures/curl.js'
import { startProcess } from '../../fixtures/process.js'

const withPassword = (token: string, newpassword?: string) => ({
  token,
  headers: newpassword === undefined ? {} : { newpassword },
})

t.test('endSession revokes the token in every API', async (t) => {
  const app = await startApp(t)
  const { access } = await logIn(app)
  const response = await call(app, 'DELETE', '/logout', { token: access })
  t.equal(response.statusCode, 200)
  t.same(response.json(), { msg: 'Logged out' })
  isError(t, await call(app, 'DELETE', '/logout', { token: access }), 401)
  isError(t, await call(app, 'GET', '/dmps', { token: access }), 401)
  isError(t, await call(app, 'PATCH', '/api/ships/1', { token: access, payload: {} }), 401)
})

t.test('changePassword ends all tokens, also with the same password', async (t) => {
  const app = await startApp(t)
  const login = { method: 'POST', url: '/auth/login' } as const
  for (const [old, next] of [
    ['password', 'another'],
    ['another', 'another'],
  ] as const) {
    const { access, refresh } = await logIn(app, 'user', old)
    const response = await call(app, 'PUT', '/changepassword', withPassword(access, next))
    t.equal(response.statusCode, 200)
    t.same(response.json(), { msg: 'Password changed' })
    isError(t, await call(app, 'GET', '/dmps', { token: access }), 401)
    isError(t, await call(app, 'GET', '/refresh', { token: refresh }), 401)
    await logIn(app, 'user', next)
  }
  const payload = { username: 'user', password: 'password' }
  t.equal((await app.inject({ ...login, payload })).statusCode, 401)
})

t.test('changePassword takes UTF-8, and Latin-1 from clients that know no better', async (t) => {
  const app = await startApp(t)
  let password = 'password'
  for (const [bytes, next] of [
    [Buffer.from('pässwörd €'), 'pässwörd €'],
    [Buffer.from('pässwörd', 'latin1'), 'pässwörd'],
  ] as const) {
    const { access } = await logIn(app, 'user', password)
    // What Node makes of the bytes of a header.
    const header = bytes.toString('latin1')
    const response = await call(app, 'PUT', '/changepassword', withPassword(access, header))
    t.equal(response.statusCode, 200)
    await logIn(app, 'user', next)
    password = next
  }
})

t.test(
  'changePassword without a password, or with one that is none, changes nothing',
  async (t) => {
    const app = await startApp(t)
    const { access } = await logIn(app)
    for (const value of [undefined, '', 'x'.repeat(1025)]) {
      const response = await call(app, 'PUT', '/changepassword', withPassword(access, value))
      isError(t, response, 400)
      const [detail] = response.json().details
      t.match(detail, { in: 'header', path: '/newpassword' })
      t.equal(response.json().error, response.json().message, 'its clients read the text in error')
    }
    isError(t, await call(app, 'PUT', '/changepassword', { headers: { newpassword: 'x' } }), 401)
    t.equal((await call(app, 'GET', '/dmps', { token: access })).statusCode, 200)
    await logIn(app)
  },
)

t.test('a password that is given twice is none', async (t) => {
  const { url } = await startProcess(t)
  const curl = curlTo(url)
  const { body } = await curl('/login', '-u', 'user:password')
  const twice = ['-H', 'newpassword: a', '-H', 'NewPassword: b']
  const bearer = ['-H', `Authorization: Bearer ${body.access_token}`]
  const response = await curl('/changepassword', '-X', 'PUT', ...bearer, ...twice)
  t.equal(response.status, 400)
  t.match(response.body.details, [{ in: 'header', path: '/newpassword' }])
  t.equal((await curl('/login', '-u', 'user:password')).status, 200)
})

t.test('two changes of a password at once: one of them wins', async (t) => {
  const app = await startApp(t)
  const { access } = await logIn(app)
  const answers = await Promise.all(
    ['first', 'second'].map((next) =>
      call(app, 'PUT', '/changepassword', withPassword(access, next)),
    ),
  )
  t.same(answers.map(({ statusCode }) => statusCode).sort(), [200, 409])
  const won = answers[0]?.statusCode === 200 ? 'first' : 'second'
  await logIn(app, 'user', won)
})

t.test('getAccessToken and createAccessToken', async (t) => {
  const app = await startApp(t)
  const { access, refresh } = await logIn(app)
  for (const [method, status] of [
    ['GET', 200],
    ['POST', 201],
  ] as const) {
    const response = await call(app, method, '/refresh', { token: refresh })
    t.equal(response.statusCode, status)
    t.equal(response.headers['cache-control'], 'no-store')
    const { access_token: token, ...rest } = response.json()
    t.same(rest, {})
    const { iat, exp, ...claims } = claimsOf(token)
    t.match(claims, { type: 'access', sub: '1' })
    t.equal(Number(exp) - Number(iat), 30 * 24 * 60 * 60, 'as long as the one of the login')
    t.equal((await call(app, 'GET', '/dmps', { token })).statusCode, 200)

    const wrong = await call(app, method, '/refresh', { token: access })
    isError(t, wrong, 401)
    t.match(wrong.headers['www-authenticate'], 'Bearer realm="slipway", error="invalid_token"')
    const missing = await call(app, method, '/refresh')
    isError(t, missing, 401)
    t.equal(missing.headers['www-authenticate'], 'Bearer realm="slipway"')
  }
})

t.test('a known path answers another verb with 405', async (t) => {
  const app = await startApp(t)
  for (const [method, url, allow] of [
    ['GET', '/logout', 'DELETE'],
    ['POST', '/changepassword', 'PUT'],
    ['DELETE', '/refresh', 'GET, HEAD, POST'],
    ['PATCH', '/dmps', 'GET, HEAD, POST'],
    ['POST', '/dmps/x', 'DELETE, GET, HEAD, PUT'],
    ['DELETE', '/tasks', 'GET, HEAD, POST'],
    ['PUT', '/resources/pdf/x', 'GET, HEAD'],
  ] as const) {
    const response = await call(app, method, url)
    t.equal(response.statusCode, 405, url)
    t.same(
      String(response.headers.allow).split(', ').sort().join(', '),
      `${allow}, OPTIONS`.split(', ').sort().join(', '),
      url,
    )
  }
})
