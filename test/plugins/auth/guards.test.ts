import { createHmac, generateKeyPairSync, randomUUID, sign } from 'node:crypto'
import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import { type IncomingMessage, request } from 'node:http'
import { setTimeout } from 'node:timers/promises'
import { Type } from '@sinclair/typebox'
import type { FastifyInstance, FastifyRequest } from 'fastify'
import t, { type Test } from 'tap'
import type { Options } from '../../../config.js'
import { bearer, bodyField, header } from '../../../plugins/auth/carriers.js'
import guards from '../../../plugins/auth/guards.js'
import { addRoute } from '../../../plugins/route.js'
import { generationOf } from '../../../seed/records.js'
import { call, isError, logIn, SECRET, startApp } from '../../fixtures/app.js'
import { ROOT } from '../../fixtures/process.js'

const now = () => Math.floor(Date.now() / 1000)

/** The token generation of the data file's first user. */
const generation = await readFile(`${ROOT}/data.json`, 'utf8').then((text) => {
  const [user] = JSON.parse(text).users
  return generationOf(SECRET, user)
})

const claims = (changes: object = {}) => ({
  iss: 'slipway',
  sub: '1',
  jti: randomUUID(),
  iat: now(),
  exp: now() + 60,
  type: 'access',
  gen: generation,
  ...changes,
})

const encode = (part: object) => Buffer.from(JSON.stringify(part)).toString('base64url')

/** A token made by hand, as an attacker or another server would make it. */
function forge(payload: object, header: object = {}, secret = SECRET, hash = 'sha256'): string {
  const signed = `${encode({ alg: 'HS256', typ: 'JWT', ...header })}.${encode(payload)}`
  return `${signed}.${createHmac(hash, secret).update(signed).digest('base64url')}`
}

t.test('a token made with the right secret and claims is good', async (t) => {
  const app = await startApp(t)
  const response = await call(app, 'PATCH', '/api/ships/1', {
    token: forge(claims()),
    payload: {},
  })
  t.equal(response.statusCode, 200)
})

t.test('any other token is refused', async (t) => {
  const app = await startApp(t)
  const { access } = await logIn(app)
  const [header, payload, signature] = access.split('.')
  const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
  const rsaSigned = `${encode({ alg: 'RS256', typ: 'JWT' })}.${encode(claims())}`
  const refused: Record<string, string> = {
    'no token at all': '',
    'no JWT': 'abc',
    'three empty parts': '..',
    'not base64': '%.%.%',
    unsigned: `${header}.${payload}.`,
    'without a signature': `${header}.${payload}`,
    'with another signature': `${header}.${payload}.${signature?.split('').reverse().join('')}`,
    'with other claims': `${header}.${encode(claims({ sub: '2' }))}.${signature}`,
    'alg none': `${encode({ alg: 'none' })}.${encode(claims())}.`,
    'alg NONE, signed': forge(claims(), { alg: 'NONE' }),
    HS512: forge(claims(), { alg: 'HS512' }, SECRET, 'sha512'),
    'HS384 that is HS256': forge(claims(), { alg: 'HS384' }),
    RS256: `${rsaSigned}.${sign('sha256', Buffer.from(rsaSigned), privateKey).toString('base64url')}`,
    'signed with a public key': forge(
      claims(),
      {},
      publicKey.export({ type: 'spki', format: 'pem' }).toString(),
    ),
    'signed with another secret': forge(claims(), {}, `${SECRET} `),
    expired: forge(claims({ exp: now() - 1 })),
    'a refresh token without an end': forge(
      claims({ type: 'refresh', exp: undefined, eternal: true }),
    ),
    'without exp, and not eternal': forge(claims({ exp: undefined })),
    'without exp, eternal as text': forge(claims({ exp: undefined, eternal: 'true' })),
    'without exp, eternal: false': forge(claims({ exp: undefined, eternal: false })),
    'eternal, and expired': forge(claims({ exp: now() - 1, eternal: true })),
    'exp as text': forge(claims({ exp: String(now() + 60) })),
    'without iss': forge(claims({ iss: undefined })),
    'of another issuer': forge(claims({ iss: 'other' })),
    'without sub': forge(claims({ sub: undefined })),
    'of nobody': forge(claims({ sub: '99' })),
    'sub as a number': forge(claims({ sub: 1 })),
    'sub with more': forge(claims({ sub: '1 or 1=1' })),
    'without jti': forge(claims({ jti: undefined })),
    'without type': forge(claims({ type: undefined })),
    'of an unknown type': forge(claims({ type: 'admin' })),
    'a refresh token': forge(claims({ type: 'refresh' })),
    'of another generation': forge(claims({ gen: 1 })),
    'without generation': forge(claims({ gen: undefined })),
    'an array for claims': forge([]),
    '12 KB of it': 'x'.repeat(12_000),
  }
  for (const [what, token] of Object.entries(refused)) {
    await t.test(what, async (t) => {
      const response = await call(app, 'PATCH', '/api/ships/1', { token, payload: {} })
      isError(t, response, 401)
      t.equal(response.headers['www-authenticate'], 'Bearer realm="slipway", error="invalid_token"')
    })
  }
})

t.test('a token fits no other account that gets its number after a restart', async (t) => {
  const register = async (app: FastifyInstance, name: string) => {
    const payload = { name, password: 'password' }
    const { id } = (await call(app, 'POST', '/api/users', { payload })).json()
    return { id, ...(await logIn(app, name)) }
  }
  const before = await register(await startApp(t), 'mallory')
  const app = await startApp(t)
  const after = await register(app, 'victim')
  t.equal(after.id, before.id)
  isError(t, await call(app, 'DELETE', `/api/users/${after.id}`, { token: before.access }), 401)
  const { access } = await logIn(await startApp(t))
  t.equal((await call(app, 'DELETE', '/api/ships/1', { token: access })).statusCode, 204)
})

t.test("a token fits a data file's user for as long as it is the same account", async (t) => {
  const bob = { id: 1, name: 'bob', password: 'password' }
  const start = (...users: object[]) =>
    startApp(t, {
      dataFile: `${t.testdir({ 'data.json': JSON.stringify({ users }) })}/data.json`,
    })
  const status = async (token: string, ...users: object[]) => {
    const app = await start(...users)
    return (await call(app, 'GET', '/dmps', { token })).statusCode
  }
  const { access } = await logIn(await start(bob), 'bob')
  t.equal(await status(access, bob), 200)
  t.equal(await status(access, { ...bob, email: 'bob@example.com', admin: true }), 200)
  for (const other of [
    { ...bob, name: 'eve' },
    { ...bob, password: 'another' },
    { ...bob, public_id: '1f190b06-2635-42aa-86e9-460d0aff93d9' },
  ]) {
    t.equal(await status(access, other), 401)
  }
})

t.test('a token that is revoked while the body is on its way is refused', async (t) => {
  const app = await startApp(t)
  const origin = new URL(await app.listen({ host: '127.0.0.1', port: 0 }))
  for (const [method, path, body] of [
    ['POST', '/template', '{"title":"late","url":"http://a"}'],
    ['PATCH', '/api/ships/1', '{"crew":7}'],
    ['DELETE', '/api/ships/1', '{}'],
    ['GET', '/api/v1/packages', '{"search":"a"}'],
  ] as const) {
    const { access } = await logIn(app)
    const arrived = new Promise((resolve) => app.server.once('request', resolve))
    const late = request({
      ...{ host: origin.hostname, port: origin.port, method, path },
      headers: {
        authorization: `Bearer ${access}`,
        'content-type': 'application/json',
        'content-length': body.length,
      },
    })
    late.flushHeaders()
    await arrived
    await call(app, 'DELETE', '/auth/logout', { token: access })
    late.end(body)
    const [response]: IncomingMessage[] = await once(late, 'response')
    t.equal(response?.statusCode, 401, `${method} ${path}`)
    response?.resume()
  }
  t.match((await call(app, 'GET', '/api/ships/1')).json(), { crew: 1 })
  t.equal((await app.store.templates.find({ limit: 1000 })).total, 5)
})

t.test('only an access token may lack exp, and only where the memes API gives such', async (t) => {
  const token = forge(claims({ exp: undefined, eternal: true }))
  const status = async (options: Options) => {
    const app = await startApp(t, options)
    return (await call(app, 'PATCH', '/api/ships/1', { token, payload: {} })).statusCode
  }
  t.equal(await status({}), 200)
  t.equal(await status({ memesTokenTtl: '1h' }), 401)
  t.equal(await status({ apis: 'fleet,forum' }), 401)
})

t.test('an authorization header that brings no Bearer token is as none', async (t) => {
  const app = await startApp(t)
  const { access } = await logIn(app)
  for (const authorization of ['', 'Basic dXNlcjpwYXNzd29yZA==', access, `Token ${access}`]) {
    const response = await call(app, 'DELETE', '/api/ships/1', { headers: { authorization } })
    isError(t, response, 401)
    t.equal(response.headers['www-authenticate'], 'Bearer realm="slipway"', authorization)
  }
})

t.test('a Bearer header that is malformed is refused as an invalid token', async (t) => {
  const app = await startApp(t)
  const { access } = await logIn(app)
  const headers = ['Bearer', 'Bearer ', 'Bearer a b', `Bearer ${access} x`, `Bearer ${access},`]
  for (const authorization of headers) {
    const response = await call(app, 'DELETE', '/api/ships/1', { headers: { authorization } })
    isError(t, response, 401)
    t.match(response.headers['www-authenticate'], /error="invalid_token"/, authorization)
  }
})

t.test('the scheme is case-insensitive', async (t) => {
  const app = await startApp(t)
  const { access } = await logIn(app)
  const headers = { authorization: `bEARER ${access}` }
  t.equal((await call(app, 'DELETE', '/api/ships/1', { headers })).statusCode, 204)
})

t.test('a token that was good before is refused once it has expired', async (t) => {
  const app = await startApp(t)
  let token = ''
  const status = async () =>
    (await call(app, 'PATCH', '/api/ships/1', { token, payload: {} })).statusCode
  // As short a life as it can have here and be good once.
  let life = 1
  let first: number
  do {
    life *= 2
    token = forge(claims({ exp: now() + life }))
    first = await status()
  } while (first !== 200 && life < 60)
  t.equal(first, 200)
  while ((await status()) === 200) await setTimeout(20)
  t.equal(await status(), 401)
})

/** The app, with an API that has more carriers and guards than the fleet. */
async function startGuarded(t: Test, options: Options = {}) {
  const app = await startApp(t, options)
  const schema = { response: { 200: Type.Object({ username: Type.String() }) } }
  const whoAmI = async ({ user: { username } }: FastifyRequest) => ({ username })
  await app.register(async (api) => {
    await api.register(guards, { carriers: [bearer, header('x-access-token')] })
    const { access, admin, basic } = api.guards
    for (const [url, guard] of Object.entries({
      '/access': access,
      '/admin': admin,
      '/basic': basic,
    })) {
      addRoute(api, { method: 'GET', url, guard, schema, handler: whoAmI })
    }
  })
  await app.register(async (api) => {
    await api.register(guards, { carriers: [bodyField('access-token'), bearer] })
    const body = Type.Object({ 'access-token': Type.Optional(Type.String()) })
    addRoute(api, {
      method: 'POST',
      url: '/body',
      guard: api.guards.access,
      schema: { ...schema, body },
      handler: whoAmI,
    })
  })
  return app
}

t.test('a token is found in each carrier of the API', async (t) => {
  const app = await startGuarded(t)
  const { access } = await logIn(app)
  const inHeader = { 'x-access-token': access }
  t.same((await call(app, 'GET', '/access', { token: access })).json(), { username: 'user' })
  t.same((await call(app, 'GET', '/access', { headers: inHeader })).json(), { username: 'user' })
  const twice = await call(app, 'GET', '/access', { token: access, headers: inHeader })
  t.equal(twice.statusCode, 200, 'the same token twice is one token')
  isError(t, await call(app, 'GET', '/access', { headers: { 'x-access-token': '' } }), 401)
  const fleet = await call(app, 'DELETE', '/api/ships/1', { headers: inHeader })
  isError(t, fleet, 401, 'A token is needed.')
})

t.test("several tokens are as one when each is good, and the same user's", async (t) => {
  const app = await startGuarded(t)
  const { access, refresh } = await logIn(app)
  const another = (await logIn(app)).access
  const theirs = (await logIn(app, 'guest', 'guest')).access
  const get = (token: string, inHeader: string) =>
    call(app, 'GET', '/access', { token, headers: { 'x-access-token': inHeader } })
  t.same((await get(access, another)).json(), { username: 'user' })
  isError(t, await get(access, theirs), 400, 'The request carries tokens of different users.')
  for (const bad of ['other', '', refresh, forge(claims({ exp: now() - 1 }))]) {
    for (const response of [await get(access, bad), await get(bad, access)]) {
      isError(t, response, 401, 'The token is not valid.')
      t.match(response.headers['www-authenticate'], /error="invalid_token"/)
    }
  }
  await call(app, 'DELETE', '/auth/logout', { token: another })
  isError(t, await get(access, another), 401)
  const payload = { 'access-token': access }
  t.equal((await call(app, 'POST', '/body', { token: access, payload })).statusCode, 200)
  isError(t, await call(app, 'POST', '/body', { token: theirs, payload }), 400)
  isError(t, await call(app, 'POST', '/body', { token: another, payload }), 401)
})

t.test('a token is found in a body', async (t) => {
  const app = await startGuarded(t)
  const { access } = await logIn(app)
  const post = (payload: object) => call(app, 'POST', '/body', { payload })
  t.same((await post({ 'access-token': access })).json(), { username: 'user' })
  isError(t, await post({ 'access-token': 'other' }), 401, 'The token is not valid.')
  for (const value of [5, true, {}, [access]]) {
    isError(t, await post({ 'access-token': value }), 401, 'The token is not valid.')
  }
  for (const value of ['', null]) {
    isError(t, await post({ 'access-token': value }), 401, 'A token is needed.')
  }
  isError(t, await post({}), 401)
  t.equal((await call(app, 'POST', '/body', { token: access, payload: {} })).statusCode, 200)
})

t.test('an admin guard lets in admins only', async (t) => {
  const users = [
    { name: 'user', password: 'password' },
    { name: 'boss', password: 'password', admin: true },
  ]
  const folder = t.testdir({ 'data.json': JSON.stringify({ users }) })
  const app = await startGuarded(t, { dataFile: `${folder}/data.json` })
  const user = await logIn(app)
  const boss = await logIn(app, 'boss')
  isError(t, await call(app, 'GET', '/admin'), 401)
  const refused = await call(app, 'GET', '/admin', { token: user.access })
  isError(t, refused, 403, 'Only an admin can do this.')
  const admitted = await call(app, 'GET', '/admin', { token: boss.access })
  t.same(admitted.json(), { username: 'boss' })
  isError(t, await call(app, 'GET', '/admin', { token: boss.refresh }), 401)
})

t.test('a basic guard takes a username and a password', async (t) => {
  const app = await startGuarded(t)
  const payload = { name: 'Zoë', password: 'a:b:ç:' }
  await call(app, 'POST', '/api/users', { payload })
  const get = (authorization: string) => call(app, 'GET', '/basic', { headers: { authorization } })
  const encode = (text: string) => Buffer.from(text).toString('base64')

  t.same((await get(`Basic ${encode('user:password')}`)).json(), { username: 'user' })
  t.same((await get(`bASIC  ${encode('Zoë:a:b:ç:')}`)).json(), { username: 'Zoë' })
  const refused = [
    '',
    'Basic',
    'Basic ',
    'Basic !!!',
    `Basic ${encode('user')}`,
    `Basic ${encode('user:wrong')}`,
    `Basic ${encode('nobody:password')}`,
    `Basic ${encode(':')}`,
    `Basic ${encode('user:password')} x`,
    `Basic ${Buffer.from('user:p\xe4ss', 'latin1').toString('base64')}`,
    `Bearer ${encode('user:password')}`,
  ]
  for (const authorization of refused) {
    const response = await get(authorization)
    isError(t, response, 401)
    t.equal(response.headers['www-authenticate'], 'Basic realm="slipway"', authorization)
  }
})

t.test('a guard says in the document what it asks for', async (t) => {
  const app = await startGuarded(t)
  const { paths, components } = (await call(app, 'GET', '/openapi.json')).json()
  t.same(paths['/access'].get.security, [
    { accessBearer: [] },
    { accessXAccessTokenHeader: [] },
    { oauth2: [] },
  ])
  t.same(paths['/basic'].get.security, [{ basic: [] }])
  t.same(Object.keys(paths['/access'].get.responses), ['200', '400', '401'])
  t.same(Object.keys(paths['/admin'].get.responses), ['200', '400', '401', '403'])
  t.same(Object.keys(paths['/basic'].get.responses), ['200', '400', '401', '429', '503'])
  t.match(components.securitySchemes, {
    accessXAccessTokenHeader: { type: 'apiKey', in: 'header', name: 'x-access-token' },
    basic: { type: 'http', scheme: 'basic' },
  })
})
