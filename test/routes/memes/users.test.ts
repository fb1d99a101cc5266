import type { FastifyInstance } from 'fastify'
import t from 'tap'
import { call, isError, logIn, startApp } from '../../fixtures/app.js'

const FORM = { 'content-type': 'application/x-www-form-urlencoded' }
const ADMIN_ID = 'e9572ee6-4b5e-45e4-a840-58a33b04b8a7'
const USER_ID = '1f190b06-2635-42aa-86e9-460d0aff93d9'
const NO_ID = '00000000-0000-4000-8000-000000000000'

const asAdmin = async (app: FastifyInstance) => (await logIn(app, 'admin', 'admin')).access

t.test('listAccounts', async (t) => {
  const app = await startApp(t)
  const headers = { 'x-access-token': await asAdmin(app) }
  const response = await call(app, 'GET', '/user', { headers })
  t.equal(response.statusCode, 200)
  const password = '********'
  t.same(response.json(), {
    users: [
      { admin: false, id: 1, public_id: USER_ID, username: 'user', password },
      {
        admin: false,
        id: 2,
        public_id: '6c1ef0a3-9d0e-4c3b-8f57-2b7d3a5c9e14',
        username: 'guest',
        password,
      },
      { admin: true, id: 3, public_id: ADMIN_ID, username: 'admin', password },
    ],
  })
})

t.test('getAccount', async (t) => {
  const app = await startApp(t)
  const token = await asAdmin(app)
  const response = await call(app, 'GET', `/user/${USER_ID}`, { token })
  t.equal(response.statusCode, 200)
  t.same(response.json(), {
    user: { admin: false, id: 1, public_id: USER_ID, username: 'user', password: '********' },
  })
  const upper = await call(app, 'GET', `/user/${USER_ID.toUpperCase()}`, { token })
  t.same(upper.json(), response.json())
  const headers = { 'if-none-match': `${response.headers.etag}` }
  t.equal((await call(app, 'GET', `/user/${USER_ID}`, { token, headers })).statusCode, 304)
  for (const id of [NO_ID, '1', 'x'.repeat(128), '%00', '%C3%A9']) {
    isError(t, await call(app, 'GET', `/user/${id}`, { token }), 404, 'no user found')
  }
  isError(t, await call(app, 'GET', `/user/${'x'.repeat(129)}`, { token }), 400)
})

for (const [type, headers, encode] of [
  ['a form', FORM, (fields: object) => new URLSearchParams({ ...fields }).toString()],
  ['JSON', { 'content-type': 'application/json' }, JSON.stringify],
] as const) {
  t.test(`createAccount takes ${type}`, async (t) => {
    const app = await startApp(t)
    const token = await asAdmin(app)
    const create = (fields: object) =>
      call(app, 'POST', '/user', { token, headers, payload: encode(fields) })
    const response = await create({ username: 'some usename', password: 'my password é&=+%' })
    t.equal(response.statusCode, 200)
    t.same(response.json(), { message: 'User created successfully' })
    t.type((await logIn(app, 'some usename', 'my password é&=+%')).access, 'string')
    const again = await create({ username: 'some usename', password: 'other' })
    isError(t, again, 409, 'This username is taken.')

    const refused: [object, string][] = [
      [{ password: 'x' }, '/username'],
      [{ username: 'name' }, '/password'],
      [{ username: 'x', password: 'x' }, '/username'],
      [{ username: 'a:b', password: 'x' }, '/username'],
      [{ username: 'name', password: '' }, '/password'],
      [{ username: 'name', password: 'x'.repeat(1025) }, '/password'],
      [{ username: 'name', password: 'x', admin: 'true' }, '/admin'],
      [{ username: 'name', password: 'x', public_id: NO_ID }, '/public_id'],
    ]
    for (const [fields, path] of refused) {
      const refusal = await create(fields)
      isError(t, refusal, 400)
      t.match(refusal.json().details, [{ in: 'body', path }])
    }
    t.equal((await app.store.users.find({ limit: 1000 })).total, 4)
  })
}

t.test('createAccount without a body says what is missing', async (t) => {
  const app = await startApp(t)
  const response = await call(app, 'POST', '/user', { token: await asAdmin(app) })
  isError(t, response, 400, 'The body is not valid: /username is missing.')
})

t.test('promoteUser takes effect with the next request of the same token', async (t) => {
  const app = await startApp(t)
  const admin = await asAdmin(app)
  const { access: token } = await logIn(app)
  isError(t, await call(app, 'GET', '/user', { token }), 403)
  const response = await call(app, 'PUT', `/user/${USER_ID}`, { token: admin })
  t.equal(response.statusCode, 200)
  t.same(response.json(), { message: 'The user has been promoted!' })
  t.equal((await call(app, 'GET', '/user', { token })).statusCode, 200)
  t.equal((await call(app, 'PUT', `/user/${USER_ID}`, { token })).statusCode, 200, 'once more')
  isError(t, await call(app, 'PUT', `/user/${NO_ID}`, { token }), 404, 'no user found')
})

t.test('deleteAccount ends the tokens of the user', async (t) => {
  const app = await startApp(t)
  const admin = await asAdmin(app)
  const { access: token } = await logIn(app)
  const response = await call(app, 'DELETE', `/user/${USER_ID}`, { token: admin })
  t.equal(response.statusCode, 200)
  t.same(response.json(), { message: 'The user has been deleted!' })
  isError(t, await call(app, 'GET', '/template', { token }), 401)
  isError(t, await call(app, 'DELETE', `/user/${USER_ID}`, { token: admin }), 404, 'no user found')
})

t.test('If-Match', async (t) => {
  const app = await startApp(t)
  const token = await asAdmin(app)
  const { etag } = (await call(app, 'GET', `/user/${USER_ID}`, { token })).headers
  const headers = { 'if-match': `${etag}` }
  const promote = () => call(app, 'PUT', `/user/${USER_ID}`, { token, headers })
  const promoted = await promote()
  t.equal(promoted.statusCode, 200)
  isError(t, await promote(), 412)
  isError(t, await call(app, 'DELETE', `/user/${USER_ID}`, { token, headers }), 412)
  const fresh = { 'if-match': `${promoted.headers.etag}` }
  t.equal(
    (await call(app, 'DELETE', `/user/${USER_ID}`, { token, headers: fresh })).statusCode,
    200,
  )
})

t.test('users are for admins alone', async (t) => {
  const app = await startApp(t)
  const { access, refresh } = await logIn(app)
  const other = await logIn(app, 'guest', 'guest')
  const requests = [
    ['GET', '/user'],
    ['POST', '/user'],
    ['GET', `/user/${USER_ID}`],
    ['PUT', `/user/${USER_ID}`],
    ['DELETE', `/user/${USER_ID}`],
  ] as const
  for (const [method, url] of requests) {
    const missing = await call(app, method, url)
    isError(t, missing, 401, 'A token is needed.')
    t.equal(missing.headers['www-authenticate'], 'Bearer realm="slipway"')
    isError(t, await call(app, method, url, { token: refresh }), 401)
    isError(t, await call(app, method, url, { headers: { 'x-access-token': 'abc' } }), 401)
    isError(t, await call(app, method, url, { token: access }), 403, 'Only an admin can do this.')
    const headers = { 'x-access-token': access }
    isError(t, await call(app, method, url, { token: refresh, headers }), 401)
    isError(t, await call(app, method, url, { token: other.access, headers }), 400)
  }
  t.equal((await app.store.users.find({ limit: 1000 })).total, 3)
})

t.test('a body where none is due may be empty, and no more', async (t) => {
  const app = await startApp(t)
  const token = await asAdmin(app)
  const put = (payload: object | string, headers = {}) =>
    call(app, 'PUT', `/user/${USER_ID}`, { token, payload, headers })
  t.equal((await put({})).statusCode, 200)
  t.equal((await put('', FORM)).statusCode, 200)
  const refused = await put({ admin: false })
  isError(t, refused, 400, 'The body is not valid: /admin is not known here.')
  t.match(refused.json().details, [{ in: 'body', path: '/admin' }])
  isError(t, await put('admin=false', FORM), 400)
  isError(t, await put([]), 400, 'The body is not valid: must be object.')
  isError(t, await put('null', { 'content-type': 'application/json' }), 400)
})

t.test('two admins who delete one user at once: one does', async (t) => {
  const app = await startApp(t)
  const token = await asAdmin(app)
  const responses = await Promise.all(
    Array.from({ length: 5 }, () => call(app, 'DELETE', `/user/${USER_ID}`, { token })),
  )
  t.same(responses.map(({ statusCode }) => statusCode).sort(), [200, 404, 404, 404, 404])
})

t.test('a promotion against a deletion ends as one of them came first', async (t) => {
  const app = await startApp(t)
  const token = await asAdmin(app)
  const [promotion, deletion] = await Promise.all([
    call(app, 'PUT', `/user/${USER_ID}`, { token }),
    call(app, 'DELETE', `/user/${USER_ID}`, { token }),
  ])
  t.equal(deletion.statusCode, 200)
  t.ok([200, 404].includes(promotion.statusCode))
  isError(t, await call(app, 'GET', `/user/${USER_ID}`, { token }), 404)
})
