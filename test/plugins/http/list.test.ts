import t from 'tap'
import { newDmp } from '../../../store/collections.js'
import { startOwn } from '../../fixtures/accounts.js'
import { call, logIn, startApp } from '../../fixtures/app.js'
import { turnsOf } from '../../fixtures/turns.js'

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

const LARGE = 300_000

t.test('others have their turns between two large records', async (t) => {
  const app = await startApp(t)
  const { access: token } = await logIn(app)
  const user = await app.store.users.getBy({ username: 'user' })
  const plans = Array.from({ length: 20 }, (_, number) =>
    newDmp(user?.id ?? 0, { number, text: 'x'.repeat(LARGE) }),
  )
  await app.store.dmps.insertMany(plans)
  const { done, turns } = await turnsOf(call(app, 'GET', '/dmps', { token }))
  const numbers: unknown[] = done.json().map(({ number }: { number?: number }) => number)
  t.same(
    numbers.slice(-20),
    plans.map((_, number) => number),
  )
  t.ok(turns >= plans.length, `${turns} turns`)
})

t.test('so they have with a page of large records, in an envelope too', async (t) => {
  const notes = Array.from({ length: 20 }, (_, id) => ({ id, text: 'x'.repeat(LARGE) }))
  const app = await startOwn(t, { notes })
  const page = await turnsOf(call(app, 'GET', '/notes?_page=1&_limit=15'))
  t.equal(Number(page.done.headers['x-total-count']), 20)
  t.match(page.done.headers.link, 'rel="next"')
  t.same(page.done.json(), notes.slice(0, 15))
  t.ok(page.turns >= 15, `${page.turns} turns`)
  const envelope = await turnsOf(call(app, 'GET', '/notes?_page=2&_per_page=12'))
  t.match(envelope.done.json(), { items: 20, prev: 1, next: null, data: notes.slice(12) })
  t.ok(envelope.turns >= 8, `${envelope.turns} turns`)
})

t.test('one that is put together from two lists has each record once, by id', async (t) => {
  const app = await startApp(t)
  const { access: token } = await logIn(app)
  const user = await app.store.users.getBy({ username: 'user' })
  const before = (await call(app, 'GET', '/', { token })).json().templates.length
  const template = {
    url: 'http:/test.com',
    description: null,
    postedAt: new Date().toISOString(),
  }
  await app.store.templates.insertMany(
    Array.from({ length: 4_000 }, (_, number) => ({
      ...template,
      title: String(number),
      // Runs of different lengths, and every fourth both one's own and approved.
      userId: number % 4 < 2 ? (user?.id ?? null) : null,
      approved: number % 2 === 0,
    })),
  )
  const { templates } = (await call(app, 'GET', '/', { token })).json()
  const titles: string[] = templates.slice(before).map(({ title }: { title: string }) => title)
  const wanted = Array.from({ length: 4_000 }, (_, number) => number)
  t.same(titles, wanted.filter((number) => number % 4 !== 3).map(String))
})
