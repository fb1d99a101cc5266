import t from 'tap'
import { call, isError, logIn, startApp } from '../../fixtures/app.js'

const xWing = {
  affiliation: 'Rebel Alliance',
  category: 'Starfighters',
  crew: 1,
  id: 1,
  length: 13,
  manufacturer: 'Incom Corporation',
  model: 'T-65 X-Wing',
  roles: ['Space Superiority Starfighter', 'Escort'],
  ship_class: 'Starfighter',
}

const destroyer = {
  ship_class: 'Star Destroyer',
  model: 'Imperial I-class Star Destroyer',
  affiliation: 'Empire',
  category: 'Capital Ships',
  crew: 37085,
  length: 1600,
  manufacturer: 'Kuat Drive Yards',
  roles: ['Destroyer', 'Carrier', 'Military Transport', 'Command Ship'],
}

t.test('listShips', async (t) => {
  const app = await startApp(t)
  const response = await call(app, 'GET', '/api/ships')
  t.equal(response.statusCode, 200)
  const ships = response.json()
  t.equal(ships.length, 15)
  t.same(ships[0], xWing)
  t.same(
    ships.map(({ id }: { id: number }) => id),
    Array.from({ length: 15 }, (_, index) => index + 1),
  )
})

t.test('listShips shows every change at once', async (t) => {
  const app = await startApp(t)
  const { access: token } = await logIn(app)
  await call(app, 'GET', '/api/ships')
  await call(app, 'PATCH', '/api/ships/2', { token, payload: { crew: 9 } })
  await call(app, 'DELETE', '/api/ships/3', { token })
  await call(app, 'POST', '/api/ships', { token, payload: destroyer })
  const ships = (await call(app, 'GET', '/api/ships')).json()
  t.same(ships.map(({ id, crew }: { id: number; crew: number }) => [id, crew]).slice(1, 3), [
    [2, 9],
    [4, 1],
  ])
  t.same(ships.at(-1), { ...destroyer, id: 16 })
})

t.test('getShip', async (t) => {
  const app = await startApp(t)
  const response = await call(app, 'GET', '/api/ships/1')
  t.equal(response.statusCode, 200)
  t.same(response.json(), xWing)
  t.match(response.headers['content-type'], /^application\/json/)

  const head = await call(app, 'HEAD', '/api/ships/1')
  t.equal(head.statusCode, 200)
  t.equal(head.body, '')
  t.equal(head.headers['content-length'], response.headers['content-length'])

  isError(t, await call(app, 'GET', '/api/ships/99'), 404, 'There is no ship with the id 99.')
})

t.test('an id that is none is refused', async (t) => {
  const app = await startApp(t)
  const ids = [
    'abc',
    '0',
    '-1',
    '1.5',
    '9007199254740992',
    '%00',
    '1;2',
    'NaN',
    '[]',
    '9'.repeat(101),
    ...['0x1', '1e0', '+1', '01', '%201', '1%0a', 'Infinity', '1e400', '1.0'],
  ]
  for (const id of ids) {
    const response = await call(app, 'GET', `/api/ships/${id}`)
    isError(t, response, 400)
    t.match(response.json().details, [{ in: 'path', path: '/id' }], id)
  }
  isError(t, await call(app, 'GET', '/api/ships/%zz'), 400)
})

t.test('createShip', async (t) => {
  const app = await startApp(t)
  const { access: token } = await logIn(app)
  const response = await call(app, 'POST', '/api/ships', {
    token,
    payload: destroyer,
    headers: { host: 'localhost:5000' },
  })
  t.equal(response.statusCode, 201)
  t.same(response.json(), { ...destroyer, id: 16 })
  t.equal(response.headers.location, 'http://localhost:5000/api/ships/16')
  t.type(response.headers.etag, 'string')
  t.same((await call(app, 'GET', '/api/ships/16')).json(), { ...destroyer, id: 16 })
})

t.test('Location is relative where the client names no host that one could ask', async (t) => {
  const app = await startApp(t)
  const { access: token } = await logIn(app)
  const locations = []
  for (const host of ['localhost:5000', '[::1]:80', 'a!b']) {
    const headers = { host }
    const response = await call(app, 'POST', '/api/ships?x#y', {
      token,
      payload: destroyer,
      headers,
    })
    locations.push(response.headers.location)
  }
  t.same(locations, [
    'http://localhost:5000/api/ships/16',
    'http://[::1]:80/api/ships/17',
    '/api/ships/18',
  ])
})

t.test('a length is counted in characters, as the schema says', async (t) => {
  const app = await startApp(t)
  const { access: token } = await logIn(app)
  const patch = (model: string) => call(app, 'PATCH', '/api/ships/1', { token, payload: { model } })
  t.equal((await patch('🚀'.repeat(200))).statusCode, 200)
  isError(t, await patch('🚀'.repeat(201)), 400)
})

t.test('createShip gives no id twice', async (t) => {
  const app = await startApp(t)
  const { access: token } = await logIn(app)
  await call(app, 'POST', '/api/ships', { token, payload: destroyer })
  await call(app, 'DELETE', '/api/ships/16', { token })
  const response = await call(app, 'POST', '/api/ships', { token, payload: destroyer })
  t.equal(response.json().id, 17)
})

t.test('replaceShip', async (t) => {
  const app = await startApp(t)
  const { access: token } = await logIn(app)
  const payload = { ...destroyer, crew: 37050 }
  const response = await call(app, 'PUT', '/api/ships/1', { token, payload })
  t.equal(response.statusCode, 200)
  t.same(response.json(), { ...payload, id: 1 })

  const withId = await call(app, 'PUT', '/api/ships/1', { token, payload: { ...payload, id: 1 } })
  t.equal(withId.statusCode, 200)
  const otherId = await call(app, 'PUT', '/api/ships/1', { token, payload: { ...payload, id: 2 } })
  isError(t, otherId, 400, 'The id in the body is not the id in the path.')
  isError(t, await call(app, 'PUT', '/api/ships/99', { token, payload }), 404)
  const part = await call(app, 'PUT', '/api/ships/1', { token, payload: { crew: 2 } })
  isError(t, part, 400)
  t.equal(part.json().details.length, 7, 'every missing field is named')
})

t.test('changeShip', async (t) => {
  const app = await startApp(t)
  const { access: token } = await logIn(app)
  const response = await call(app, 'PATCH', '/api/ships/1', { token, payload: { crew: 2 } })
  t.equal(response.statusCode, 200)
  t.same(response.json(), { ...xWing, crew: 2 })
  const unchanged = await call(app, 'PATCH', '/api/ships/1', { token, payload: {} })
  t.same(unchanged.json(), { ...xWing, crew: 2 })
  isError(t, await call(app, 'PATCH', '/api/ships/1', { token, payload: { id: 2 } }), 400)
  isError(t, await call(app, 'PATCH', '/api/ships/99', { token, payload: { crew: 2 } }), 404)
})

t.test('deleteShip', async (t) => {
  const app = await startApp(t)
  const { access: token } = await logIn(app)
  const response = await call(app, 'DELETE', '/api/ships/1', { token })
  t.equal(response.statusCode, 204)
  t.equal(response.body, '')
  t.equal(response.headers['content-type'], undefined)
  isError(t, await call(app, 'GET', '/api/ships/1'), 404)
  isError(t, await call(app, 'DELETE', '/api/ships/1', { token }), 404)
})

t.test('one of fifty deletions at once finds the ship', async (t) => {
  const app = await startApp(t)
  const { access: token } = await logIn(app)
  const responses = await Promise.all(
    Array.from({ length: 50 }, () => call(app, 'DELETE', '/api/ships/1', { token })),
  )
  const statuses = responses.map(({ statusCode }) => statusCode).sort()
  t.same(statuses, [204, ...Array.from({ length: 49 }, () => 404)])
})

t.test('a change needs an access token, and is refused before its body is read', async (t) => {
  const app = await startApp(t)
  const calls = [
    ['POST', '/api/ships'],
    ['PUT', '/api/ships/1'],
    ['PATCH', '/api/ships/1'],
    ['DELETE', '/api/ships/1'],
  ] as const
  for (const [method, url] of calls) {
    const response = await call(app, method, url, {
      payload: '{"broken',
      headers: { 'content-type': 'application/json' },
    })
    isError(t, response, 401, 'A token is needed.')
    t.equal(response.headers['www-authenticate'], 'Bearer realm="slipway"')
  }
})

t.test('a ship that is none is refused with every fault', async (t) => {
  const app = await startApp(t)
  const { access: token } = await logIn(app)
  const post = (payload: object) => call(app, 'POST', '/api/ships', { token, payload })
  const faults = async (changes: object) => {
    const response = await post({ ...destroyer, ...changes })
    isError(t, response, 400)
    return response.json().details
  }

  t.match(await faults({ crew: 0 }), [{ in: 'body', path: '/crew', message: 'must be >= 1' }])
  t.match(await faults({ crew: '1' }), [{ path: '/crew', message: 'must be integer' }])
  t.match(await faults({ crew: 1.5 }), [{ path: '/crew' }])
  t.match(await faults({ crew: 2 ** 53 }), [{ path: '/crew' }])
  t.match(await faults({ crew: null, model: 7 }), [{ path: '/crew' }, { path: '/model' }])
  t.match(await faults({ roles: ['a', 1] }), [{ path: '/roles/1', message: 'must be string' }])
  t.match(await faults({ roles: 'a' }), [{ path: '/roles' }])
  t.match(await faults({ model: 'x'.repeat(201) }), [{ path: '/model' }])
  t.match(await faults({ 'a/~b': 1 }), [{ path: '/a~1~0b', message: 'is not known here' }])
  t.match(await faults({ id: 16 }), [{ path: '/id', message: 'is not known here' }])
  t.match(await faults({ version: 7 }), [{ path: '/version' }])
  t.match((await post([destroyer])).json().details, [{ path: '', message: 'must be object' }])
  t.equal((await post({})).json().details.length, 8)
  const roles = (length: number) => Array.from({ length }, () => 1)
  t.equal((await faults({ roles: roles(5_000) })).length, 100, 'the list of faults has a bound')
  t.equal((await faults({ roles: roles(100_000) })).length, 1, 'and a huge body has one')
  t.equal((await call(app, 'GET', '/api/ships')).json().length, 15, 'and nothing was stored')
})

t.test('ETag and If-None-Match', async (t) => {
  const app = await startApp(t)
  const { access: token } = await logIn(app)
  const { etag } = (await call(app, 'GET', '/api/ships/1')).headers
  t.match(etag, /^"[^"]+"$/)
  const get = (tag: string) =>
    call(app, 'GET', '/api/ships/1', { headers: { 'if-none-match': tag } })

  for (const tag of [`${etag}`, `W/${etag}`, `"x", ${etag}`, '*']) {
    const response = await get(tag)
    t.equal(response.statusCode, 304, tag)
    t.equal(response.body, '')
    t.equal(response.headers.etag, etag)
  }
  for (const tag of ['"x"', 'x', '']) t.equal((await get(tag)).statusCode, 200, tag)

  await call(app, 'PATCH', '/api/ships/1', { token, payload: { crew: 2 } })
  t.equal((await get(`${etag}`)).statusCode, 200)

  const restarted = await startApp(t)
  const later = await call(restarted, 'GET', '/api/ships/1', {
    headers: { 'if-none-match': `${etag}` },
  })
  t.equal(later.statusCode, 200, 'another process has other versions')
})

t.test('If-Match', async (t) => {
  const app = await startApp(t)
  const { access: token } = await logIn(app)
  const { etag: first } = (await call(app, 'GET', '/api/ships/1')).headers
  const patch = (tag: string) =>
    call(app, 'PATCH', '/api/ships/1', {
      token,
      payload: { crew: 2 },
      headers: { 'if-match': tag },
    })

  const changed = await patch(`"x", ${first}`)
  t.equal(changed.statusCode, 200)
  const { etag: second } = changed.headers
  t.not(second, first)

  const made = `${second}`.slice(0, -1)
  const stale = [
    `${first}`,
    '"x"',
    'x',
    '',
    `W/${second}`,
    `${made}junk"`,
    `${made}.9"`,
    `${made} "`,
  ]
  for (const tag of stale) isError(t, await patch(tag), 412)
  const headers = { 'if-match': `${first}` }
  isError(t, await call(app, 'DELETE', '/api/ships/1', { token, headers }), 412)
  const payload = destroyer
  isError(t, await call(app, 'PUT', '/api/ships/1', { token, headers, payload }), 412)
  t.same((await call(app, 'GET', '/api/ships/1')).json(), { ...xWing, crew: 2 })
  isError(t, await call(app, 'DELETE', '/api/ships/99', { token, headers }), 404)

  t.equal((await patch('*')).statusCode, 200)
})

t.test('one of two changes that start from the same version at once is refused', async (t) => {
  const app = await startApp(t)
  const { access: token } = await logIn(app)
  const { etag } = (await call(app, 'GET', '/api/ships/1')).headers
  const headers = { 'if-match': `${etag}` }
  const responses = await Promise.all(
    [2, 3].map((crew) => call(app, 'PATCH', '/api/ships/1', { token, headers, payload: { crew } })),
  )
  t.same(responses.map(({ statusCode }) => statusCode).sort(), [200, 412])
})
