import type { FastifyInstance } from 'fastify'
import t from 'tap'
import { call, isError, logIn, startApp } from '../../fixtures/app.js'

const EXAMPLE = '019a8f2c-7b40-7c11-9d3e-5f6a2b1c0d4e'
const UUID_V7 = /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/

async function create(app: FastifyInstance, token: string, payload: object): Promise<string> {
  const response = await call(app, 'POST', '/dmps', { token, payload })
  if (response.statusCode !== 201) throw new Error(`Not created: ${response.body}`)
  return response.json().id
}

const json = { 'content-type': 'application/json' }

t.test("listDmps gives one one's own", async (t) => {
  const app = await startApp(t)
  const [user, guest] = [await logIn(app), await logIn(app, 'guest', 'guest')]
  const response = await call(app, 'GET', '/dmps', { token: user.access })
  t.match(response.json(), [{ id: EXAMPLE, _id: EXAMPLE, user: 'user', project: 'Harbour survey' }])
  t.same((await call(app, 'GET', '/dmps', { token: guest.access })).json(), [])
  await create(app, guest.access, { title: 'A plan' })
  t.match((await call(app, 'GET', '/dmps', { token: guest.access })).json(), [
    { id: UUID_V7, user: 'guest', title: 'A plan' },
  ])
  t.equal((await call(app, 'GET', '/dmps', { token: user.access })).json().length, 1)
  const admin = await logIn(app, 'admin', 'admin')
  t.same((await call(app, 'GET', '/dmps', { token: admin.access })).json(), [])
})

t.test('createDmp keeps any JSON object as it came', async (t) => {
  const app = await startApp(t)
  const { access: token } = await logIn(app)
  const plan = {
    title: 'A plan',
    nested: { list: [1, 'two', null, true, { deep: [[]] }], 'a.b': -0.5 },
    '': 'empty key',
    toString: 'a name of JavaScript',
    toJSON: 'another',
    constructor: ['another'],
    text: 'Ω Я 日本語 \u0000 🚀',
  }
  const created = await call(app, 'POST', '/dmps', { token, payload: plan })
  t.equal(created.statusCode, 201)
  const { id } = created.json()
  t.same(created.json(), { id, ok: true, msg: 'DMP created' })
  t.match(id, UUID_V7)
  t.equal(created.headers.location, `http://localhost:80/dmps/${id}`)

  const read = await call(app, 'GET', `/dmps/${id}`, { token })
  t.same(read.json(), { id, _id: id, user: 'user', ...plan })
  t.equal(read.headers.etag, created.headers.etag)
  const known = { token, headers: { 'if-none-match': String(read.headers.etag) } }
  t.equal((await call(app, 'GET', `/dmps/${id}`, known)).statusCode, 304)
  const upperCase = `/dmps/${id.toUpperCase()}`
  t.equal((await call(app, 'GET', upperCase, { token })).statusCode, 200)

  const empty = await call(app, 'POST', '/dmps', { token })
  t.equal(empty.statusCode, 201, 'no body is as an empty one')
})

t.test("id, _id and user are the server's, whatever a body says", async (t) => {
  const app = await startApp(t)
  const { access: token } = await logIn(app)
  const theirs = { id: EXAMPLE, _id: 'theirs', user: 'guest' }
  const id = await create(app, token, { ...theirs, title: 'A plan' })
  t.not(id, EXAMPLE)
  const read = async () => (await call(app, 'GET', `/dmps/${id}`, { token })).json()
  t.same(await read(), { id, _id: id, user: 'user', title: 'A plan' })
  const put = await call(app, 'PUT', `/dmps/${id}`, { token, payload: { ...theirs, a: 1 } })
  t.same(put.json(), { id, ok: true, msg: 'DMP updated' })
  t.same(await read(), { id, _id: id, user: 'user', title: 'A plan', a: 1 })
})

t.test('updateDmp merges fields', async (t) => {
  const app = await startApp(t)
  const { access: token } = await logIn(app)
  const id = await create(app, token, { title: 'Old', keep: { a: 1 }, list: [1, 2] })
  const response = await call(app, 'PUT', `/dmps/${id}`, {
    token,
    payload: { title: 'New', list: null, more: {} },
  })
  t.equal(response.statusCode, 200)
  const read = await call(app, 'GET', `/dmps/${id}`, { token })
  t.same(read.json(), {
    id,
    _id: id,
    user: 'user',
    title: 'New',
    keep: { a: 1 },
    list: null,
    more: {},
  })
  t.equal(read.headers.etag, response.headers.etag)
})

t.test('of two updates at once neither loses its fields', async (t) => {
  const app = await startApp(t)
  const { access: token } = await logIn(app)
  const id = await create(app, token, {})
  const fields = Array.from({ length: 20 }, (_, index) => [`field${index}`, index] as const)
  await Promise.all(
    fields.map(([name, value]) =>
      call(app, 'PUT', `/dmps/${id}`, { token, payload: { [name]: value } }),
    ),
  )
  t.same((await call(app, 'GET', `/dmps/${id}`, { token })).json(), {
    id,
    _id: id,
    user: 'user',
    ...Object.fromEntries(fields),
  })
})

t.test('a stale If-Match changes and deletes nothing', async (t) => {
  const app = await startApp(t)
  const { access: token } = await logIn(app)
  const id = await create(app, token, { title: 'Old' })
  const { headers } = await call(app, 'GET', `/dmps/${id}`, { token })
  const ifMatch = { 'if-match': String(headers.etag) }
  const put = (title: string) =>
    call(app, 'PUT', `/dmps/${id}`, { token, headers: ifMatch, payload: { title } })
  t.equal((await put('New')).statusCode, 200)
  isError(t, await put('Newer'), 412)
  isError(t, await call(app, 'DELETE', `/dmps/${id}`, { token, headers: ifMatch }), 412)
  t.match((await call(app, 'GET', `/dmps/${id}`, { token })).json(), { title: 'New' })
})

t.test('deleteDmp', async (t) => {
  const app = await startApp(t)
  const { access: token } = await logIn(app)
  const response = await call(app, 'DELETE', `/dmps/${EXAMPLE}`, { token })
  t.equal(response.statusCode, 200)
  t.same(response.json(), { id: EXAMPLE, ok: true, msg: 'DMP deleted' })
  const gone = await call(app, 'GET', `/dmps/${EXAMPLE}`, { token })
  isError(t, gone, 404, `There is no DMP with the id ${EXAMPLE}.`)
  t.equal(gone.json().error, gone.json().message)
  isError(t, await call(app, 'DELETE', `/dmps/${EXAMPLE}`, { token }), 404)
})

t.test("another's plan is as none, for an admin too", async (t) => {
  const app = await startApp(t)
  const own = await logIn(app)
  for (const [name, password] of [
    ['guest', 'guest'],
    ['admin', 'admin'],
  ]) {
    const { access: token } = await logIn(app, name, password)
    const payload = { title: 'Mine' }
    isError(t, await call(app, 'GET', `/dmps/${EXAMPLE}`, { token }), 404)
    isError(t, await call(app, 'PUT', `/dmps/${EXAMPLE}`, { token, payload }), 404)
    isError(t, await call(app, 'DELETE', `/dmps/${EXAMPLE}`, { token }), 404)
    isError(t, await call(app, 'GET', '/dmps/none', { token }), 404)
  }
  const read = await call(app, 'GET', `/dmps/${EXAMPLE}`, { token: own.access })
  t.match(read.json(), { title: 'Data management plan of the harbour survey' })
})

t.test('without a good token nothing is read or done', async (t) => {
  const app = await startApp(t)
  const { refresh } = await logIn(app)
  for (const token of [undefined, 'none', refresh]) {
    const carried = token === undefined ? {} : { token }
    for (const [method, url] of [
      ['GET', '/dmps'],
      ['POST', '/dmps'],
      ['GET', `/dmps/${EXAMPLE}`],
      ['PUT', `/dmps/${EXAMPLE}`],
      ['DELETE', `/dmps/${EXAMPLE}`],
    ] as const) {
      isError(t, await call(app, method, url, carried), 401)
    }
  }
})

t.test('what is no plan is refused', async (t) => {
  const app = await startApp(t)
  const { access: token } = await logIn(app)
  const id = await create(app, token, { title: 'A plan' })
  const refused: [string, string, RegExp][] = [
    ['a list', '[]', /must be object/],
    ['a text', '"text"', /must be object/],
    ['null', 'null', /must be object/],
    ['broken JSON', '{', /not valid JSON/],
    ['a prototype', '{"__proto__":{}}', /a key that is not taken/],
    ['depth', `{"a":${'['.repeat(100)}${']'.repeat(100)}}`, /deeper than 100 levels/],
    ['very much depth', `{"a":${'['.repeat(400_000)}${']'.repeat(400_000)}}`, /deeper than/],
    ['many values', JSON.stringify({ a: Array(20_000).fill(0) }), /more than 20000 values/],
    ['a number that is none', '{"a":{"b":1e999}}', /a number that JSON can be written with/],
    ['half a character', '{"a":"\\ud800"}', /Unicode/],
  ]
  for (const [name, payload, message] of refused) {
    for (const [method, url] of [
      ['POST', '/dmps'],
      ['PUT', `/dmps/${id}`],
    ] as const) {
      const response = await call(app, method, url, { token, headers: json, payload })
      t.equal(response.statusCode, 400, name)
      isError(t, response, 400, message)
    }
  }
  const plain = { token, headers: { 'content-type': 'text/plain' }, payload: 'text' }
  isError(t, await call(app, 'POST', '/dmps', plain), 415)
  const large = { token, payload: { a: 'x'.repeat(2 ** 20) } }
  isError(t, await call(app, 'POST', '/dmps', large), 413)
  t.same((await call(app, 'GET', `/dmps/${id}`, { token })).json(), {
    id,
    _id: id,
    user: 'user',
    title: 'A plan',
  })
})

t.test("updates can't make a plan more than it may be", async (t) => {
  const app = await startApp(t, { bodyLimit: '1KiB' })
  const { access: token } = await logIn(app)
  const id = await create(app, token, { a: 'x'.repeat(600) })
  const put = (payload: object) => call(app, 'PUT', `/dmps/${id}`, { token, payload })
  isError(t, await put({ b: 'x'.repeat(600) }), 413)
  t.equal((await put({ a: 'short', b: 'x'.repeat(600) })).statusCode, 200)

  const roomy = await startApp(t)
  const { access } = await logIn(roomy)
  const wide = await create(roomy, access, { a: Array(15_000).fill(0) })
  const more = { token: access, payload: { b: Array(15_000).fill(0) } }
  isError(t, await call(roomy, 'PUT', `/dmps/${wide}`, more), 400, /more than 20000 values/)
})

t.test("a user's plans go with the user", async (t) => {
  const app = await startApp(t)
  const { access: token } = await logIn(app)
  t.equal((await call(app, 'DELETE', '/api/users/1', { token })).statusCode, 204)
  t.equal((await app.store.dmps.find({ limit: 1000 })).total, 0)
})

t.test('a user has no more plans than may be', async (t) => {
  const app = await startApp(t, { userPlanLimit: 2 })
  const { access: token } = await logIn(app)
  const first = await create(app, token, { title: 'Beside the one of the data file' })
  const full = await call(app, 'POST', '/dmps', { token, payload: { title: 'One too many' } })
  isError(t, full, 507, /USER_PLAN_LIMIT/)
  t.match(full.headers['retry-after'], /^[1-9]\d*$/)
  t.equal((await call(app, 'GET', '/dmps', { token })).json().length, 2)
  await create(app, (await logIn(app, 'guest', 'guest')).access, { title: "Another's" })
  await call(app, 'DELETE', `/dmps/${first}`, { token })
  await create(app, token, { title: 'There is room again' })
})
