import t from 'tap'
import { call, isError, startApp } from '../../fixtures/app.js'

t.test('an unknown path is 404, for every method', async (t) => {
  const app = await startApp(t)
  for (const method of [
    'GET',
    'HEAD',
    'POST',
    'PUT',
    'PATCH',
    'DELETE',
    'OPTIONS',
    'TRACE',
    'PROPFIND',
  ]) {
    const response = await call(app, method, '/nowhere')
    t.equal(response.statusCode, 404, method)
  }
  isError(
    t,
    await call(app, 'GET', '/nowhere'),
    404,
    'There is nothing at this path. The API reference is at /docs.',
  )
  isError(t, await call(app, 'GET', '/api/ships/1/crew'), 404)
  isError(t, await call(app, 'GET', '/API/SHIPS'), 404)
})

t.test('a path in which a name is empty is an unknown one', async (t) => {
  const app = await startApp(t)
  for (const url of [
    '/articles/',
    '/articles/?page=1',
    '/users//articles',
    '/api/ships/',
    '/user/',
    '/dmps/',
    '/api/v1/',
    '/api/v1/packages/',
    '/api/v1/packages//1',
  ]) {
    for (const method of ['GET', 'POST', 'DELETE', 'OPTIONS']) {
      t.equal((await call(app, method, url)).statusCode, 404, `${method} ${url}`)
    }
  }
  t.match(await call(app, 'GET', '/articles/'), { headers: { allow: undefined } })
  t.equal((await call(app, 'GET', '/docs/')).statusCode, 200)
})

t.test('a known path answers another method with 405 and Allow', async (t) => {
  const app = await startApp(t)
  const allowed: [string, string][] = [
    ['/api/ships', 'GET, HEAD, POST, OPTIONS'],
    ['/api/ships?x=1', 'GET, HEAD, POST, OPTIONS'],
    ['/api/ships/1', 'GET, HEAD, PUT, PATCH, DELETE, OPTIONS'],
    ['/api/ships/abc', 'GET, HEAD, PUT, PATCH, DELETE, OPTIONS'],
    ['/api/users/1', 'GET, HEAD, PUT, DELETE, OPTIONS'],
    [`/articles/${'x'.repeat(200)}`, 'GET, HEAD, OPTIONS'],
    ['/auth/login', 'POST, OPTIONS'],
    ['/login', 'GET, HEAD, POST, OPTIONS'],
    ['/articles/new', 'POST, OPTIONS'],
    ['/articles/new?page=1', 'POST, OPTIONS'],
    ['/', 'GET, HEAD, OPTIONS'],
    ['/auth/logout', 'DELETE, OPTIONS'],
    ['/healthz', 'GET, HEAD, OPTIONS'],
    ['/docs', 'GET, HEAD, OPTIONS'],
    ['/docs/', 'GET, HEAD, OPTIONS'],
  ]
  for (const [url, allow] of allowed) {
    for (const method of ['GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'TRACE', 'PROPFIND', 'QUERY']) {
      if (allow.split(', ').includes(method)) continue
      const response = await call(app, method, url)
      isError(t, response, 405, `This path answers to ${allow}.`)
      t.equal(response.headers.allow, allow, `${method} ${url}`)
    }
    const options = await call(app, 'OPTIONS', url)
    t.equal(options.statusCode, 204)
    t.equal(options.headers.allow, allow)
  }
})

t.test('a wrong path or method is refused before the body is looked at', async (t) => {
  const app = await startApp(t)
  const broken = { payload: '{"broken', headers: { 'content-type': 'application/json' } }
  const odd = { payload: 'x', headers: { 'content-type': 'image/png' } }
  for (const request of [broken, odd]) {
    isError(t, await call(app, 'POST', '/nowhere', request), 404)
    isError(t, await call(app, 'POST', '/api/ships/1', request), 405)
  }
})

t.test('an API that is not mounted is not there', async (t) => {
  const app = await startApp(t, { apis: 'fleet' })
  t.equal((await call(app, 'GET', '/api/v1/packages')).statusCode, 404)
})

t.test('the routes of whoever embeds the server are paths like any other', async (t) => {
  const app = await startApp(t)
  app.get('/own/:name', { schema: { hide: true } }, async () => 'mine')
  await app.register(async (own) => {
    own.delete('/own/:id', { schema: { hide: true } }, async () => 'gone')
    own.post('/own/new', { schema: { hide: true } }, async () => 'new')
    own.put('/healthz', { schema: { hide: true } }, async () => 'well')
    own.get('/files/*', { schema: { hide: true } }, async () => 'file')
    own.get('/données', { schema: { hide: true } }, async () => 'data')
  })
  for (const [url, allow] of [
    ['/own/1', 'GET, HEAD, DELETE, OPTIONS'],
    ['/own/new', 'POST, OPTIONS'],
    ['/healthz', 'GET, HEAD, PUT, OPTIONS'],
    ['/files/a/b', 'GET, HEAD, OPTIONS'],
    ['/donn%C3%A9es', 'GET, HEAD, OPTIONS'],
  ] as const) {
    const response = await call(app, 'PATCH', url)
    isError(t, response, 405)
    t.equal(response.headers.allow, allow, url)
    t.equal((await call(app, 'OPTIONS', url)).headers.allow, allow, url)
  }
  t.equal((await call(app, 'GET', '/own/1')).body, 'mine')
  isError(t, await call(app, 'PATCH', '/own/'), 404)
  isError(t, await call(app, 'PATCH', '/own/1/2'), 404)
})
