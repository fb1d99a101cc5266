import t from 'tap'
import { call, isError, logIn, startApp } from '../../fixtures/app.js'

t.test('listUsers', async (t) => {
  const app = await startApp(t)
  const response = await call(app, 'GET', '/api/users')
  t.equal(response.statusCode, 200)
  t.same(response.json(), [
    { id: 1, name: 'user' },
    { id: 2, name: 'guest' },
    { id: 3, name: 'admin' },
  ])
})

t.test('getUser', async (t) => {
  const app = await startApp(t)
  const response = await call(app, 'GET', '/api/users/1')
  t.equal(response.statusCode, 200)
  t.same(response.json(), { id: 1, name: 'user' })
  isError(t, await call(app, 'GET', '/api/users/99'), 404, 'There is no user with the id 99.')
  isError(t, await call(app, 'GET', '/api/users/abc'), 400)

  const headers = { 'if-none-match': `${response.headers.etag}` }
  t.equal((await call(app, 'GET', '/api/users/1', { headers })).statusCode, 304)
})

t.test('hashing the passwords of the data file changes no ETag', async (t) => {
  const app = await startApp(t)
  const { etag } = (await call(app, 'GET', '/api/users/1')).headers
  await logIn(app)
  t.equal((await call(app, 'GET', '/api/users/1')).headers.etag, etag)
})

t.test('createUser', async (t) => {
  const app = await startApp(t)
  const payload = { name: 'new user', password: 'secret' }
  const response = await call(app, 'POST', '/api/users', {
    payload,
    headers: { host: 'localhost:5000' },
  })
  t.equal(response.statusCode, 201)
  t.same(response.json(), { id: 4, name: 'new user' })
  t.equal(response.headers.location, 'http://localhost:5000/api/users/4')
  t.same((await call(app, 'GET', '/api/users')).json().at(-1), { id: 4, name: 'new user' })
  t.type((await logIn(app, 'new user', 'secret')).access, 'string')
  isError(t, await call(app, 'POST', '/api/users', { payload }), 409, 'This username is taken.')
})

t.test('createUser refuses what no account can have', async (t) => {
  const app = await startApp(t)
  const refused: [object, string][] = [
    [{ password: 'secret' }, '/name'],
    [{ name: 'x', password: 'secret' }, '/name'],
    [{ name: 'a:b', password: 'secret' }, '/name'],
    [{ name: 'a\nb', password: 'secret' }, '/name'],
    [{ name: 'x'.repeat(129), password: 'secret' }, '/name'],
    [{ name: 'name' }, '/password'],
    [{ name: 'name', password: '123' }, '/password'],
    [{ name: 'name', password: 'x'.repeat(1025) }, '/password'],
    [{ name: 'name', password: 1234 }, '/password'],
    [{ name: 'name', password: 'secret', admin: true }, '/admin'],
    [{ name: 'name', password: 'secret', id: 7 }, '/id'],
    [{ name: 'name', password: 'secret', constructor: 1 }, '/constructor'],
  ]
  for (const [payload, path] of refused) {
    const response = await call(app, 'POST', '/api/users', { payload })
    isError(t, response, 400)
    t.match(response.json().details, [{ in: 'body', path }])
  }
  t.equal((await call(app, 'GET', '/api/users')).json().length, 3)
})

t.test('the same name registered fifty times at once makes one account', async (t) => {
  const app = await startApp(t)
  const payload = { name: 'popular', password: 'secret' }
  const responses = await Promise.all(
    Array.from({ length: 50 }, () => call(app, 'POST', '/api/users', { payload })),
  )
  t.same(responses.map(({ statusCode }) => statusCode).sort(), [
    201,
    ...Array.from({ length: 49 }, () => 409),
  ])
  t.equal((await call(app, 'GET', '/api/users')).json().length, 4)
})

t.test('replaceUser', async (t) => {
  const app = await startApp(t)
  const { access: token } = await logIn(app)
  const payload = { name: 'fancy new name', password: 'more secret' }
  const response = await call(app, 'PUT', '/api/users/1', { token, payload })
  t.equal(response.statusCode, 200)
  t.same(response.json(), { id: 1, name: 'fancy new name' })
  t.type(response.headers.etag, 'string')
  t.type((await logIn(app, 'fancy new name', 'more secret')).access, 'string')
  await t.rejects(logIn(app, 'user', 'password'), /401/)
})

t.test('replaceUser is for yourself, with a name that is free', async (t) => {
  const app = await startApp(t)
  const { access: token } = await logIn(app)
  const put = (id: number, payload: object) =>
    call(app, 'PUT', `/api/users/${id}`, { token, payload })
  const payload = { name: 'someone', password: 'secret' }
  isError(t, await call(app, 'PUT', '/api/users/1', { payload }), 401)
  isError(t, await put(2, payload), 403, 'You can do this to your own account only.')
  isError(t, await put(99, payload), 404)
  isError(t, await put(1, { ...payload, id: 2 }), 400)
  isError(t, await put(1, { ...payload, admin: true }), 400)
  isError(t, await put(1, { ...payload, name: 'guest' }), 409, 'This username is taken.')
  isError(t, await put(1, { name: 'someone' }), 400)
  t.same((await call(app, 'GET', '/api/users/1')).json(), { id: 1, name: 'user' })
  t.equal((await put(1, { id: 1, name: 'user', password: 'password' })).statusCode, 200)
})

t.test('replaceUser with a new password ends every token of the user', async (t) => {
  const app = await startApp(t)
  const first = await logIn(app)
  const second = await logIn(app)
  const other = await logIn(app, 'guest', 'guest')
  const payload = { name: 'user', password: 'more secret' }
  await call(app, 'PUT', '/api/users/1', { token: first.access, payload })
  for (const { access, refresh } of [first, second]) {
    isError(t, await call(app, 'DELETE', '/api/ships/1', { token: access }), 401)
    isError(t, await call(app, 'POST', '/auth/refresh', { token: refresh }), 401)
  }
  t.equal((await call(app, 'POST', '/auth/refresh', { token: other.refresh })).statusCode, 200)
})

t.test('replaceUser with the same password keeps the tokens', async (t) => {
  const app = await startApp(t)
  const { access: token } = await logIn(app)
  const payload = { name: 'renamed', password: 'password' }
  t.equal((await call(app, 'PUT', '/api/users/1', { token, payload })).statusCode, 200)
  t.equal((await call(app, 'DELETE', '/api/ships/1', { token })).statusCode, 204)
})

t.test('two changes of one account at once leave it as one of them made it', async (t) => {
  const app = await startApp(t)
  const { access: token } = await logIn(app)
  const payloads = ['first', 'second'].map((name) => ({ name, password: `password of ${name}` }))
  const responses = await Promise.all(
    payloads.map((payload) => call(app, 'PUT', '/api/users/1', { token, payload })),
  )
  t.same(responses.map(({ statusCode }) => statusCode).sort(), [200, 409])
  const { name } = (await call(app, 'GET', '/api/users/1')).json()
  t.type((await logIn(app, name, `password of ${name}`)).access, 'string')
})

t.test('replaceUser refuses a stale If-Match and changes nothing', async (t) => {
  const app = await startApp(t)
  const { access: token } = await logIn(app)
  const { etag } = (await call(app, 'GET', '/api/users/1')).headers
  const put = (name: string) =>
    call(app, 'PUT', '/api/users/1', {
      token,
      payload: { name, password: 'password' },
      headers: { 'if-match': `${etag}` },
    })
  t.equal((await put('renamed')).statusCode, 200)
  isError(t, await put('again'), 412)
  const headers = { 'if-match': `${etag}` }
  isError(t, await call(app, 'DELETE', '/api/users/1', { token, headers }), 412)
  t.same((await call(app, 'GET', '/api/users/1')).json(), { id: 1, name: 'renamed' })
})

t.test('deleteUser', async (t) => {
  const app = await startApp(t)
  const { access: token, refresh } = await logIn(app)
  isError(t, await call(app, 'DELETE', '/api/users/1'), 401)
  isError(t, await call(app, 'DELETE', '/api/users/2', { token }), 403)
  isError(t, await call(app, 'DELETE', '/api/users/99', { token }), 403)
  const response = await call(app, 'DELETE', '/api/users/1', { token })
  t.equal(response.statusCode, 204)
  t.equal(response.body, '')
  isError(t, await call(app, 'GET', '/api/users/1'), 404)
  isError(t, await call(app, 'DELETE', '/api/ships/1', { token }), 401)
  isError(t, await call(app, 'POST', '/auth/refresh', { token: refresh }), 401)
  await t.rejects(logIn(app), /401/)
})

t.test('a token does not pass to the next user of the same name', async (t) => {
  const app = await startApp(t)
  const { access: token } = await logIn(app)
  await call(app, 'DELETE', '/api/users/1', { token })
  const payload = { name: 'user', password: 'password' }
  t.equal((await call(app, 'POST', '/api/users', { payload })).json().id, 4)
  isError(t, await call(app, 'DELETE', '/api/ships/1', { token }), 401)
})

t.test('one of fifty deletions of an account at once succeeds', async (t) => {
  const app = await startApp(t)
  const { access: token } = await logIn(app)
  const responses = await Promise.all(
    Array.from({ length: 50 }, () => call(app, 'DELETE', '/api/users/1', { token })),
  )
  t.same(responses.map(({ statusCode }) => statusCode).sort(), [
    204,
    ...Array.from({ length: 49 }, () => 401),
  ])
})

t.test('no answer holds a hash or a password', async (t) => {
  const app = await startApp(t)
  await logIn(app)
  for (const url of ['/api/users', '/api/users/1']) {
    t.notMatch((await call(app, 'GET', url)).body, /argon2|password|generation|publicId/i)
  }
})
