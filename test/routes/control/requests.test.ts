import { once } from 'node:events'
import { readdir, readFile } from 'node:fs/promises'
import { request as httpRequest } from 'node:http'
import { connect } from 'node:net'
import { Ajv } from 'ajv'
import addFormats from 'ajv-formats'
import t, { type Test } from 'tap'
import { MAX_CONTENT } from '../../../plugins/journal/content.js'
import { call, isError, logIn, startApp } from '../../fixtures/app.js'
import { BOUNDARY, field, file, form } from '../../fixtures/multipart.js'
import { FORM, startOwn } from '../../fixtures/own.js'

const REQUESTS = '/__slipway/requests'
type App = Awaited<ReturnType<typeof startApp>>

interface Entry {
  readonly id: number
  readonly path: string
  readonly status: number | null
  readonly problems: readonly {
    readonly in: string
    readonly path: string
    readonly message: string
  }[]
}

async function listed(app: App, query = '', base = ''): Promise<readonly Entry[]> {
  const response = await call(app, 'GET', `${base}${REQUESTS}${query}`)
  if (response.statusCode !== 200) throw new Error(response.body)
  return response.json()
}

/** The newest request as a whole. */
async function newest(app: App, base = '') {
  const [entry] = await listed(app, '?limit=1', base)
  return (await call(app, 'GET', `${base}${REQUESTS}/${entry?.id}`)).json()
}

t.test('what is asked of a world is in its journal, the newest first', async (t) => {
  const app = await startApp(t)
  await call(app, 'GET', '/api/ships/1?a=b')
  await call(app, 'GET', '/~one/api/ships/2')
  await call(app, 'HEAD', '/api/ships')
  const [head, get, ...others] = await listed(app)
  t.same(others, [])
  t.match(get, {
    id: 1,
    method: 'GET',
    path: '/api/ships/1?a=b',
    operation: 'getShip',
    status: 200,
    problems: [],
    time: /^\d{4}-.*Z$/,
    duration: Number,
  })
  t.match(head, { id: 2, method: 'HEAD', path: '/api/ships', operation: 'listShips' })
  t.match(await listed(app, '', '/~one'), [{ id: 1, path: '/api/ships/2' }])
  t.same(await listed(app, '', '/~two'), [])
})

t.test('the reference, the document and control calls are not', async (t) => {
  const app = await startApp(t)
  for (const url of [
    '/docs',
    '/docs/json',
    '/openapi.json',
    '/openapi.yaml',
    '/__slipway',
    '/%5f_slipway/requests',
    '/__slipway/none',
  ])
    await call(app, 'GET', url)
  t.same(await listed(app), [])
  await call(app, 'GET', '/docsy')
  t.match(await listed(app), [{ path: '/docsy' }])
})

t.test('nothing is noted where nobody could read it', async (t) => {
  const app = await startApp(t, { nodeEnv: 'production' })
  await call(app, 'GET', '/api/ships/1')
  isError(t, await call(app, 'GET', REQUESTS), 404)
  t.same([...app.journalOf(app.worlds.own).list()], [])
})

t.test(
  'what breaks the document is a problem, and what the application refuses is none',
  async (t) => {
    const app = await startApp(t)
    const { access: token } = await logIn(app)
    const json = { 'content-type': 'application/json' }
    const bad: readonly [string, string, Parameters<typeof call>[3], string, string][] = [
      ['GET', '/nothing', {}, 'path', ''],
      ['DELETE', '/healthz', {}, 'path', ''],
      ['GET', '/api/ships/x', {}, 'path', '/id'],
      ['GET', '/%zz', {}, 'path', ''],
      ['POST', '/api/ships', { token, payload: '{"crew":', headers: json }, 'body', ''],
      [
        'POST',
        '/api/ships',
        { token, payload: 'a', headers: { 'content-type': 'text/csv' } },
        'header',
        '/content-type',
      ],
      [
        'POST',
        '/api/ships',
        { token, payload: '{}', headers: { ...json, 'content-encoding': 'gzip' } },
        'header',
        '/content-encoding',
      ],
      [
        'POST',
        '/api/ships',
        { token, payload: 'x'.repeat(2 ** 20 + 1), headers: json },
        'body',
        '',
      ],
      ['GET', '/~.a/api/ships', {}, 'path', ''],
      ['GET', '/api/ships?token=abc', {}, 'query', ''],
      [
        'GET',
        '/~a/api/ships',
        { headers: { 'x-slipway-workspace': 'b' } },
        'header',
        '/x-slipway-workspace',
      ],
    ]
    for (const [method, url, options, part, path] of bad) {
      const { statusCode } = await call(app, method, url, options)
      const [entry] = await listed(app, '?limit=1')
      t.match(
        entry,
        { status: statusCode, problems: [{ in: part, path, message: String }] },
        `${method} ${url}`,
      )
      t.ok(statusCode >= 400 && statusCode < 500)
    }
    t.equal((await listed(app, '?problem=true')).length, bad.length)
    await call(app, 'POST', '/api/ships', { token, payload: { crew: 0 } })
    const [entry] = await listed(app, '?problem=true')
    t.match(entry?.problems, [{ in: 'body', path: '/affiliation', message: 'is missing' }])

    const fine: readonly [string, string, Parameters<typeof call>[3], number][] = [
      ['GET', '/api/ships/99', {}, 404],
      ['POST', '/api/ships', {}, 401],
      ['POST', '/auth/login', { payload: { username: 'user', password: 'wrong' } }, 401],
    ]
    for (const [method, url, options, status] of fine) {
      t.equal((await call(app, method, url, options)).statusCode, status)
      t.match(await listed(app, '?limit=1'), [{ status, problems: [] }])
    }
  },
)

t.test('filters', async (t) => {
  const app = await startApp(t)
  await call(app, 'GET', '/api/ships/1')
  await call(app, 'GET', '/api/ships')
  await call(app, 'GET', '/api/ships/99')
  await call(app, 'POST', '/api/ships')
  for (const [query, ids] of [
    ['', [4, 3, 2, 1]],
    ['?method=GET', [3, 2, 1]],
    ['?path=/api/ships', [4, 2]],
    ['?path=/api/ships/*', [3, 1]],
    ['?path=/api/**', [4, 3, 2, 1]],
    ['?operation=getShip', [3, 1]],
    ['?status=404', [3]],
    ['?status=4xx', [4, 3]],
    ['?problem=false&limit=2', [4, 3]],
    ['?problem=true', []],
    ['?since=2000-01-01T00:00:00Z', [4, 3, 2, 1]],
    ['?since=1998-12-31t23:59:60z&until=9999-01-01T00:00:00%2B01:00', [4, 3, 2, 1]],
    ['?until=2000-01-01T00:00:00Z', []],
    ['?method=GET&status=200&path=/api/ships/1', [1]],
  ] as const) {
    t.same(
      (await listed(app, query)).map(({ id }) => id),
      ids,
      query,
    )
    if (query.includes('limit')) continue
    t.same((await call(app, 'GET', `${REQUESTS}/count${query}`)).json(), { count: ids.length })
    t.equal(
      (await call(app, 'GET', `${REQUESTS}/har${query}`)).json().log.entries.length,
      ids.length,
    )
  }
  const [third] = await listed(app, '?status=404')
  t.same((await listed(app, `?since=${Object(third).time}&until=${Object(third).time}`)).length, 0)
  for (const query of [
    'method=',
    'method=get',
    'path=',
    'path=a',
    'operation=',
    'status=',
    'status=999',
    'status=40',
    'problem=',
    'problem=1',
    'since=',
    'since=yesterday',
    'until=2026',
    'limit=0',
    'limit=1001',
    'limit=',
    'limit=a',
    'other=1',
    'method=GET&method=POST',
  ]) {
    isError(t, await call(app, 'GET', `${REQUESTS}?${query}`), 400)
  }
  isError(t, await call(app, 'GET', `${REQUESTS}/count?limit=1`), 400)
  isError(t, await call(app, 'GET', `${REQUESTS}/5`), 404)
  isError(t, await call(app, 'GET', `${REQUESTS}/x`), 400)
})

t.test('a request as a whole, without its secrets', async (t) => {
  const app = await startApp(t)
  const payload = { username: 'user', password: 'password' }
  const headers = { cookie: 'a=b', 'x-access-token': 'abc', 'x-slipway-control-token': 'abc' }
  isError(t, await call(app, 'POST', '/auth/login?token=abc'), 400)
  t.equal((await newest(app)).path, '/auth/login?token=***')
  await call(app, 'POST', '/auth/login', { payload, headers })
  const { request, response } = await newest(app)
  t.equal(request.body, '{"username":"user","password":"***"}')
  t.equal(response.body, '{"access_token":"***","refresh_token":"***"}')
  for (const name of Object.keys(headers)) t.equal(request.headers[name], '***', name)
  t.match(response.headers, { 'content-security-policy': String })

  const { access: token } = await logIn(app)
  await call(app, 'GET', '/login', { headers: { authorization: `Basic ${btoa('user:password')}` } })
  await call(app, 'POST', '/articles/new', {
    payload: { 'access-token': token, title: 'a', text: 'b' },
  })
  await call(app, 'GET', '/me', { headers: { 'x-access-token': token } })
  await call(app, 'GET', `/api/v1/packages?note=${token}`, { headers: { token } })
  await call(app, 'POST', '/auth/token', {
    payload: 'grant_type=password&username=user&password=password',
    headers: FORM,
  })
  const all = (await call(app, 'GET', `${REQUESTS}/har`)).body
  const secrets = [
    token,
    token.split('.')[2] ?? token,
    btoa('user:password'),
    '"password":"password"',
    'password=password',
    '\\"password\\":\\"password\\"',
  ]
  for (const secret of secrets) t.notOk(all.includes(secret), secret)
})

t.test('an answer that is a stream of texts', async (t) => {
  const { app, send } = await startOwn(t, { posts: [{ id: 1, title: 'ä' }] })
  const { statusCode, body } = await send('GET', '/db')
  t.equal(statusCode, 200)
  t.equal((await newest(app)).response.body, body)
})

t.test('forms, uploads and bytes', async (t) => {
  const { app, send } = await startOwn(t, { posts: [{ id: 1, title: 'a' }] })
  await send('POST', '/posts', 'title=b&password=c', FORM)
  t.equal((await newest(app)).request.body, 'title=b&password=***')
  await send('POST', '/posts', 'title=b&password=c', { 'content-type': 'application/json' })
  t.equal((await newest(app)).request.body, 'title=b&password=***')

  const bytes = Buffer.from([0xff, 0, 1, 0xfe])
  const type = { 'content-type': `multipart/form-data; boundary=${BOUNDARY}` }
  const body = form(field('title', 'c'), field('token', 'abc'), file(bytes))
  const made = await send('POST', '/posts', body, type)
  t.equal(made.statusCode, 201)
  const upload = await newest(app)
  t.equal(upload.request.encoding, 'base64')
  const shown = Buffer.from(upload.request.body, 'base64')
  t.same(
    shown,
    Buffer.from(body.toString('latin1').replace('\r\n\r\nabc', '\r\n\r\n***'), 'latin1'),
  )

  const { pathname } = new URL(made.json().file.url, 'http://localhost')
  await send('GET', pathname)
  const { response } = await newest(app)
  t.equal(response.encoding, 'base64')
  t.same(Buffer.from(response.body, 'base64'), bytes)
  t.notOk(response.truncated)

  const large = form(file(Buffer.alloc(200_000, 7)))
  const { statusCode, headers } = await send('POST', '/posts', large, type)
  t.equal(statusCode, 201)
  const { request } = await newest(app)
  t.equal(request.truncated, true)
  t.same(Buffer.from(request.body), large.subarray(0, MAX_CONTENT))
  const posted = await send('GET', String(headers.location).replace(/^http:\/\/[^/]+/, ''))
  await send('GET', new URL(posted.json().file.url, 'http://localhost').pathname)
  const downloaded = (await newest(app)).response
  t.equal(downloaded.truncated, true)
  t.same(Buffer.from(downloaded.body), Buffer.alloc(MAX_CONTENT, 7))
})

t.test('large answers, and none', async (t) => {
  const posts = Array.from({ length: 1_000 }, (_, at) => ({ id: at + 1, title: 'x'.repeat(100) }))
  const { app, send } = await startOwn(t, { posts })
  const whole = await send('GET', '/posts')
  const { response } = await newest(app)
  t.equal(response.truncated, true)
  t.equal(response.body, whole.body.slice(0, MAX_CONTENT))
  await send('HEAD', '/posts')
  t.equal((await newest(app)).response.body, null)
  const { headers } = await send('GET', '/posts/1')
  await send('GET', '/posts/1', undefined, { 'if-none-match': String(headers.etag) })
  const unchanged = await newest(app)
  t.equal(unchanged.status, 304)
  t.equal(unchanged.response.body, null)
  await send('OPTIONS', '/posts')
  t.match(await newest(app), { status: 204, response: { body: null } })
})

t.test('a body that nobody reads is not read for the journal', async (t) => {
  const app = await startApp(t)
  const url = await app.listen({ port: 0 })
  const { hostname, port } = new URL(url)
  const socket = connect(Number(port), hostname)
  t.teardown(() => socket.destroy())
  socket.write(
    'POST /api/ships HTTP/1.1\r\nHost: localhost\r\nExpect: 100-continue\r\nContent-Length: 100\r\n\r\n',
  )
  const [answer] = await once(socket, 'data')
  t.match(String(answer), /^HTTP\/1\.1 401/)
  t.match(await newest(app), { status: 401, request: { body: null } })
})

t.test('a client that leaves is noted', async (t) => {
  const app = await startApp(t, { delay: '5s' })
  const url = await app.listen({ port: 0 })
  const waiting = httpRequest(`${url}/api/ships/1`)
  waiting.on('error', () => {})
  waiting.end()
  while ([...app.journalOf(app.worlds.own).list()].length === 0) await new Promise(setImmediate)
  const ended = once(app.worlds.own.events, 'request')
  waiting.destroy()
  await ended
  const [exchange] = app.journalOf(app.worlds.own).list()
  t.match(exchange, { status: undefined, isAborted: true })
})

t.test('it is emptied, and is of one world', async (t) => {
  const app = await startApp(t)
  for (const base of ['', '/~one']) await call(app, 'GET', `${base}/api/ships/1`)
  t.equal((await call(app, 'DELETE', REQUESTS)).statusCode, 204)
  t.same(await listed(app), [])
  t.equal((await listed(app, '', '/~one')).length, 1)
  t.equal((await call(app, 'POST', '/~one/__slipway/reset')).statusCode, 204)
  t.same(await listed(app, '', '/~one'), [])
  await call(app, 'GET', '/~one/api/ships/1')
  t.match(await listed(app, '', '/~one'), [{ id: 1 }], 'as at the start')
})

t.test('two thousand requests, in many worlds at once', async (t) => {
  const app = await startApp(t)
  const ask = (base: string, count: number) =>
    Promise.all(Array.from({ length: count }, () => call(app, 'GET', `${base}/healthz`)))
  await ask('', 2_000)
  const entries = await listed(app)
  t.equal(entries.length, 1_000)
  t.same([entries[0]?.id, entries.at(-1)?.id], [2_000, 1_001])
  await Promise.all(Array.from({ length: 50 }, (_, at) => ask(`/~w${at}`, at + 1)))
  for (let at = 0; at < 50; at++)
    t.same((await call(app, 'GET', `/~w${at}${REQUESTS}/count`)).json(), { count: at + 1 })
})

t.test('as HAR', async (t: Test) => {
  const { app, send } = await startOwn(t, { posts: [{ id: 1, title: 'a' }] })
  await send('GET', '/posts?_page=1&title=%C3%A4')
  await send('POST', '/posts', { title: 'ü' })
  await send('POST', '/posts', Buffer.from([0xff, 0xfe]), { 'content-type': 'application/json' })
  await send('GET', '/%zz')
  await send('HEAD', '/nothing')
  const response = await call(app, 'GET', `${REQUESTS}/har`)
  t.match(response.headers['content-type'], /^application\/json/)
  const ajv = new Ajv({ strict: false })
  ajv.addMetaSchema({ $id: 'http://json-schema.org/draft-06/schema#', type: ['object', 'boolean'] })
  addFormats.default(ajv)
  const schemas = new URL('.', import.meta.resolve('har-schema'))
  for (const name of await readdir(schemas)) {
    if (name.endsWith('.json'))
      ajv.addSchema(JSON.parse(await readFile(new URL(name, schemas), 'utf8')))
  }
  const har = response.json()
  t.ok(ajv.validate('har.json#', har), JSON.stringify(ajv.errors))
  const { entries } = har.log
  t.equal(entries.length, 5)
  t.match(entries[0].request, {
    url: 'http://localhost/posts?_page=1&title=%C3%A4',
    queryString: [
      { name: '_page', value: '1' },
      { name: 'title', value: 'ä' },
    ],
  })
  t.match(entries[1].request.postData, { mimeType: 'application/json', text: '{"title":"ü"}' })
  t.match(entries[2].request.postData, { text: '//4=', _encoding: 'base64' })
})
