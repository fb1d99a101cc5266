import t from 'tap'
import { call, isError, logIn, startApp } from '../../fixtures/app.js'
import { openFeed } from '../../fixtures/feed.js'
import { SHIP } from '../../fixtures/ships.js'

t.test('a workspace begins as the server did, and keeps to itself', async (t) => {
  const app = await startApp(t)
  const token = (await logIn(app)).access
  const added = await call(app, 'POST', '/~one/api/ships', { token, payload: SHIP })
  t.equal(added.statusCode, 201)
  const id = added.json().id
  t.match(added.headers.location, new RegExp(`/~one/api/ships/${id}$`))
  const counts = await Promise.all(
    ['/api/ships', '/~one/api/ships', '/~two/api/ships'].map(async (url) => {
      return (await call(app, 'GET', url)).json().length
    }),
  )
  const [own, one, two] = counts
  t.equal(one, own + 1)
  t.equal(two, own, 'it is as at the start')
  const headers = { 'x-slipway-workspace': 'one' }
  t.equal((await call(app, 'GET', `/api/ships/${id}`, { headers })).statusCode, 200)
  isError(t, await call(app, 'GET', `/api/ships/${id}`), 404)

  await call(app, 'DELETE', '/api/ships/1', { token })
  const late = await call(app, 'GET', '/~three/api/ships/1')
  t.equal(late.statusCode, 200, 'as at the start, not as the server is now')
})

t.test('a token of the seed is good in all until it is revoked there', async (t) => {
  const app = await startApp(t)
  const token = (await logIn(app)).access
  t.equal((await call(app, 'DELETE', '/~one/auth/logout', { token })).statusCode, 200)
  isError(t, await call(app, 'POST', '/~one/api/ships', { token, payload: SHIP }), 401)
  for (const base of ['', '/~two']) {
    t.equal(
      (await call(app, 'POST', `${base}/api/ships`, { token, payload: SHIP })).statusCode,
      201,
    )
  }
})

t.test('what is no name, and two names', async (t) => {
  const app = await startApp(t)
  const urls = [
    '/~',
    '/~/api/ships',
    '/~.a/api/ships',
    '/~a%2fb/api/ships',
    '/~../api/ships',
    '/~~/',
  ]
  for (const url of [...urls, `/~${'a'.repeat(65)}/api/ships`, '/~a~b/api/ships', '/~%61/x']) {
    isError(t, await call(app, 'GET', url), 400, /no name of a workspace/)
  }
  for (const name of ['', '.', 'a b', 'ä', 'a,b', 'a'.repeat(65)]) {
    const headers = { 'x-slipway-workspace': name }
    isError(t, await call(app, 'GET', '/api/ships', { headers }), 400)
  }
  t.equal(app.worlds.size, 0)
  const headers = { 'x-slipway-workspace': 'b' }
  isError(t, await call(app, 'GET', '/~a/api/ships', { headers }), 400, /name two/)
  t.equal((await call(app, 'GET', '/~b/api/ships', { headers })).statusCode, 200)
  t.equal((await call(app, 'GET', '/%7Eb/api/ships')).statusCode, 200)
  t.equal((await call(app, 'GET', `/~${'a'.repeat(64)}/api/ships`)).statusCode, 200)
  t.equal(app.worlds.size, 2)
})

t.test('there is a bound, and idle ones go', async (t) => {
  const app = await startApp(t, { maxWorkspaces: 2, workspaceTtl: '1s' })
  const address = await app.listen({ port: 0 })
  // Somebody is in each, so that none is idle.
  const feeds = await Promise.all(
    ['a', 'b'].map((name) => openFeed(t, `${address}/~${name}/__slipway/events`)),
  )
  const refused = await call(app, 'GET', '/~c/healthz')
  isError(t, refused, 503, /There are 2 workspaces/)
  t.equal(refused.headers['retry-after'], '60')
  t.equal((await call(app, 'GET', '/healthz')).statusCode, 200)
  for (const { leave } of feeds) leave()
  while (app.worlds.size > 0) await new Promise((resolve) => setTimeout(resolve, 50))
  t.equal((await call(app, 'GET', '/~c/healthz')).statusCode, 200)
})
