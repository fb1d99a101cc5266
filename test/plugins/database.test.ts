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
})
