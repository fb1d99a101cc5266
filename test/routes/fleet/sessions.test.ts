import t from 'tap'
import { call, isError, logIn, startApp } from '../../fixtures/app.js'

t.test('logIn', async (t) => {
  const app = await startApp(t)
  const payload = { username: 'user', password: 'password' }
  const response = await call(app, 'POST', '/auth/login', { payload })
  t.equal(response.statusCode, 200)
  t.match(response.json(), { access_token: String, refresh_token: String })
  t.same(Object.keys(response.json()), ['access_token', 'refresh_token'])
  t.equal(response.headers['cache-control'], 'no-store')

  const { access_token, refresh_token } = response.json()
  const [access, refresh] = [access_token, refresh_token].map((token) =>
    JSON.parse(Buffer.from(token.split('.')[1], 'base64url').toString()),
  )
  t.match(access, { iss: 'slipway', sub: '1', type: 'access', gen: Number })
  t.match(refresh, { iss: 'slipway', sub: '1', type: 'refresh', gen: access.gen })
  t.equal(access.exp - access.iat, 15 * 60)
  t.equal(refresh.exp - refresh.iat, 30 * 24 * 60 * 60)
  t.not(access.jti, refresh.jti)
  const { publicId } = (await app.store.users.get(1)) ?? {}
  for (const { identity, public_id } of [access, refresh]) {
    t.same(
      { identity, public_id },
      { identity: 1, public_id: publicId },
      'for clients that read it',
    )
  }
})

t.test('logIn says the same of a wrong password and of an unknown user', async (t) => {
  const app = await startApp(t)
  const post = (payload: object) => call(app, 'POST', '/auth/login', { payload })
  const wrong = await post({ username: 'user', password: 'wrong' })
  const unknown = await post({ username: 'nobody', password: 'wrong' })
  isError(t, wrong, 401, 'The username or the password is wrong.')
  t.equal(unknown.body, wrong.body)
  t.equal(unknown.statusCode, 401)
  t.equal(wrong.headers['www-authenticate'], 'Bearer realm="slipway"')
})

t.test('logIn refuses a body that is no login', async (t) => {
  const app = await startApp(t)
  const bodies = [
    {},
    { username: 'user' },
    { username: '', password: 'password' },
    { username: 'user', password: '' },
    { password: 'password' },
    { username: 'user', password: 1 },
    { username: ['user'], password: 'password' },
    { username: 'user', password: 'password', admin: true },
    { username: 'u'.repeat(129), password: 'password' },
  ]
  for (const payload of bodies) isError(t, await call(app, 'POST', '/auth/login', { payload }), 400)
  isError(t, await call(app, 'POST', '/auth/login'), 400)
})

t.test('logIn refuses a user and address after too many failures', async (t) => {
  const app = await startApp(t, { loginLimit: 3 })
  const post = (username: string, password: string, remoteAddress = '127.0.0.1') =>
    app.inject({
      method: 'POST',
      url: '/auth/login',
      payload: { username, password },
      remoteAddress,
    })
  const responses = await Promise.all(Array.from({ length: 8 }, () => post('user', 'wrong')))
  t.same(
    responses.map(({ statusCode }) => statusCode).sort(),
    [401, 401, 401, 429, 429, 429, 429, 429],
  )

  const right = await post('user', 'password')
  isError(t, right, 429, 'Too many failed logins. Try again later.')
  t.match(right.headers['retry-after'], /^[1-9]\d?$/)
  t.equal((await post('guest', 'guest')).statusCode, 200, 'another user is let in')
  t.equal((await post('user', 'password', '10.0.0.1')).statusCode, 200, 'and another address')
})

t.test('of logins at once the right password passes as long as few have failed', async (t) => {
  const app = await startApp(t, { loginLimit: 3 })
  const post = async (username: string, password: string) => {
    const payload = { username, password }
    return (await call(app, 'POST', '/auth/login', { payload })).statusCode
  }
  const fail = (username: string, times: number) =>
    Array.from({ length: times }, () => post(username, 'wrong'))
  t.same(await Promise.all([...fail('user', 2), post('user', 'password')]), [401, 401, 200])
  // It is looked at when many of the others have been.
  const failures = fail('guest', 30)
  t.equal(await post('guest', 'guest'), 429)
  const refused = (await Promise.all(failures)).filter((status) => status === 429)
  t.equal(refused.length, 27)
})

t.test(
  'the right password passes beyond the limit where that user has logged in before',
  async (t) => {
    const app = await startApp(t, { loginLimit: 3 })
    const post = (password: string, remoteAddress = '127.0.0.1', username = 'user') =>
      app.inject({
        method: 'POST',
        url: '/auth/login',
        payload: { username, password },
        remoteAddress,
      })
    t.equal((await post('password')).statusCode, 200)
    t.equal((await post('guest', '10.0.0.1', 'guest')).statusCode, 200)
    const fail = async (times: number, ...rest: [string?, string?]) => {
      const statuses: number[] = []
      for (let count = 0; count < times; count++) {
        statuses.push((await post('wrong', ...rest)).statusCode)
      }
      return statuses
    }
    t.same(await fail(6), [401, 401, 401, 429, 429, 429], 'a wrong one is answered as it was')
    t.equal((await post('password')).statusCode, 200)

    t.same(await fail(3, '10.0.0.1'), [401, 401, 401])
    isError(t, await post('password', '10.0.0.1'), 429, /^Too many failed logins/)
    t.equal((await post('guest', '10.0.0.1', 'guest')).statusCode, 200, 'another user was here')

    t.same(new Set(await fail(9)), new Set([429]))
    isError(t, await post('password'), 429, /^Too many failed logins/)
  },
)

t.test('an account does not inherit from another of its name', async (t) => {
  const app = await startApp(t, { loginLimit: 1 })
  const payload = { name: 'newcomer', password: 'pass' }
  const first = (await call(app, 'POST', '/api/users', { payload })).json()
  const { access: token } = await logIn(app, 'newcomer', 'pass')
  await call(app, 'DELETE', `/api/users/${first.id}`, { token })
  await call(app, 'POST', '/api/users', { payload })
  await t.rejects(logIn(app, 'newcomer', 'wrong'))
  const refused = { username: 'newcomer', password: 'pass' }
  isError(t, await call(app, 'POST', '/auth/login', { payload: refused }), 429)
})

t.test('logIn has no limit when it is switched off', async (t) => {
  const app = await startApp(t, { loginLimit: 0 })
  const payload = { username: 'user', password: 'wrong' }
  for (let attempt = 0; attempt < 15; attempt++) {
    isError(t, await call(app, 'POST', '/auth/login', { payload }), 401)
  }
})

t.test('logins that succeed are never limited', async (t) => {
  const app = await startApp(t, { loginLimit: 2 })
  for (let attempt = 0; attempt < 5; attempt++) t.type((await logIn(app)).access, 'string')
})

t.test('more logins at once than can wait are refused with 503', async (t) => {
  const app = await startApp(t, { loginLimit: 0 })
  const payload = { username: 'user', password: 'password' }
  const responses = await Promise.all(
    Array.from({ length: 230 }, () => call(app, 'POST', '/auth/login', { payload })),
  )
  const refused = responses.filter(({ statusCode }) => statusCode !== 200)
  t.ok(refused.length > 0)
  for (const response of refused) {
    isError(t, response, 503)
    t.equal(response.headers['retry-after'], '1')
  }
  t.ok(responses.length - refused.length >= 200, 'those that wait are served')
})

t.test(
  'an unknown user, and one whose password is not hashed yet, cost a place as well',
  async (t) => {
    const users = Array.from({ length: 230 }, (_, index) => ({
      name: `user ${index}`,
      password: 'x',
    }))
    const folder = t.testdir({ 'data.json': JSON.stringify({ users }) })
    const app = await startApp(t, { dataFile: `${folder}/data.json` })
    for (const name of ['nobody', 'user']) {
      const responses = await Promise.all(
        users.map((_, index) =>
          call(app, 'POST', '/auth/login', {
            payload: { username: `${name} ${index}`, password: 'wrong' },
          }),
        ),
      )
      const statuses = new Set(responses.map(({ statusCode }) => statusCode))
      t.same([...statuses].sort(), [401, 503], name)
    }
  },
)

t.test('refreshAccessToken', async (t) => {
  const app = await startApp(t)
  const { refresh } = await logIn(app)
  const response = await call(app, 'POST', '/auth/refresh', { token: refresh })
  t.equal(response.statusCode, 200)
  t.same(Object.keys(response.json()), ['access_token'])
  t.equal(response.headers['cache-control'], 'no-store')
  const token = response.json().access_token
  t.equal((await call(app, 'DELETE', '/api/ships/1', { token })).statusCode, 204)
  t.equal((await call(app, 'POST', '/auth/refresh', { token: refresh })).statusCode, 200)
})

t.test('a token of the other type is refused', async (t) => {
  const app = await startApp(t)
  const { access, refresh } = await logIn(app)
  isError(t, await call(app, 'POST', '/auth/refresh', { token: access }), 401)
  isError(t, await call(app, 'DELETE', '/auth/logout2', { token: access }), 401)
  isError(t, await call(app, 'DELETE', '/auth/logout', { token: refresh }), 401)
  isError(t, await call(app, 'DELETE', '/api/ships/1', { token: refresh }), 401)
})

t.test('logOut', async (t) => {
  const app = await startApp(t)
  const { access, refresh } = await logIn(app)
  const other = await logIn(app)
  const response = await call(app, 'DELETE', '/auth/logout', { token: access })
  t.equal(response.statusCode, 200)
  t.same(response.json(), { message: 'Successfully logged out.' })
  isError(t, await call(app, 'DELETE', '/api/ships/1', { token: access }), 401)
  isError(t, await call(app, 'DELETE', '/auth/logout', { token: access }), 401)
  t.equal((await call(app, 'POST', '/auth/refresh', { token: refresh })).statusCode, 200)
  t.equal((await call(app, 'DELETE', '/api/ships/1', { token: other.access })).statusCode, 204)
})

t.test('revokeRefreshToken', async (t) => {
  const app = await startApp(t)
  const { access, refresh } = await logIn(app)
  const response = await call(app, 'DELETE', '/auth/logout2', { token: refresh })
  t.equal(response.statusCode, 200)
  t.same(response.json(), { message: 'Successfully logged out.' })
  isError(t, await call(app, 'POST', '/auth/refresh', { token: refresh }), 401)
  isError(t, await call(app, 'DELETE', '/auth/logout2', { token: refresh }), 401)
  t.equal((await call(app, 'DELETE', '/api/ships/1', { token: access })).statusCode, 204)
})
