import { IncomingMessage } from 'node:http'
import { Socket } from 'node:net'
import t from 'tap'
import { withoutPreferences } from '../../../plugins/faults/prefer.js'
import { call, isError, startApp } from '../../fixtures/app.js'
import { startOwn } from '../../fixtures/own.js'

const SHIP = '/api/ships/1'
const TOKEN = 'a-control-token-of-more-than-32-bytes'

t.test('what a request prefers, in the grammar of RFC 7240', async (t) => {
  const app = await startApp(t)
  const cases: [prefer: string, status: number, applied: string | undefined][] = [
    ['code=503', 503, 'code=503'],
    ['CODE=503', 503, 'code=503'],
    ['code="503"', 503, 'code=503'],
    ['code="5\\03"', 503, 'code=503'],
    ['code = 503', 503, 'code=503'],
    ['return=minimal, code=503; unit=x; y="a,b"', 503, 'code=503'],
    ['foo="a, code=500", code=503', 503, 'code=503'],
    ['foo="\\", code=500", code=503', 503, 'code=503'],
    ['code=503, code=500', 503, 'code=503'],
    [',, code=503 ,', 503, 'code=503'],
    ['delay=1', 200, 'delay=1'],
    ['delay=1ms, code=503', 503, 'code=503, delay=1ms'],
    ['delay=0s', 200, 'delay=0s'],
    ['code=x, code=503', 200, undefined],
    ['code=199', 200, undefined],
    ['code=600', 200, undefined],
    ['code=0503', 200, undefined],
    ['code', 200, undefined],
    ['code=', 200, undefined],
    ['code="503', 200, undefined],
    ['xcode=503', 200, undefined],
    ['delay=-1', 200, undefined],
    ['delay=60001', 200, undefined],
    ['delay=61s', 200, undefined],
    ['delay=1m', 200, undefined],
    ['abort=sometimes', 200, undefined],
    ['return=minimal', 200, undefined],
    ['', 200, undefined],
    [`${'"\\'.repeat(4_000)}`, 200, undefined],
  ]
  for (const [prefer, status, applied] of cases) {
    const answer = await call(app, 'GET', SHIP, { headers: { prefer } })
    t.equal(answer.statusCode, status, prefer)
    t.equal(answer.headers['preference-applied'], applied, prefer)
  }
})

t.test('a connection is ended where a request prefers that', async (t) => {
  const app = await startApp(t)
  for (const prefer of ['abort', 'Abort=""', 'abort=before', 'abort="in the body"']) {
    await t.rejects(call(app, 'GET', SHIP, { headers: { prefer } }), /destroyed/, prefer)
  }
  await t.rejects(call(app, 'GET', SHIP, { headers: { prefer: 'code=500, abort' } }), /destroyed/)
})

t.test('the query can ask too, and nobody else sees it', async (t) => {
  const { send } = await startOwn(t, { posts: [{ id: 1, title: 'a' }, { id: 2 }, { id: 3 }] })
  const answer = await send('GET', '/posts?__code=404&title=a')
  isError(t, answer, 404)
  t.equal(answer.headers['preference-applied'], 'code=404')
  const list = await send('GET', '/posts?__delay=1&_page=1&_limit=1&__code=x')
  t.equal(list.headers['preference-applied'], 'delay=1')
  t.equal(list.json().length, 1, 'no filter has seen it')
  t.notMatch(list.headers.link, '__')
  t.match(list.headers.link, '_page=2')
  t.equal(
    (await send('GET', '/posts?__code=503', undefined, { prefer: 'code=404' })).statusCode,
    404,
  )
  t.equal((await send('GET', '/posts?__code=503&__code=404')).statusCode, 503)

  const app = await startApp(t)
  t.equal((await call(app, 'GET', `/~one${SHIP}?__delay=1ms`)).statusCode, 200)
  t.equal((await call(app, 'GET', `/~one${SHIP}?__code=503`)).statusCode, 503)
})

t.test('a target without what it prefers', async (t) => {
  const cases: [url: string, rest: string, preferences: [string, string][]][] = [
    ['/a', '/a', []],
    ['/a?', '/a?', []],
    ['/__slipway?b=c', '/__slipway?b=c', []],
    ['/a?x__code=1', '/a?x__code=1', []],
    ['/a?__code=1', '/a', [['code', '1']]],
    ['/a?b=c&__code=1&d', '/a?b=c&d', [['code', '1']]],
    [
      '/a?__delay=2&__code',
      '/a',
      [
        ['delay', '2'],
        ['code', ''],
      ],
    ],
    ['/a?__code=1=2?&__code=3&b', '/a?b', [['code', '1=2?']]],
  ]
  for (const [url, rest, preferences] of cases) {
    const request = new IncomingMessage(new Socket())
    t.equal(withoutPreferences(request, url), rest)
    t.same([...(request.preferences ?? [])], preferences, url)
  }
})

t.test('a page of another origin can ask, and see what was granted', async (t) => {
  const app = await startApp(t)
  const headers = {
    origin: 'https://example.com',
    'access-control-request-method': 'POST',
    'access-control-request-headers': 'prefer',
  }
  const preflight = await call(app, 'OPTIONS', '/api/ships?__code=503', { headers })
  t.equal(preflight.statusCode, 204)
  t.match(preflight.headers['access-control-allow-headers'], /prefer|\*/)
  const { origin } = headers
  const answer = await call(app, 'GET', SHIP, { headers: { origin, prefer: 'code=503' } })
  t.equal(answer.headers['access-control-allow-origin'], '*')
  t.match(answer.headers['access-control-expose-headers'], /Preference-Applied/)
})

t.test('where a control token is set it is asked for', async (t) => {
  const app = await startApp(t, { controlToken: TOKEN })
  for (const headers of [
    {},
    { 'x-slipway-control-token': 'another' },
    { authorization: 'Bearer another' },
  ]) {
    const prefer = { ...headers, prefer: 'code=503' }
    const answer = await call(app, 'GET', SHIP, { headers: prefer })
    t.equal(answer.statusCode, 200)
    t.equal(answer.headers['preference-applied'], undefined)
    t.equal((await call(app, 'GET', `${SHIP}?__code=503`, { headers })).statusCode, 200)
  }
  for (const headers of [
    { 'x-slipway-control-token': TOKEN },
    { authorization: `Bearer ${TOKEN}` },
  ]) {
    const prefer = { ...headers, prefer: 'code=503' }
    t.equal((await call(app, 'GET', SHIP, { headers: prefer })).statusCode, 503)
    t.equal((await call(app, 'GET', `${SHIP}?__code=503`, { headers })).statusCode, 503)
  }
})

t.test('where the server can not be steered, nothing is granted', async (t) => {
  const data = {
    posts: [
      { id: 1, __code: '503' },
      { id: 2, __code: '404' },
    ],
  }
  for (const options of [{ host: '0.0.0.0' }, { nodeEnv: 'production' }]) {
    const { send } = await startOwn(t, data, options)
    t.equal((await send('GET', '/posts/1', undefined, { prefer: 'code=503' })).statusCode, 200)
    t.equal((await send('GET', '/posts?__code=404')).json().length, 1, 'a filter like any other')
  }
  const app = await startApp(t)
  const headers = { host: 'example.com', prefer: 'code=503' }
  t.equal((await call(app, 'GET', SHIP, { headers })).statusCode, 200, 'another name')
})
