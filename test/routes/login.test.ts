import t from 'tap'
import { call, claimsOf, isError, startApp } from '../fixtures/app.js'

const basic = (username: string, password: string) => ({
  authorization: `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`,
})

t.test('logInWithBasic', async (t) => {
  const app = await startApp(t)
  const response = await call(app, 'GET', '/login', { headers: basic('admin', 'admin') })
  t.equal(response.statusCode, 200)
  t.equal(response.headers['cache-control'], 'no-store')
  const { token, access_token, refresh_token, ...rest } = response.json()
  t.same(rest, {
    username: 'admin',
    email: 'admin@example.com',
    project: 'Harbour survey',
    project_description:
      'Ten years of water samples from three harbours, and what they tell of the sea.',
  })
  t.match(claimsOf(token), { sub: '3', type: 'access', exp: undefined, eternal: true })
  const { iat, exp } = claimsOf(access_token)
  t.equal(Number(exp) - Number(iat), 30 * 24 * 60 * 60)
  t.match(claimsOf(refresh_token), { type: 'refresh', exp: Number })

  const guest = (await call(app, 'GET', '/login', { headers: basic('guest', 'guest') })).json()
  t.match(guest, { username: 'guest', email: null, project: 'none', project_description: '' })
})

t.test('of several projects it shows the first by id', async (t) => {
  const app = await startApp(t)
  const { memberships, projects } = app.store
  const shown = async () => {
    const response = await call(app, 'GET', '/login', { headers: basic('guest', 'guest') })
    const { project, project_description } = response.json()
    return [project, project_description]
  }
  const { id } = await projects.insert({ name: 'Third', description: null })
  await memberships.insert({ userId: 2, projectId: id })
  t.same(await shown(), ['Third', ''])
  await memberships.insert({ userId: 2, projectId: 2 })
  t.match(await shown(), ['Shipyard archive', /^Drawings/])
  await projects.delete(2)
  t.same(await shown(), ['Third', ''])
})

t.test('it is there with memes or plans, and nowhere else', async (t) => {
  for (const apis of ['memes', 'plans', 'memes,plans']) {
    const app = await startApp(t, { apis })
    const response = await call(app, 'GET', '/login', { headers: basic('user', 'password') })
    t.equal(response.statusCode, 200, apis)
    const { token } = response.json()
    const path = apis === 'memes' ? '/template' : '/dmps'
    t.equal((await call(app, 'GET', path, { token })).statusCode, 200, apis)
    const document = (await call(app, 'GET', '/openapi.json')).json()
    t.same(document.paths['/login'].get.tags, apis.split(',').slice(0, 1))
    const { error, message } = (await call(app, 'GET', '/login')).json()
    t.equal(error, apis === 'memes' ? 'Unauthorized' : message, "as the API's clients read it")
  }
  const app = await startApp(t, { apis: 'fleet,registry' })
  isError(t, await call(app, 'GET', '/login', { headers: basic('user', 'password') }), 404)
})

t.test('each of its tokens is good where its kind is due, in every API', async (t) => {
  const app = await startApp(t)
  const response = await call(app, 'GET', '/login', { headers: basic('user', 'password') })
  const { token, access_token, refresh_token } = response.json()
  for (const access of [token, access_token]) {
    const inHeader = { headers: { 'x-access-token': access } }
    t.equal((await call(app, 'GET', '/template', inHeader)).statusCode, 200)
    t.equal((await call(app, 'GET', '/template', { token: access })).statusCode, 200)
    t.equal((await call(app, 'POST', '/verify-token', { token: access })).statusCode, 200)
    const patched = await call(app, 'PATCH', '/api/ships/1', { token: access, payload: {} })
    t.equal(patched.statusCode, 200)
    isError(t, await call(app, 'POST', '/auth/refresh', { token: access }), 401)
  }
  t.equal((await call(app, 'POST', '/auth/refresh', { token: refresh_token })).statusCode, 200)
  isError(t, await call(app, 'GET', '/template', { token: refresh_token }), 401)
})

t.test('the token that never expires ends like every other', async (t) => {
  const app = await startApp(t)
  const logIn = async () =>
    (await call(app, 'GET', '/login', { headers: basic('user', 'password') })).json().token
  const [revoked, left] = [await logIn(), await logIn()]
  const status = async (token: string) =>
    (await call(app, 'GET', '/template', { headers: { 'x-access-token': token } })).statusCode
  t.equal((await call(app, 'DELETE', '/auth/logout', { token: revoked })).statusCode, 200)
  t.same([await status(revoked), await status(left)], [401, 200])
  const payload = { name: 'user', password: 'another' }
  await call(app, 'PUT', '/api/users/1', { token: left, payload })
  t.equal(await status(left), 401)
})

t.test('MEMES_TOKEN_TTL gives the token an end', async (t) => {
  const app = await startApp(t, { memesTokenTtl: '2h' })
  const response = await call(app, 'GET', '/login', { headers: basic('user', 'password') })
  const { iat, exp } = claimsOf(response.json().token)
  t.equal(Number(exp) - Number(iat), 7200)
})

t.test('a header that is no good is a 401 with a challenge', async (t) => {
  const app = await startApp(t)
  const refused = [
    {},
    { authorization: '' },
    { authorization: 'Basic' },
    { authorization: 'Basic !!!' },
    { authorization: 'Bearer abc' },
    { authorization: `Basic ${Buffer.from('no colon').toString('base64')}` },
    { authorization: `Basic ${Buffer.from('user:p\xe4ss', 'latin1').toString('base64')}` },
    basic('user', 'wrong'),
    basic('nobody', 'password'),
    basic('', ''),
  ]
  for (const headers of refused) {
    const response = await call(app, 'GET', '/login', { headers })
    isError(t, response, 401)
    t.equal(response.headers['www-authenticate'], 'Basic realm="slipway"')
  }
})

t.test('names and passwords are UTF-8, and passwords may hold colons', async (t) => {
  const app = await startApp(t)
  await call(app, 'POST', '/api/users', { payload: { name: 'Zoë', password: 'a:b:ç:' } })
  const response = await call(app, 'GET', '/login', { headers: basic('Zoë', 'a:b:ç:') })
  t.equal(response.json().username, 'Zoë')
})

t.test('failed logins are limited', async (t) => {
  const app = await startApp(t, { loginLimit: 1 })
  const get = () => call(app, 'GET', '/login', { headers: basic('user', 'wrong') })
  isError(t, await get(), 401)
  isError(t, await get(), 429)
})

t.test('a name or a password longer than any is refused, and nothing is kept of it', async (t) => {
  const app = await startApp(t, { loginLimit: 1 })
  const long = 'x'.repeat(5000)
  const attempts = [basic(long, 'password'), basic('user', long), basic('💩'.repeat(255), 'x')]
  for (const headers of [...attempts, ...attempts]) {
    isError(t, await call(app, 'GET', '/login', { headers }), 401, /username or the password/)
  }
  for (let attempt = 0; attempt < 2; attempt++) {
    const payload = `grant_type=password&username=${long.slice(0, 4000)}&password=x`
    const headers = { 'content-type': 'application/x-www-form-urlencoded' }
    isError(
      t,
      await call(app, 'POST', '/auth/token', { headers, payload }),
      400,
      /name and password/,
    )
  }
  const many = await Promise.all(
    Array.from({ length: 230 }, () => call(app, 'GET', '/login', { headers: basic(long, 'x') })),
  )
  t.same(new Set(many.map(({ statusCode }) => statusCode)), new Set([401]), 'none waits for a hash')
  isError(t, await call(app, 'GET', '/login', { headers: basic('user', 'wrong') }), 401)
  isError(t, await call(app, 'GET', '/login', { headers: basic('user', 'wrong') }), 429)
})

t.test('a limit that is reached in one world is not in another, nor after a reset', async (t) => {
  const app = await startApp(t, { loginLimit: 1 })
  const status = async (world: string) =>
    (await call(app, 'GET', `${world}/login`, { headers: basic('user', 'wrong') })).statusCode
  t.same([await status(''), await status('')], [401, 429])
  t.same([await status('/~a'), await status('/~a')], [401, 429])
  await call(app, 'POST', '/~a/__slipway/reset')
  t.same([await status('/~a'), await status('')], [401, 429])
})
