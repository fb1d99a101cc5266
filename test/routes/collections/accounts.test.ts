import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import t from 'tap'
import { startOwn, startWithAccounts, status, withAccounts } from '../../fixtures/accounts.js'
import { call, isError, logIn, startApp } from '../../fixtures/app.js'

const merge = { 'content-type': 'application/merge-patch+json' }

t.test('whoever has a password logs in, by username, email or name', async (t) => {
  const app = await startOwn(t, withAccounts())
  const me = async (name: string, password: string) => {
    const { access } = await logIn(app, name, password)
    return (await call(app, 'GET', '/auth/me', { token: access })).json().id
  }
  t.equal(await me('ann@example.com', "ann's password"), 'ann')
  t.equal(await me('Ann', "ann's password"), 'ann')
  t.equal(await me('root', "root's password"), 2)
  t.equal(await me('root@example.com', "root's password"), 2)
  t.equal(await me('Bob', "bob's password"), 3)
  const log = async (payload: object) => call(app, 'POST', '/auth/login', { payload })
  t.equal((await log({ email: 'ann@example.com', password: "ann's password" })).statusCode, 200)
  t.equal((await log({ name: 'Bob', password: "bob's password" })).statusCode, 200)
  isError(t, await log({ password: 'x' }), 400)
  for (const username of ['Plain', 'plain@example.com', ':4', '4', 'nobody']) {
    isError(t, await log({ username, password: "ann's password" }), 401, /is wrong/)
  }
})

t.test("a name that two accounts have is nobody's", async (t) => {
  const users = [
    { id: 1, email: 'one@example.com', name: 'Sam', password: 'one' },
    { id: 2, email: 'two@example.com', name: 'Sam', password: 'two' },
    { id: 3, email: 'three@example.com', name: 'Kim', password: 'three' },
    { id: 4, name: 'Kim' },
  ]
  const app = await startOwn(t, { users })
  t.equal(await status(app, 'POST', '/login', undefined, { name: 'Sam', password: 'one' }), 401)
  t.equal(await status(app, 'POST', '/login', undefined, { name: 'Kim', password: 'three' }), 200)
})

t.test('users without a password are records like others', async (t) => {
  const { app } = await startWithAccounts(t)
  t.equal(await status(app, 'PATCH', '/users/4', undefined, { name: 'Other' }), 200)
  const made = await call(app, 'POST', '/users', { payload: { id: 5, email: 'ann@example.com' } })
  t.same(made.json(), { id: 5, email: 'ann@example.com' }, 'its email is taken by nobody')
  t.equal(await status(app, 'DELETE', '/users/4'), 200)
})

t.test('a password never comes out', async (t) => {
  const { app, ann } = await startWithAccounts(t)
  const answers = [
    await call(app, 'POST', '/users', { payload: { username: 'new', password: 'new password' } }),
    await call(app, 'PATCH', '/users/ann', { token: ann, payload: { password: 'next password' } }),
  ]
  for (const url of [
    '/users',
    '/users/ann',
    '/db',
    '/users?_sort=passwordHash',
    '/openapi.json',
    '/__slipway/drift',
  ]) {
    answers.push(await call(app, 'GET', url))
  }
  for (const { body } of answers) t.notMatch(body, /argon2|passwordHash|(ann's|next|new) password/)
  for (const query of ['q=argon2', 'q=password', 'passwordHash_like=.', 'passwordHash_ne=1']) {
    const found = (await call(app, 'GET', `/users?${query}`)).json()
    t.notMatch(JSON.stringify(found), /argon/)
    if (query.startsWith('q=')) t.same(found, [], query)
  }
})

t.test('nobody is found by a password', async (t) => {
  const { app } = await startWithAccounts(t)
  const find = (query: string) => call(app, 'GET', `/users?email=ann@example.com&${query}`)
  for (const query of ['password:eq=x', 'password_ne=x', 'password_like=.']) {
    t.same((await find(query)).json(), [], query)
  }
  isError(t, await find("password=ann's password"), 400, /does not belong in a query/)
})

t.test('a hash is not taken from outside', async (t) => {
  const { app, ann } = await startWithAccounts(t)
  const { passwordHash } = (await app.store.users.getBy({ email: 'ann@example.com' })) ?? {}
  const payload = { username: 'eve', passwordHash: passwordHash ?? 'x' }
  isError(t, await call(app, 'POST', '/users', { payload }), 400, /passwordHash is not allowed/)
  isError(t, await call(app, 'POST', '/users', { payload: [payload] }), 400, /\/0\/passwordHash/)
  isError(t, await call(app, 'PATCH', '/users/ann', { token: ann, payload }), 400)
  isError(t, await call(app, 'PUT', '/users/ann', { token: ann, payload }), 400)
  const registration = { ...payload, password: 'x' }
  isError(t, await call(app, 'POST', '/register', { payload: registration }), 400)
})

t.test('nobody makes themselves an admin', async (t) => {
  const { app, ann, root } = await startWithAccounts(t)
  const eve = { username: 'eve', password: "eve's password", admin: true }
  for (const [url, payload] of [
    ['/users', eve],
    ['/users', [eve]],
    ['/auth/register', eve],
    ['/register', eve],
  ] as const) {
    isError(t, await call(app, 'POST', url, { payload }), 403, 'Only an admin can do this.')
  }
  const own = { token: ann, payload: { name: 'Ann', admin: true } }
  isError(t, await call(app, 'PATCH', '/users/ann', own), 403)
  isError(t, await call(app, 'PUT', '/users/ann', own), 403)
  const text = { token: ann, payload: '{"admin":true}', headers: merge }
  isError(t, await call(app, 'PATCH', '/users/ann', text), 403)
  // Of a record that nobody logs in as it means nothing; nor is it a way to become one.
  t.equal(await status(app, 'PATCH', '/users/4', undefined, { admin: true }), 200)
  t.equal(await status(app, 'PATCH', '/users/4', undefined, { password: 'x' }), 403)
  t.equal(await status(app, 'POST', '/users', undefined, { ...eve, admin: 'true' }), 201)
  const { access } = await logIn(app, 'eve', "eve's password")
  t.equal(await status(app, 'PATCH', '/users/ann', access, { name: 'x' }), 403)
  t.equal(await status(app, 'POST', '/users', root, { ...eve, username: 'eve2' }), 201)
  t.equal(await status(app, 'PATCH', '/users/ann', root, { admin: true }), 200)
  t.equal(await status(app, 'PATCH', '/users/3', ann, { name: 'x' }), 200, 'Ann is one now')
})

t.test("changing an account takes its own token, or an admin's", async (t) => {
  const { app, ann, root, bob } = await startWithAccounts(t)
  const payload = { email: 'ann@example.com', name: 'x' }
  for (const method of ['PUT', 'PATCH', 'DELETE']) {
    const body = method === 'DELETE' ? {} : { payload }
    isError(t, await call(app, method, '/users/ann', body), 401, /A token is needed/)
    const other = await call(app, method, '/users/ann', { token: bob, ...body })
    isError(t, other, 403, 'You can do this to your own account only.')
  }
  t.equal(await status(app, 'PATCH', '/users/ann', ann, payload), 200)
  t.equal(await status(app, 'PUT', '/users/ann', root, payload), 200)
  t.equal(
    await status(app, 'POST', '/auth/login', undefined, {
      email: 'ann@example.com',
      password: "ann's password",
    }),
    200,
    'a PUT without a password keeps it',
  )
  isError(t, await call(app, 'PUT', '/users/ann', { token: ann, payload: {} }), 400, /logs in by/)
})

t.test('a new password ends the tokens, and so does deleting the account', async (t) => {
  const { app, ann, bob } = await startWithAccounts(t)
  const { access, refresh } = await logIn(app, 'Ann', "ann's password")
  const same = { password: "ann's password", name: 'Ann' }
  t.equal(await status(app, 'PATCH', '/users/ann', ann, same), 200)
  t.equal(await status(app, 'GET', '/auth/me', ann), 200, 'the same password is not a new one')
  t.equal(await status(app, 'PATCH', '/users/ann', ann, { password: 'another' }), 200)
  for (const token of [ann, access]) {
    isError(t, await call(app, 'GET', '/auth/me', { token }), 401, 'The token is not valid.')
    isError(t, await call(app, 'PATCH', '/users/ann', { token, payload: same }), 401)
  }
  isError(t, await call(app, 'POST', '/auth/refresh', { token: refresh }), 401)
  await t.rejects(logIn(app, 'Ann', "ann's password"))
  const next = await logIn(app, 'Ann', 'another')
  t.equal(await status(app, 'DELETE', '/users/ann', next.access), 200)
  isError(t, await call(app, 'GET', '/auth/me', { token: next.access }), 401)
  t.equal(
    await status(app, 'POST', '/users', undefined, {
      id: 'ann',
      email: 'ann@example.com',
      password: 'another',
    }),
    201,
  )
  isError(t, await call(app, 'GET', '/auth/me', { token: next.access }), 401, /not valid/)
  t.equal(await status(app, 'GET', '/auth/me', bob), 200)
})

t.test('what an account logs in with is its own', async (t) => {
  const { app, bob } = await startWithAccounts(t)
  const password = 'x'
  for (const [user, field] of [
    [{ email: 'ann@example.com' }, 'email'],
    [{ username: 'new', email: 'ann@example.com' }, 'email'],
    [{ username: 'root' }, 'username'],
    [{ username: 'root@example.com' }, 'username'],
    [{ username: 'new', email: 'root' }, 'email'],
  ] as const) {
    const payload = { ...user, password }
    isError(t, await call(app, 'POST', '/users', { payload }), 409, `This ${field} is taken.`)
    isError(t, await call(app, 'POST', '/register', { payload }), 409)
    isError(t, await call(app, 'PATCH', '/users/3', { token: bob, payload: user }), 409)
    isError(t, await call(app, 'PUT', '/users/3', { token: bob, payload: user }), 409)
    isError(t, await call(app, 'PATCH', '/users/4', { payload }), 409)
  }
  const twice = [
    { username: 'new', password },
    { username: 'new', password },
  ]
  isError(t, await call(app, 'POST', '/users', { payload: twice }), 409)
  t.equal((await call(app, 'GET', '/users?username=new')).json().length, 0, 'all or none')
  isError(t, await call(app, 'POST', '/users', { payload: { password } }), 400, /logs in by/)
  isError(t, await call(app, 'POST', '/users', { payload: { name: 'a:b', password } }), 400)
  const wrong = { username: 'new', password: 5 }
  isError(t, await call(app, 'POST', '/users', { payload: [wrong] }), 400, /\/0\/password must/)
})

t.test('of two registrations at once with one email, one is made', async (t) => {
  const { app } = await startWithAccounts(t)
  const payload = { email: 'new@example.com', password: 'x' }
  const answers = await Promise.all(
    ['/register', '/users', '/auth/register'].map((url) => call(app, 'POST', url, { payload })),
  )
  t.same(answers.map(({ statusCode }) => statusCode).sort(), [201, 409, 409])
})

t.test('a record becomes an account by its password', async (t) => {
  const { app } = await startWithAccounts(t)
  const both = await Promise.all(
    ['mine', 'yours'].map((password) => call(app, 'PATCH', '/users/4', { payload: { password } })),
  )
  t.same(both.map(({ statusCode }) => statusCode).sort(), [200, 401], 'for one of two who try')
  const password = both[0]?.statusCode === 200 ? 'mine' : 'yours'
  const { access } = await logIn(app, 'plain@example.com', password)
  t.equal((await call(app, 'GET', '/auth/me', { token: access })).json().id, 4)
  isError(t, await call(app, 'PATCH', '/users/4', { payload: { name: 'x' } }), 401)
})

t.test('many accounts at once', async (t) => {
  const { app } = await startWithAccounts(t)
  const accounts = (count: number) =>
    Array.from({ length: count }, (_, index) => ({ username: `user ${index}`, password: 'x' }))
  isError(t, await call(app, 'POST', '/users', { payload: accounts(101) }), 413, /100 accounts/)
  t.equal((await call(app, 'POST', '/users', { payload: accounts(3) })).statusCode, 201)
  const plain = accounts(101).map(({ username }) => ({ username }))
  t.equal((await call(app, 'POST', '/users', { payload: plain })).statusCode, 201)
})

t.test('who tries password after password is stopped, by whichever name', async (t) => {
  const app = await startOwn(t, withAccounts(), { loginLimit: 2 })
  const tryAs = (username: string) =>
    status(app, 'POST', '/login', undefined, { username, password: 'wrong' })
  t.same(
    [await tryAs('root'), await tryAs('root@example.com'), await tryAs('root')],
    [401, 401, 429],
  )
  t.equal(await tryAs('Bob'), 401)
})

t.test(
  'tokens outlive a restart where the secret does, for as long as the account is the same',
  async (t) => {
    const first = await startOwn(t, withAccounts())
    const { access } = await logIn(first, 'Ann', "ann's password")
    const { users } = withAccounts()
    const [ann, ...others] = users
    const again = await startOwn(t, { users })
    t.equal((await call(again, 'GET', '/auth/me', { token: access })).json().id, 'ann')
    for (const changed of [
      [{ ...ann, password: 'another' }, ...others],
      [...others, ann],
      others,
    ]) {
      const app = await startOwn(t, { users: changed })
      t.equal(await status(app, 'GET', '/auth/me', access), 401)
    }
    const other = await startApp(t, {
      apis: 'none',
      data: { users },
      jwtSecret: 'another secret of more than 32 bytes',
    })
    t.equal(await status(other, 'GET', '/auth/me', access), 401)
  },
)

t.test('the file stays as it is, and its passwords are hashed', async (t) => {
  const file = join(t.testdir(), 'db.json')
  const text = JSON.stringify(withAccounts())
  await writeFile(file, text)
  const app = await startApp(t, { apis: 'none', dataFile: file })
  await logIn(app, 'Ann', "ann's password")
  const ann = await app.store.users.getBy({ email: 'ann@example.com' })
  t.match(ann && (await app.passwords.hashOf(app.worlds.own, ann)), /^\$argon2id\$/)
  app.passwords.hashDeferred()
  await app.passwords.close()
  t.equal(await readFile(file, 'utf8'), text)
})

t.test('hashes in the file, and what is no password', async (t) => {
  const { app } = await startWithAccounts(t)
  const ann = await app.store.users.getBy({ email: 'ann@example.com' })
  const passwordHash = ann && (await app.passwords.hashOf(app.worlds.own, ann))
  const hashed = await startApp(t, {
    apis: 'none',
    data: {
      users: [
        { id: 1, name: 'a', passwordHash },
        { id: 2, name: 'b', password: null },
      ],
    },
  })
  await logIn(hashed, 'a', "ann's password")
  t.same((await call(hashed, 'GET', '/users/2')).json(), { id: 2, name: 'b' })
  for (const [user, message] of [
    [{ name: 'a', password: 5 }, /\/users\/0\/password: must be a text/],
    [{ name: 'a', passwordHash: 'x' }, /\/users\/0\/passwordHash/],
    [{ name: 'a', password: 'x', passwordHash }, /and not both/],
    [
      { name: 'a', password: `$2a$10$${'x'.repeat(53)}` },
      /\/users\/0\/password: is a hash by bcrypt/,
    ],
    [{ password: 'x' }, /an account logs in by username, email or name/],
  ] as const) {
    await t.rejects(startOwn(t, { users: [user] }), { message })
  }
  const twice = [
    { email: 'a@b', password: 'x' },
    { email: 'a@b', password: 'y' },
  ]
  await t.rejects(startOwn(t, { users: twice }), { message: /the same email/ })
})

t.test('a schema for users may ask for a password', async (t) => {
  const schema = {
    type: 'object',
    properties: {
      id: { type: 'integer' },
      email: { type: 'string' },
      password: { type: 'string', minLength: 8 },
    },
    required: ['email', 'password'],
    additionalProperties: false,
  }
  const app = await startApp(t, {
    apis: 'none',
    data: {
      users: [{ id: 1, email: 'ann@example.com', password: "ann's password" }],
      $collections: { users: { schema } },
    },
  })
  const post = (payload: object) => call(app, 'POST', '/users', { payload })
  isError(t, await post({ email: 'bob@example.com' }), 400, /password is missing/)
  isError(t, await post({ email: 'bob@example.com', password: 'short' }), 400, /password/)
  t.equal((await post({ email: 'bob@example.com', password: 'long enough' })).statusCode, 201)
  const { access: token } = await logIn(app, 'ann@example.com', "ann's password")
  const put = (payload: object) => call(app, 'PUT', '/users/1', { token, payload })
  t.equal((await put({ email: 'ann@example.org' })).statusCode, 200)
  isError(t, await put({ email: 'ann@example.org', password: 'short' }), 400)
  isError(t, await put({ email: 'ann@example.org', age: 3 }), 400)
  const patch = { token, payload: { password: 'short' } }
  isError(t, await call(app, 'PATCH', '/users/1', patch), 400)
})

t.test('the document says what an account is written with', async (t) => {
  const { app } = await startWithAccounts(t)
  const { components, paths } = (await call(app, 'GET', '/openapi.json')).json()
  const { User, UserInput, UserPatch } = components.schemas
  t.notOk('password' in User.properties)
  for (const { properties } of [UserInput, UserPatch]) t.equal(properties.password.writeOnly, true)
  t.same(UserInput.examples, [{ email: 'ann@example.com', name: 'Ann', password: 'password' }])
  for (const [path, method] of [
    ['/users', 'post'],
    ['/users/{id}', 'put'],
    ['/users/{id}', 'patch'],
  ] as const) {
    t.hasProps(paths[path][method].responses, ['401', '403', '409', '503'], `${method} ${path}`)
  }
  t.hasProps(paths['/users/{id}'].delete.responses, ['401', '403'])
})
