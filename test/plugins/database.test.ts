import t from 'tap'
import { call, isError, logIn, startApp } from '../fixtures/app.js'
import { NO_POSTGRES, startPostgres } from '../fixtures/postgres.js'
import { SHIP } from '../fixtures/ships.js'

t.test('an app on a database', { skip: NO_POSTGRES }, async (t) => {
  const postgres = await startPostgres(t)
  t.test('the first fills it, and what is written is there for all', async (t) => {
    const database = postgres.url
    const databaseSchema = 'one'
    const first = await startApp(t, { database, databaseSchema })
    const second = await startApp(t, { database, databaseSchema, data: { users: [] } })
    const { access } = await logIn(first)
    const ships = await call(second, 'GET', '/api/ships')
    t.same(ships.json(), (await call(first, 'GET', '/api/ships')).json())
    const made = await call(first, 'POST', '/api/ships', { token: access, payload: SHIP })
    t.equal(made.statusCode, 201)
    const seen = await call(second, 'GET', `/api/ships/${made.json().id}`)
    t.same(seen.json(), made.json())
    t.equal(seen.headers.etag, made.headers.etag)
    t.equal((await call(first, 'DELETE', '/auth/logout', { token: access })).statusCode, 200)
    isError(t, await call(second, 'POST', '/api/ships', { token: access, payload: SHIP }), 401)
  })

  t.test('two that start at once fill it once', async (t) => {
    const settings = { database: postgres.url, databaseSchema: 'two' }
    const apps = await Promise.all([startApp(t, settings), startApp(t, settings)])
    const [ships, others] = await Promise.all(apps.map((app) => call(app, 'GET', '/api/ships')))
    t.equal(ships?.json().length, 15)
    t.same(others?.json(), ships?.json())
  })

  t.test('what needs the memory engine is refused, and not in the document', async (t) => {
    const app = await startApp(t, { database: postgres.url, databaseSchema: 'three' })
    const names = ['workspaces', 'reset', 'state', 'snapshots', 'snapshots/one', 'clock', 'faults']
    for (const name of names) {
      for (const method of ['GET', 'POST', 'PUT', 'DELETE'] as const) {
        isError(t, await call(app, method, `/__slipway/${name}`), 501, /database/)
      }
    }
    isError(t, await call(app, 'GET', '/~one/api/ships'), 501, /workspaces.*database/)
    isError(t, await call(app, 'GET', '/api/ships?__code=503'), 501, /faults.*database/)
    t.equal((await call(app, 'GET', '/__slipway/requests')).statusCode, 200)

    const { paths } = (await call(app, 'GET', '/openapi.json')).json()
    const control = Object.keys(paths).filter((path) => path.startsWith('/__slipway'))
    t.ok(control.includes('/__slipway/requests'))
    t.same(
      control.filter((path) => names.some((name) => path.startsWith(`/__slipway/${name}`))),
      [],
    )
  })
})
