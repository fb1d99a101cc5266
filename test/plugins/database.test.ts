import type { FastifyInstance } from 'fastify'
import t from 'tap'
import { call, isError, logIn, startApp, type Tokens } from '../fixtures/app.js'
import { ask } from '../fixtures/many-processes.js'
import { NO_POSTGRES, startPostgres } from '../fixtures/postgres.js'
import { SHIP } from '../fixtures/ships.js'
import { query } from '../fixtures/sql.js'

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

  t.test('what it has no room for is 507, and what it can not do now 503', async (t) => {
    const app = await startApp(t, { database: postgres.url, databaseSchema: 'four' })
    const { access: token } = await logIn(app)
    const url = await app.listen({ host: '127.0.0.1', port: 0 })
    const create = () => ask(`${url}/api/ships`, 'POST', { token, json: SHIP })
    // More than is stored in one step.
    const body = new FormData()
    body.set('file', new Blob([Buffer.alloc(2 ** 21)]), 'file')
    const upload = () =>
      fetch(`${url}/api/v1/large/1`, { method: 'POST', headers: { token }, body })
    await query(
      postgres.url,
      `create function four.refuse() returns trigger language plpgsql as $$
        begin raise exception 'no' using errcode = tg_argv[0]; end $$`,
    )
    for (const [state, status] of [
      ['53100', 507],
      ['53200', 503],
      ['53300', 503],
      ['57014', 503],
      ['57P03', 503],
      ['58030', 503],
    ] as const) {
      for (const table of ['ships', 'chunks']) {
        await query(
          postgres.url,
          `create or replace trigger refuse before insert on four.${table} for each row execute function four.refuse('${state}')`,
        )
      }
      for (const refused of [await create(), await upload()]) {
        t.equal(refused.status, status, state)
        t.match(refused.headers.get('retry-after'), /^[1-9]\d*$/, state)
      }
    }
    await query(postgres.url, 'drop function four.refuse cascade')
    t.same([(await create()).status, (await upload()).status], [201, 200])
  })

  t.test('what can not be remembered as ended is told not to be', async (t) => {
    const settings = { database: postgres.url, databaseSchema: 'five', revokedTokenLimit: 1 }
    const [first, second] = [await startApp(t, settings), await startApp(t, settings)]
    const [ended, left] = [await logIn(first), await logIn(first)]
    const logOut = (app: FastifyInstance, { access: token }: Tokens) =>
      call(app, 'DELETE', '/auth/logout', { token })
    t.equal((await logOut(first, ended)).statusCode, 200)
    isError(t, await logOut(second, left), 507, /REVOKED_TOKEN_LIMIT/)
    t.equal((await call(first, 'GET', '/dmps', { token: left.access })).statusCode, 200)
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
