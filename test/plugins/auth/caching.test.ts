import type { FastifyInstance, LightMyRequestResponse } from 'fastify'
import t, { type Test } from 'tap'
import { startOwn, startWithAccounts } from '../../fixtures/accounts.js'
import { type Call, call, logIn, startApp } from '../../fixtures/app.js'

const PRIVATE = 'private, no-cache'

/** What an answer says to caches. */
const said = ({ headers }: LightMyRequestResponse) => [headers['cache-control'], headers.vary]

const basic = `Basic ${Buffer.from('user:password').toString('base64')}`

t.test('every answer of every guarded operation is for one client', async (t) => {
  const app = await startApp(t)
  const { access } = await logIn(app)
  const { paths } = JSON.parse(JSON.stringify(await app.openapi()))
  let asked = 0
  for (const [path, methods] of Object.entries<Record<string, { security?: object[] }>>(paths)) {
    for (const [method, { security = [] }] of Object.entries(methods)) {
      if (security.length === 0) continue
      asked++
      const url = path.replace(/\{[^}]+\}/g, '99')
      for (const given of [{}, { token: access }, { token: 'wrong' }]) {
        const response = await call(app, method.toUpperCase(), url, given)
        const about = `${method} ${path} ${response.statusCode}`
        t.match(String(response.headers['cache-control']), /^(private, no-cache|no-store)$/, about)
        t.match(String(response.headers.vary), /\bauthorization\b/, about)
      }
    }
  }
  t.ok(asked > 40)
})

t.test('Vary names each header that could have brought the token', async (t) => {
  const app = await startApp(t)
  const { access: token } = await logIn(app)
  const carried = (name: string): Call => ({ headers: { [name]: token } })
  for (const given of [{}, { token }, carried('x-access-token'), carried('token')]) {
    t.same(said(await call(app, 'GET', '/template', given)), [
      PRIVATE,
      'x-access-token, authorization',
    ])
    t.same(said(await call(app, 'GET', '/api/v1/packages', given)), [
      PRIVATE,
      'token, authorization',
    ])
  }
  t.same(said(await call(app, 'GET', '/login', { headers: { authorization: basic } })), [
    'no-store',
    'authorization',
  ])
  t.same(said(await call(app, 'GET', '/login')), [PRIVATE, 'authorization'])
})

t.test('a change, and what a body brings its token for, is not stored', async (t) => {
  const app = await startApp(t)
  const { access: token } = await logIn(app)
  const payload = { 'access-token': token }
  t.same(said(await call(app, 'POST', '/verify-token', { payload })), ['no-store', 'authorization'])
  t.same(said(await call(app, 'POST', '/verify-token')), ['no-store', 'authorization'])
  const change = await call(app, 'PATCH', '/api/ships/1', { token, payload: {} })
  t.same(said(change), ['no-store', 'authorization'])
  const inQuery = await call(app, 'GET', `/api/ships?access_token=${token}`)
  t.equal(inQuery.statusCode, 400)
  t.equal(inQuery.headers['cache-control'], 'no-store')
})

t.test(
  'what is open to all says nothing, unless somebody brings a token all the same',
  async (t) => {
    const app = await startApp(t)
    const { access: token } = await logIn(app)
    for (const path of ['/api/ships', '/nothing', '/docs/json', '/healthz']) {
      t.same(said(await call(app, 'GET', path)), [undefined, undefined], path)
      t.same(said(await call(app, 'GET', path, { token })), [PRIVATE, 'authorization'], path)
    }
    const headers = { 'x-access-token': token, token }
    t.equal((await call(app, 'GET', '/api/ships', { headers })).headers['cache-control'], PRIVATE)
    t.same(
      String((await call(app, 'GET', '/api/ships', { headers })).headers.vary)
        .split(', ')
        .sort(),
      ['token', 'x-access-token'],
    )
  },
)

t.test(
  'a file, a part of it and a 304 are for one client, who may ask again with the ETag',
  async (t) => {
    const app = await startApp(t)
    const { access: token } = await logIn(app)
    const body = new FormData()
    for (const [name, value] of [
      ['package_name', 'harbour'],
      ['tag', '1'],
    ] as const) {
      body.append(name, value)
    }
    body.append('file', new Blob(['content']), 'file.txt')
    const url = await app.listen({ host: '127.0.0.1', port: 0 })
    const authorization = `Bearer ${token}`
    await fetch(`${url}/api/v1/packages`, { method: 'POST', headers: { authorization }, body })
    const whole = await call(app, 'GET', '/api/v1/harbour/1', { token })
    const etag = String(whole.headers.etag)
    for (const [status, headers] of [
      [200, {}],
      [206, { range: 'bytes=0-1' }],
      [416, { range: 'bytes=99-' }],
      [304, { 'if-none-match': etag }],
    ] as const) {
      const response = await call(app, 'GET', '/api/v1/harbour/1', { token, headers })
      t.equal(response.statusCode, status)
      t.same(said(response), [PRIVATE, 'token, authorization'], String(status))
      t.equal(response.headers.etag, etag)
    }
    const head = await call(app, 'HEAD', '/api/v1/harbour/1', { token })
    t.same(said(head), [PRIVATE, 'token, authorization'])
  },
)

/** The answers to one path, of whoever asks. */
async function saidToAll(t: Test, app: FastifyInstance, path: string, tokens: readonly string[]) {
  const answers = [await call(app, 'GET', path)]
  for (const token of tokens) answers.push(await call(app, 'GET', path, { token }))
  t.equal(new Set(answers.map(({ body }) => body)).size, answers.length, 'they differ')
  return answers.map(said)
}

t.test('records that not everybody may see are told apart, for nobody too', async (t) => {
  const { app, ann, root } = await startWithAccounts(t, {
    notes: [
      { id: 1, userId: 'ann', text: 'a' },
      { id: 2, userId: 3, text: 'b' },
    ],
    $collections: { notes: { owner: 'userId', access: { read: 'owner' } } },
  })
  for (const path of ['/notes', '/db']) {
    for (const each of await saidToAll(t, app, path, [ann, root])) {
      t.same(each, [PRIVATE, 'authorization'], path)
    }
  }
  const first = await call(app, 'GET', '/notes/1', { token: ann })
  const headers = { 'if-none-match': String(first.headers.etag) }
  const second = await call(app, 'GET', '/notes/1', { token: ann, headers })
  t.equal(second.statusCode, 304)
  t.same(said(second), [PRIVATE, 'authorization'])
  t.same(said(await call(app, 'GET', '/users')), [PRIVATE, 'authorization'], 'it can have notes')
  const open = await startOwn(t, { boats: [{ id: 1 }] })
  t.same(said(await call(open, 'GET', '/boats')), [undefined, undefined])
})

t.test('beside the origin that may call', async (t) => {
  const app = await startApp(t, { corsOrigin: ['http://a.test', 'http://b.test'] })
  const { access: token } = await logIn(app)
  const headers = { origin: 'http://a.test' }
  const { vary } = (await call(app, 'GET', '/dmps', { token, headers })).headers
  t.same(String(vary).toLowerCase().split(', ').sort(), ['authorization', 'origin'])
})

t.test('of the files of a folder too, where somebody brings a token', async (t) => {
  const folder = t.testdir({ 'page.html': '<p>a</p>' })
  const app = await startApp(t, { static: folder })
  t.match((await call(app, 'GET', '/page.html')).headers['cache-control'], /public/)
  t.same(said(await call(app, 'GET', '/page.html', { token: 'any' })), [PRIVATE, 'authorization'])
})
