import t from 'tap'
import { call, startApp } from '../../fixtures/app.js'
import { startOwn } from '../../fixtures/own.js'

/** Data with one part of this name, which can be `__proto__` too. */
const dataWith = (name: string): object => JSON.parse(`{${JSON.stringify(name)}:[{"id":1,"x":1}]}`)

t.test('a collection can have any name that a path can', async (t) => {
  const names = [
    'constructor toString hasOwnProperty length id données 日本 😀 a-b a.b a~b UPPER login register favicon.ico a/b a/b/c',
    'a+b a&b a=b a;b a,b a@b $',
  ]
  for (const name of [...names.join(' ').split(' ').slice(0, -1), 'two words', ' ']) {
    await t.test(name, async (t) => {
      const { send } = await startOwn(t, dataWith(name))
      const path = `/${name.split('/').map(encodeURIComponent).join('/')}`
      t.same((await send('GET', path)).json(), [{ id: 1, x: 1 }])
      const made = await send('POST', `${path}/`, { x: 2 })
      t.equal(made.statusCode, 201)
      const { pathname } = new URL(String(made.headers.location))
      t.same((await send('GET', pathname)).json(), { x: 2, id: 2 })
      t.same((await send('GET', `${path}/1`)).json(), { id: 1, x: 1 })
      t.same(Object.keys((await send('GET', '/db')).json()), [name])
    })
  }
})

t.test('a name that no path can have ends the start', async (t) => {
  const names = [
    '',
    '.',
    '..',
    '/a',
    'a/',
    'a//b',
    'a?b',
    'a#b',
    'a%20b',
    ':id',
    'a:b',
    '*',
    'a\\b',
  ]
  for (const name of [...names, 'a\nb', 'a(b)', '{id}', '\ud800', '__proto__']) {
    await t.rejects(
      startApp(t, { data: dataWith(name), apis: 'none' }),
      { name: 'SeedError', message: /: can't be a path: give it another name$/ },
      JSON.stringify(name),
    )
  }
})

t.test('a part under a path that is taken ends the start, with the ways out', async (t) => {
  const taken = 'docs healthz readyz openapi.json openapi.yaml auth __slipway'.split(' ')
  for (const name of taken) {
    await t.rejects(startApp(t, { data: { posts: [], [name]: [] }, apis: 'none' }), {
      name: 'SeedError',
      message: `data: /${name}: /${name} is a path of the server's own or of an API: start with --prefix /data, or with other --apis (none for none of them)`,
    })
  }
  for (const name of ['db', 'db/x']) {
    const message = /: \/db is everything at once: give it another name$/
    await t.rejects(startApp(t, { data: { posts: [], [name]: [] } }), { message })
  }
  for (const [apis, name] of [
    ['fleet', 'api'],
    ['forum', 'verify-token'],
  ] as const) {
    const message = `data: /${name}: /${name} is a path of the server's own or of an API: start with --prefix /data, or with other --apis (none for none of them)`
    await t.rejects(startApp(t, { data: { [name]: [] }, apis }), { name: 'SeedError', message })
  }
})

t.test('and each way out leads on', async (t) => {
  const data = { ships: [], api: [{ id: 'mine' }] }
  const prefixed = await startApp(t, { data, apis: 'fleet', prefix: '/data' })
  t.same((await call(prefixed, 'GET', '/data/api/')).json(), [{ id: 'mine' }])
  t.same((await call(prefixed, 'GET', '/api/ships')).json(), [])
  const { send } = await startOwn(t, data)
  t.same((await send('GET', '/api/')).json(), [{ id: 'mine' }])
})

t.test('behind a prefix every path is free', async (t) => {
  const { send } = await startOwn(t, { docs: [{ id: 1 }], auth: { a: 1 } }, { prefix: '/data' })
  t.same((await send('GET', '/data/docs')).json(), [{ id: 1 }])
  t.same((await send('GET', '/data/auth')).json(), { a: 1 })
  t.same((await send('GET', '/data/db')).json(), { docs: [{ id: 1 }], auth: { a: 1 } })
  const { headers } = await send('POST', '/data/docs', {})
  t.match(headers.location, /\/data\/docs\/2$/)
})

t.test('whose a part is follows from the others, or from --apis', async (t) => {
  const ships = { id: 1, name: 'mine' }
  const auto = await startApp(t, { data: { ships: [ships], posts: [] } })
  t.same((await call(auto, 'GET', '/ships')).json(), [ships])
  t.equal((await call(auto, 'GET', '/api/ships')).statusCode, 404, 'no API is there')
  const mixed = await startApp(t, { data: { articles: [], ships: [ships] }, apis: 'forum' })
  t.same((await call(mixed, 'GET', '/ships')).json(), [ships])
  t.equal((await call(mixed, 'GET', '/articles')).statusCode, 200)
  t.equal((await call(mixed, 'GET', '/articles/1')).statusCode, 404)
  t.same(Object.keys((await call(mixed, 'GET', '/db')).json()), ['ships'])
  const demo = await startApp(t, { data: { ships: [] } })
  t.same((await call(demo, 'GET', '/api/ships')).json(), [])
})

t.test('data that has the APIs’ names and not their shape is told how to be served', async (t) => {
  const data = { ships: [{ id: 1, name: 'mine' }] }
  const wayOut = /\ndata: if these are collections of your own, start with --apis none$/
  await t.rejects(startApp(t, { data }), { name: 'SeedError', message: wayOut })
  const chosen = await startApp(t, { data, apis: 'fleet' }).then(
    () => '',
    ({ message }) => message,
  )
  t.match(chosen, /is not known here/)
  t.notMatch(chosen, wayOut, 'who chose the API knows')
  const { send } = await startOwn(t, data)
  t.same((await send('GET', '/ships/1')).json(), data.ships[0])
})

t.test(
  'a list of objects is a collection, an object a single resource, and nothing else is served',
  async (t) => {
    const { send } = await startOwn(t, { $schema: './x.json', list: [], one: {} })
    t.same((await send('GET', '/list')).json(), [])
    t.same((await send('GET', '/one')).json(), {})
    t.same((await send('GET', '/db')).json(), { list: [], one: {} }, 'and $schema is nothing')
    const wrong: [unknown, string][] = [
      [5, '/a: is 5; a collection is a list of objects, a single resource an object'],
      ['x', '/a: is "x"; a collection is a list of objects, a single resource an object'],
      [null, '/a: is null; a collection is a list of objects, a single resource an object'],
      [[1], '/a/0: is 1; a record is an object'],
      [[{}, []], '/a/1: is a list; a record is an object'],
      [[null], '/a/0: is null; a record is an object'],
    ]
    for (const [a, message] of wrong) {
      await t.rejects(startApp(t, { data: { a } }), {
        name: 'SeedError',
        message: `data: ${message}`,
      })
    }
  },
)

t.test('the whole state is a file that the server starts with', async (t) => {
  const data = {
    posts: [{ id: 1, title: 'One', 'a/b': [null, { c: 'é' }] }, { title: 'Two' }],
    empty: [],
    profile: { name: 'me' },
  }
  const { send } = await startOwn(t, data)
  await send('POST', '/posts', { id: 'x' })
  const first = await send('GET', '/db')
  t.match(first.headers['content-type'], /^application\/json/)
  t.same(first.json(), {
    ...data,
    posts: [data.posts[0], { id: 2, title: 'Two' }, { id: 'x' }],
  })
  const again = await startOwn(t, first.json())
  t.equal((await again.send('GET', '/db')).body, first.body)
})
