import t from 'tap'
import { call, logIn, startApp } from '../../fixtures/app.js'

t.test('a long list goes out piece by piece, whole and in order', async (t) => {
  const app = await startApp(t)
  const { access: token } = await logIn(app, 'admin', 'admin')
  const [ship] = (await call(app, 'GET', '/api/ships')).json()
  const short = await call(app, 'GET', '/api/ships')
  t.ok(short.headers['content-length'])

  const models = Array.from({ length: 3_000 }, (_, number) => `Model ${number} ]}`)
  const { id, ...fields } = ship
  await app.store.ships.insertMany(models.map((model) => ({ ...fields, model })))
  const long = await call(app, 'GET', '/api/ships')
  t.equal(long.statusCode, 200)
  t.equal(long.headers['content-type'], 'application/json; charset=utf-8')
  t.equal(long.headers['content-length'], undefined)
  const ships: (typeof ship)[] = long.json()
  t.same(ships.slice(0, 15), short.json())
  t.same(
    ships.slice(15).map(({ model }) => model),
    models,
  )
  t.equal((await call(app, 'HEAD', '/api/ships')).statusCode, 200)

  await app.store.templates.insertMany(
    models.map((title) => ({
      title,
      url: 'http:/test.com',
      description: null,
      userId: 1,
      postedAt: new Date().toISOString(),
      approved: false,
    })),
  )
  const { templates } = (await call(app, 'GET', '/template', { token })).json()
  t.equal(templates.length, 3_005)
  t.match(templates.at(-1), { title: 'Model 2999 ]}', username: 'user' })
})

t.test('a client that goes while a long list is written harms nobody', async (t) => {
  const app = await startApp(t)
  const [ship] = (await call(app, 'GET', '/api/ships')).json()
  const { id, ...fields } = ship
  const text = 'x'.repeat(200)
  const many = Array.from({ length: 100_000 }, () => ({ ...fields, manufacturer: text }))
  await app.store.ships.insertMany(many)
  const url = await app.listen({ port: 0, host: '127.0.0.1' })
  const leaving = new AbortController()
  const response = await fetch(`${url}/api/ships`, { signal: leaving.signal })
  await response.body?.getReader().read()
  leaving.abort()
  t.equal((await fetch(`${url}/api/ships/1`)).status, 200)
})
