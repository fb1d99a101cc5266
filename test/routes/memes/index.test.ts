import t, { type Test } from 'tap'
import { buildApp } from '../../../app.js'
import { type Options, parseConfig } from '../../../config.js'
import { call, isError, logIn, startApp } from '../../fixtures/app.js'

const APPLICATION = '0b8f4a52-3c35-4a6e-9f5d-0f2a5f1f6f11'
const users = [
  { name: 'user', password: 'password' },
  { name: 'admin', password: 'admin', admin: true },
]

/** The app on a data file that registers applications. */
async function startClosed(t: Test, options: Options = {}) {
  const applications = { someapp: APPLICATION, cli: '7d9c1f5e-1c7b-4f0e-8d7e-1d0f3c2b4a59' }
  const folder = t.testdir({ 'data.json': JSON.stringify({ users, applications }) })
  return startApp(t, { dataFile: `${folder}/data.json`, ...options })
}

/** Each route, and what it answers an admin who sends nothing else. */
const requests = [
  ['GET', '/login', 200],
  ['GET', '/', 200],
  ['GET', '/template', 200],
  ['POST', '/template', 400],
  ['GET', '/template/1', 404],
  ['PUT', '/template/1', 400],
  ['DELETE', '/template/1', 404],
  ['GET', '/user', 200],
  ['POST', '/user', 400],
  ['GET', '/user/none', 404],
  ['PUT', '/user/none', 404],
  ['DELETE', '/user/none', 404],
] as const

t.test('with applications in the data file every memes route asks for one', async (t) => {
  const app = await startClosed(t)
  const { access: token } = await logIn(app, 'admin', 'admin')
  const basic = `Basic ${Buffer.from('user:password').toString('base64')}`
  for (const [method, url, status] of requests) {
    const send = (headers: Record<string, string>) =>
      call(app, method, url, {
        headers: { authorization: url === '/login' ? basic : `Bearer ${token}`, ...headers },
      })
    const missing = await send({})
    isError(t, missing, 401, 'An application token is needed.')
    t.equal(missing.headers['www-authenticate'], 'Application realm="slipway"')
    for (const wrong of ['', 'abc', APPLICATION.toUpperCase(), `${APPLICATION} `.repeat(2)]) {
      isError(t, await send({ 'x-application-token': wrong }), 401, /^The application token/)
    }
    const { statusCode } = await send({ 'x-application-token': APPLICATION })
    t.equal(statusCode, status, `${method} ${url}`)
  }
})

t.test('an application token is not enough', async (t) => {
  const app = await startClosed(t)
  const headers = { 'x-application-token': APPLICATION }
  for (const [method, url] of requests) {
    isError(t, await call(app, method, url, { headers }), 401)
  }
})

t.test('a first call by curl is told where to get a token', async (t) => {
  const app = await startApp(t)
  isError(
    t,
    await call(app, 'GET', '/'),
    401,
    /The API reference, at \/docs, says how to get one\.$/,
  )
})

t.test('other APIs ask for no application', async (t) => {
  const app = await startClosed(t)
  const { access: token } = await logIn(app)
  t.equal((await call(app, 'GET', '/articles')).statusCode, 200)
  t.equal((await call(app, 'POST', '/verify-token', { token })).statusCode, 200)
})

t.test('a browser is sent to the reference without one', async (t) => {
  const app = await startClosed(t)
  const response = await call(app, 'GET', '/', { headers: { accept: 'text/html' } })
  t.equal(response.statusCode, 302)
})

t.test('the document says that an application is asked for, where it is', async (t) => {
  const closed = (await call(await startClosed(t), 'GET', '/openapi.json')).json()
  t.same(closed.paths['/login'].get.security, [{ basic: [], application: [] }])
  t.same(closed.paths['/template'].get.security, [
    { accessXAccessTokenHeader: [], application: [] },
    { accessBearer: [], application: [] },
    { oauth2: [], application: [] },
  ])
  t.match(closed.components.securitySchemes.application, {
    type: 'apiKey',
    in: 'header',
    name: 'x-application-token',
  })
  const open = (await call(await startApp(t), 'GET', '/openapi.json')).json()
  t.same(open.paths['/login'].get.security, [{ basic: [] }])
  t.notOk('application' in open.components.securitySchemes)
})

t.test('MEMES_OPEN_USERS lets every user list and create users, and no more', async (t) => {
  const app = await startClosed(t, { memesOpenUsers: true })
  const { access: token } = await logIn(app)
  const headers = { 'x-application-token': APPLICATION }
  const listed = await call(app, 'GET', '/user', { token, headers })
  t.equal(listed.statusCode, 200)
  const { public_id } = listed.json().users[1]
  const payload = { username: 'another', password: 'one' }
  t.equal((await call(app, 'POST', '/user', { token, headers, payload })).statusCode, 200)
  for (const method of ['GET', 'PUT', 'DELETE']) {
    isError(t, await call(app, method, `/user/${public_id}`, { token, headers }), 403)
  }
  isError(t, await call(app, 'GET', '/user', { headers }), 401)
  isError(t, await call(app, 'GET', '/user', { token }), 401)
})

t.test('MEMES_OPEN_USERS without applications ends the start', async (t) => {
  const options = parseConfig({ memesOpenUsers: true, logLevel: 'silent' })
  await t.rejects(buildApp({ ...options, port: 0 }), {
    name: 'ConfigError',
    message: /^MEMES_OPEN_USERS can't be true: /,
  })
})

t.test('an API that is not mounted is not there', async (t) => {
  const app = await startApp(t, { apis: ['fleet'] })
  for (const url of ['/login', '/template', '/user', '/articles']) {
    isError(t, await call(app, 'GET', url), 404)
  }
  const home = await call(app, 'GET', '/', { headers: { accept: 'text/html' } })
  t.match([home.statusCode, home.headers.location], [302, '/docs'], 'but the reference is')
})
