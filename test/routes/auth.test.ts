import t from 'tap'
import { startOwn, startWithAccounts, status, withAccounts } from '../fixtures/accounts.js'
import { call, claimsOf, isError, logIn, startApp } from '../fixtures/app.js'

t.test('an account is made, used and left', async (t) => {
  const app = await startOwn(t, { posts: [{ id: 1 }] })
  const payload = { email: 'ann@example.com', password: 'a pass phrase', age: 42 }
  const made = await call(app, 'POST', '/auth/register', { payload })
  t.equal(made.statusCode, 201)
  t.equal(made.headers['cache-control'], 'no-store')
  const { access_token: token, refresh_token: refresh, user } = made.json()
  t.same(user, { email: 'ann@example.com', age: 42, id: 1 })
  t.same((await call(app, 'GET', '/auth/me', { token })).json(), user)
  const renewed = await call(app, 'POST', '/auth/refresh', { token: refresh })
  const { access_token: next } = renewed.json()
  t.equal(await status(app, 'GET', '/auth/me', next), 200)
  t.equal(await status(app, 'DELETE', '/auth/logout', token), 200)
  isError(t, await call(app, 'GET', '/auth/me', { token }), 401)
  t.equal(await status(app, 'GET', '/auth/me', next), 200)
  t.equal(await status(app, 'GET', '/users'), 404, 'no collection of the file')
  isError(t, await call(app, 'POST', '/auth/register', { payload }), 409, 'This email is taken.')
})

t.test('what is no good token', async (t) => {
  const { app, ann } = await startWithAccounts(t)
  const { refresh } = await logIn(app, 'Ann', "ann's password")
  isError(t, await call(app, 'GET', '/auth/me'), 401, /A token is needed/)
  const [head, , signature] = ann.split('.')
  const forged = Buffer.from(JSON.stringify({ ...claimsOf(ann), sub: '2' })).toString('base64url')
  const { user, claims } = await app.tokens.check(ann, 'access', app.worlds.own)
  t.equal(user.email, 'ann@example.com')
  const expired = app.jwt.sign({ ...claims, exp: 1_700_000_000 })
  for (const token of ['', 'x', refresh, `${head}.${forged}.${signature}`, expired]) {
    isError(t, await call(app, 'GET', '/auth/me', { token }), 401, 'The token is not valid.')
    isError(t, await call(app, 'PATCH', '/users/ann', { token, payload: { name: 'x' } }), 401)
  }
  isError(t, await call(app, 'POST', '/auth/refresh', { token: ann }), 401)
})

t.test("json-server-auth's clients", async (t) => {
  const app = await startOwn(t, withAccounts())
  for (const [index, url] of ['/register', '/signup'].entries()) {
    const payload = { email: `new${index}@example.com`, password: 'x', firstname: 'N' }
    const { statusCode, body, headers } = await call(app, 'POST', url, { payload })
    t.equal(statusCode, 201, url)
    t.equal(headers['cache-control'], 'no-store')
    const { accessToken, user, ...rest } = JSON.parse(body)
    t.match(user, { email: payload.email, firstname: 'N', id: String })
    t.same([Object.keys(rest), 'password' in user], [[], false])
    t.equal(await status(app, 'PATCH', `/users/${user.id}`, accessToken, { firstname: 'M' }), 200)
    isError(t, await call(app, 'POST', url, { payload }), 409, 'This email is taken.')
    isError(t, await call(app, 'POST', url, { payload: { password: 'x' } }), 400)
    isError(t, await call(app, 'POST', url, { payload: { email: 'e@example.com' } }), 400)
  }
  for (const url of ['/login', '/signin']) {
    const payload = { email: 'ann@example.com', password: "ann's password" }
    const { statusCode, body } = await call(app, 'POST', url, { payload })
    t.equal(statusCode, 200, url)
    const { accessToken, user } = JSON.parse(body)
    t.same(user, { id: 'ann', email: 'ann@example.com', name: 'Ann' })
    t.equal(await status(app, 'GET', '/auth/me', accessToken), 200)
    const wrong = { ...payload, password: 'x' }
    isError(t, await call(app, 'POST', url, { payload: wrong }), 401, /password is wrong/)
    isError(t, await call(app, 'POST', url, { payload: { email: 'x' } }), 400)
  }
})

t.test("a collection of the user's own comes before json-server-auth's names", async (t) => {
  const app = await startOwn(t, { login: [{ id: 1 }], register: { open: true } })
  t.same((await call(app, 'GET', '/login')).json(), [{ id: 1 }])
  t.equal(await status(app, 'POST', '/login', undefined, { name: 'x' }), 201)
  t.equal(await status(app, 'PATCH', '/register', undefined, { open: false }), 200)
  const payload = { username: 'ann', password: 'x' }
  t.equal(await status(app, 'POST', '/signup', undefined, payload), 201)
  t.equal(await status(app, 'POST', '/signin', undefined, payload), 200)
})

t.test('who may make users may register', async (t) => {
  const { app, ann, root } = await startWithAccounts(t, {
    $collections: { users: { access: { create: 'admin' } } },
  })
  for (const url of ['/auth/register', '/register', '/users']) {
    const payload = { username: `new ${url.length}`, password: 'x' }
    isError(t, await call(app, 'POST', url, { payload }), 401)
    isError(t, await call(app, 'POST', url, { payload, token: ann }), 403)
    t.equal(await status(app, 'POST', url, root, payload), 201)
  }
})

t.test('a read-only server lets people log in, and nobody register', async (t) => {
  const app = await startOwn(t, withAccounts(), { readOnly: true })
  const payload = { username: 'root', password: "root's password" }
  for (const url of ['/auth/login', '/login', '/signin']) {
    t.equal(await status(app, 'POST', url, undefined, payload), 200, url)
  }
  for (const url of ['/auth/register', '/register', '/signup', '/users']) {
    isError(t, await call(app, 'POST', url, { payload }), 403, /read-only/)
  }
})

t.test('the accounts can be those of an API', async (t) => {
  const data = {
    users: [{ id: 5, username: 'ann', password: "ann's password" }],
    posts: [{ id: 1 }],
  }
  for (const apis of [['fleet'], ['forum'], ['memes'], ['registry'], ['plans']] as const) {
    const app = await startApp(t, { apis: [...apis], data })
    const url = apis[0] === 'forum' ? '/auth/register' : '/register'
    const registration = { username: 'bob', password: "bob's password", admin: true }
    const made = await call(app, 'POST', url, { payload: registration })
    t.equal(made.statusCode, 201, `${apis}`)
    t.same(made.json().user, { id: 6, username: 'bob' })
    isError(t, await call(app, 'POST', url, { payload: registration }), 409)
    isError(t, await call(app, 'POST', url, { payload: { username: 'b', password: 'x' } }), 400)
    isError(t, await call(app, 'POST', url, { payload: { password: 'x' } }), 400)
    const { access: token } = await logIn(app, 'ann', "ann's password")
    t.same((await call(app, 'GET', '/auth/me', { token })).json(), { id: 5, username: 'ann' })
    t.equal((await app.store.users.getBy({ username: 'bob' }))?.admin, false)
    const { paths } = (await call(app, 'GET', '/openapi.json')).json()
    const ids = Object.values<object>(paths).flatMap((path) =>
      Object.values(path).map(({ operationId }) => operationId),
    )
    t.same(ids.toSorted(), [...new Set(ids)].sort(), 'each operation has an id of its own')
    t.ok(paths['/auth/login'].post)
  }
})
