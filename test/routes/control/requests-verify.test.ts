import t from 'tap'
import { call, isError, startApp } from '../../fixtures/app.js'
import { FORM } from '../../fixtures/own.js'

const VERIFY = '/__slipway/requests/verify'
type App = Awaited<ReturnType<typeof startApp>>

const verify = (app: App, match: object, count?: object) =>
  call(app, 'POST', VERIFY, { payload: { match, ...(count ? { count } : {}) } })

t.test('as many as there should be', async (t) => {
  const app = await startApp(t)
  const payload = { username: 'ann', password: 'x', more: { list: [1, { a: 2, b: 3 }] } }
  await call(app, 'POST', '/auth/login?x=1&x=2&api_key=abc', {
    payload,
    headers: { 'x-a': 'b', authorization: 'Bearer c' },
  })
  await call(app, 'GET', '/api/ships/1')
  await call(app, 'GET', '/api/ships/2')
  const fitting: readonly [object, object | undefined, number][] = [
    [{}, undefined, 3],
    [{}, { exactly: 3 }, 3],
    [{ method: 'GET' }, { exactly: 2 }, 2],
    [{ path: '/api/ships/*' }, { atLeast: 1, atMost: 2 }, 2],
    [{ operation: 'getShip', status: '2xx' }, { atLeast: 2 }, 2],
    [{ method: 'DELETE' }, { exactly: 0 }, 0],
    [{ method: 'DELETE' }, { atMost: 5 }, 0],
    [{ problem: 'true' }, { exactly: 1 }, 1],
    [{ query: { x: '2', api_key: '***' } }, { exactly: 1 }, 1],
    [{ headers: { 'X-A': 'b', Authorization: 'Bearer ***' } }, { exactly: 1 }, 1],
    [{ body: { username: 'ann', password: '***' } }, { exactly: 1 }, 1],
    [{ body: { more: { list: [1, { b: 3 }] } } }, { exactly: 1 }, 1],
    [{ body: {} }, { exactly: 1 }, 1],
  ]
  for (const [match, count, found] of fitting) {
    const response = await verify(app, match, count)
    t.equal(response.statusCode, 200, response.body)
    t.same(response.json(), { count: found })
  }
})

t.test('the error has the nearest, and what is different in them', async (t) => {
  const app = await startApp(t)
  await call(app, 'POST', '/auth/login', { payload: { username: 'ann', password: 'x' } })
  await call(app, 'GET', '/api/ships/1?a=b', { headers: { 'x-a': 'c' } })
  const cases: readonly [object, object | undefined, RegExp, object[]][] = [
    [
      { path: '/auth/login', body: { username: 'bob' } },
      undefined,
      /^0 requests match, and there should be at least 1\.$/,
      [
        {
          in: 'body',
          path: '/username',
          message: /^must be "bob", is "ann" in request 1, POST \/auth\/login, answered with 401$/,
        },
      ],
    ],
    [
      { method: 'GET', query: { a: 'c' } },
      { exactly: 1 },
      /exactly 1/,
      [{ in: 'query', path: '/a', message: /^must be "c", is "b"/ }],
    ],
    [
      { method: 'GET', query: { 'd/e': 'c' } },
      { exactly: 1 },
      /exactly 1/,
      [{ in: 'query', path: '/d~1e', message: /is not there/ }],
    ],
    [
      { method: 'GET', headers: { 'X-A': 'b' } },
      { atLeast: 2 },
      /at least 2/,
      [{ in: 'header', path: '/X-A', message: /is "c"/ }],
    ],
    [
      { method: 'GET', status: '404' },
      { exactly: 1 },
      /exactly 1/,
      [{ in: 'path', path: '', message: /^status must be 404 in request 2/ }],
    ],
    [
      { method: 'GET' },
      { exactly: 0 },
      /^1 request matches, and there should be exactly 0\.$/,
      [{ in: 'path', message: /^matches in request 2/ }],
    ],
    [
      {},
      { atMost: 1 },
      /^2 requests match, and there should be at most 1\.$/,
      [{ message: /request 2/ }, { message: /request 1/ }],
    ],
    [
      { body: [1] },
      { atLeast: 1, atMost: 2 },
      /at least 1 and at most 2/,
      [{ in: 'body', path: '', message: String }],
    ],
  ]
  for (const [match, count, message, [first, second]] of cases) {
    const response = await verify(app, match, count)
    isError(t, response, 409, message)
    const { details } = response.json()
    t.match(details[0], first ?? {}, JSON.stringify(details))
    if (second) t.match(details[1], second)
  }
  t.equal(
    (await call(app, 'GET', '/__slipway/requests/count')).json().count,
    2,
    'it is none itself',
  )
})

t.test('forms, what is cut off, and what is gone', async (t) => {
  const app = await startApp(t)
  isError(t, await verify(app, {}), 409, /^0 requests/)
  await call(app, 'POST', '/auth/token', {
    payload: 'grant_type=password&username=a%20b&password=x',
    headers: FORM,
  })
  t.equal((await verify(app, { body: { username: 'a b' } })).statusCode, 200)
  await call(app, 'POST', '/auth/login', { payload: { username: 'x'.repeat(100_000) } })
  const response = await verify(app, { path: '/auth/login', body: { username: 'x' } })
  t.match(response.json().details, [{ message: /is not known as a whole/ }])
})

t.test('what is no verification is 400', async (t) => {
  const app = await startApp(t)
  for (const payload of [
    {},
    { match: 1 },
    { match: { other: 1 } },
    { match: { path: 'a' } },
    { match: { status: 200 } },
    { match: {}, count: { exactly: -1 } },
    { match: {}, count: { most: 1 } },
    { match: {}, count: 1 },
    { match: { headers: { a: 1 } } },
  ])
    isError(t, await call(app, 'POST', VERIFY, { payload }), 400)
})
