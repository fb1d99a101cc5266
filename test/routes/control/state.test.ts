import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { FastifyInstance } from 'fastify'
import { test } from 'tap'
import { buildApp } from '../../../app.js'
import { call, isError, logIn, startApp } from '../../fixtures/app.js'
import { startOwn } from '../../fixtures/own.js'
import { ended, untilEnded } from '../../fixtures/tasks.js'
import { turnAtEveryLook, turnsOf } from '../../fixtures/turns.js'
import { sendForm, upload } from '../../fixtures/upload.js'

const URL = '/__slipway/state'

const stateOf = async (app: FastifyInstance, url = '') =>
  (await call(app, 'GET', `${url}${URL}`)).json()

const put = (app: FastifyInstance, payload: object | string, url = '') =>
  call(app, 'PUT', `${url}${URL}`, { payload, headers: { 'content-type': 'application/json' } })

/** A world of the five APIs with something of everything in it. */
async function liveIn(app: FastifyInstance, url: string): Promise<string> {
  await call(app, 'POST', `${url}/api/users`, { payload: { name: 'made', password: 'secret' } })
  const order = { payload: { username: 'made' } }
  const { token } = (await call(app, 'POST', `${url}/__slipway/tokens`, order)).json()
  await call(app, 'DELETE', `${url}/api/ships/1`, { token })
  await call(app, 'POST', `${url}/articles/new`, { token, payload: { title: 'a', text: 'b' } })
  const form = new FormData()
  form.set('file', new Blob([Buffer.from([0, 255, 10])]), 'bytes.bin')
  await sendForm(app, `${url}/api/v1/mine/1.0.0`, form, token)
  const plan = { title: 'Plan', nested: { list: [1, { a: null }] } }
  const { id } = (await call(app, 'POST', `${url}/dmps`, { token, payload: plan })).json()
  const task = await call(app, 'POST', `${url}/tasks`, { token, payload: { dmp: id } })
  const look = async () =>
    (await call(app, 'GET', `${url}/tasks/${task.json().id}`, { token })).json()
  await untilEnded(look)
  return token
}

test('nothing of the five APIs is lost: in another world, and in another server', async (t) => {
  const app = await startApp(t)
  await liveIn(app, '/~a')
  const state = await stateOf(app, '/~a')
  t.match(state, {
    users: [{}, {}, {}, { name: 'made', passwordHash: /^\$argon2id\$/ }],
    $packages: [{ name: 'mine', user: 'made' }],
    $tags: [{ package: 'mine', tag: '1.0.0', file_name: 'bytes.bin', content: 'AP8K' }],
    $tasks: [{ user: 'made', status: 'done', docx: String, pdf: String }],
  })
  t.notMatch(JSON.stringify(state), /"password":/)

  t.equal((await put(app, state, '/~b')).statusCode, 204)
  t.same(await stateOf(app, '/~b'), state)

  const dataFile = join(t.testdir(), 'state.json')
  await writeFile(dataFile, JSON.stringify(state))
  const other = await startApp(t, { dataFile })
  t.same(await stateOf(other), state)

  for (const [server, url] of [
    [app, '/~b'],
    [other, ''],
  ] as const) {
    const payload = { username: 'made', password: 'secret' }
    const login = await call(server, 'POST', `${url}/auth/login`, { payload })
    const { access_token: token } = login.json()
    const file = await call(server, 'GET', `${url}/api/v1/mine/1.0.0`, { headers: { token } })
    t.same(file.rawPayload, Buffer.from([0, 255, 10]))
    const [task] = (await call(server, 'GET', `${url}/tasks`, { token })).json()
    const pdf = await call(server, 'GET', `${url}/resources/pdf/${task.url_pdf}`, { token })
    t.match(pdf.rawPayload.toString('latin1'), /^%PDF/)
    const { admin } = state.users.find(({ name }: { name: string }) => name === 'made')
    t.equal(admin, false)
  }
})

test('a task that waits goes on waiting there, and is done', async (t) => {
  const app = await startApp(t)
  const order = { plan: { title: 'Plan' }, author: 'user', date: '2026-01-05T08:00:00.000Z' }
  const id = '01890a5d-ac96-774b-bcce-b302099a8057'
  const task = { id, user: 'user', dmp: id, status: 'pending', timestamp: order.date, order }
  const state = { ...(await stateOf(app)), $tasks: [task] }
  const dataFile = join(t.testdir(), 'state.json')
  await writeFile(dataFile, JSON.stringify(state))
  await put(app, state)
  for (const server of [app, await startApp(t, { dataFile })]) {
    const { access } = await logIn(server)
    t.equal((await ended(server, access, id)).status, 'done')
  }
})

test('nothing of one’s own is lost either: accounts, files and what the file says of collections', async (t) => {
  const data = {
    users: [{ id: 'u', email: 'ada@example.com', password: 'p', admin: true }, { id: 'v' }],
    posts: [{ id: 1, title: 'One' }],
    profile: { name: 'typicode' },
    $collections: { posts: { access: { change: 'admin' } } },
  }
  const { app, send } = await startOwn(t, data)
  const form = new FormData()
  form.set('title', 'Two')
  form.set('file', new Blob(['text'], { type: 'text/plain' }), 'a.txt')
  const request = new Request('http://localhost', { method: 'POST', body: form })
  const headers = {
    host: 'localhost:3000',
    'content-type': `${request.headers.get('content-type')}`,
  }
  const payload = Buffer.from(await request.arrayBuffer())
  const { file } = (await call(app, 'POST', '/~a/posts', { headers, payload })).json()
  t.match(file.url, 'http://localhost:3000/~a/posts/2/files/')
  await send('POST', '/~a/auth/register', { username: 'bob', password: 'secret' })

  const state = await stateOf(app, '/~a')
  t.match(state, {
    users: [{ id: 'u', passwordHash: /^\$argon2id\$/ }, { id: 'v' }, { username: 'bob' }],
    $collections: data.$collections,
    $files: [{ collection: 'posts', record: '2', file_name: 'a.txt', type: 'text/plain' }],
  })
  t.notHas(state.users[1], { passwordHash: String })

  const dataFile = join(t.testdir(), 'state.json')
  await writeFile(dataFile, JSON.stringify(state))
  const other = await startApp(t, { dataFile })
  t.same(await stateOf(other), state)

  const there = { host: 'localhost:4000' }
  const moved = await call(app, 'PUT', `/~b${URL}`, { payload: state, headers: there })
  t.equal(moved.statusCode, 204)
  const { url } = (await send('GET', '/~b/posts/2')).json().file
  t.match(url, 'http://localhost:4000/~b/posts/2/files/')
  for (const [server, path] of [
    [app, url.slice('http://localhost:4000'.length)],
    [other, file.url.slice('http://localhost:3000/~a'.length)],
  ] as const) {
    t.equal((await call(server, 'GET', path)).body, 'text')
  }
  for (const [server, at] of [
    [app, '/~b'],
    [other, ''],
  ] as const) {
    const login = { payload: { username: 'bob', password: 'secret' } }
    t.equal((await call(server, 'POST', `${at}/auth/login`, login)).statusCode, 200)
  }
})

test('it is a state of one moment', async (t) => {
  const { app, send } = await startOwn(t, { posts: [], tags: [] })
  for (let round = 0; round < 20; round++) {
    const [seen] = await Promise.all([stateOf(app), send('POST', '/posts', {})])
    t.ok([round, round + 1].includes(seen.posts.length))
  }
})

test('files can be left out, and have to be where there are too many', async (t) => {
  const app = await startApp(t, { stateLimit: '8KiB' })
  const { access } = await logIn(app)
  await upload(app, access, 'small', '1')
  t.match(await stateOf(app), { $tags: [{ package: 'small' }] })
  const form = new FormData()
  form.set('file', new Blob([Buffer.alloc(9_000)]), 'large.bin')
  await sendForm(app, '/api/v1/large/1', form, access)
  isError(t, await call(app, 'GET', URL), 413, /\?files=none/)
  const { $packages, ...rest } = (await call(app, 'GET', `${URL}?files=none`)).json()
  t.match($packages, [{ name: 'small' }, { name: 'large' }])
  t.notHas(rest, { $tags: [] })
  isError(t, await call(app, 'GET', `${URL}?files=some`), 400)
})

test('tokens stay good of those who are the same, and of nobody else', async (t) => {
  const users = [
    { id: 1, name: 'ann', password: 'a' },
    { id: 2, name: 'bob', password: 'b' },
    { id: 3, name: 'cid', password: 'c' },
  ]
  const app = await startApp(t, { data: { users } })
  const tokens = await Promise.all(
    users.map(async ({ name, password }) => (await logIn(app, name, password)).access),
  )
  const next = [users[0], { id: 2, name: 'eve', password: 'b', admin: true }]
  await put(app, { users: [...next, { id: 3, name: 'cid', password: 'other' }] })
  const use = (token = '') => call(app, 'POST', '/verify-token', { token })
  t.match((await use(tokens[0])).json(), { username: 'ann' })
  isError(t, await use(tokens[1]), 401)
  isError(t, await use(tokens[2]), 401)
  t.ok(await logIn(app, 'cid', 'other'))
  await put(app, await stateOf(app))
  t.equal((await use(tokens[0])).statusCode, 200, 'also where it is a hash')
  t.ok(await logIn(app, 'ann', 'a'))
})

test('plain passwords are taken, also of one who had another', async (t) => {
  const { app, send } = await startOwn(t, { users: [{ id: 1, name: 'ann', password: 'old' }] })
  await send('POST', '/__slipway/snapshots', { name: 's' })
  await put(app, { users: [{ id: 1, name: 'ann', password: 'new' }] })
  const logs = async (password: string) =>
    (await send('POST', '/auth/login', { username: 'ann', password })).statusCode
  t.same([await logs('new'), await logs('old')], [200, 401])
  await send('POST', '/__slipway/snapshots/s/restore')
  t.same([await logs('new'), await logs('old')], [401, 200])
})

test('what the document says of one’s own follows, in this world alone', async (t) => {
  const { app, send } = await startOwn(t, { posts: [{ id: 1, title: 'a' }] })
  await put(app, { posts: [{ id: 'x', views: 1.5 }] }, '/~a')
  const fields = async (url: string) => {
    const { Post } = (await send('GET', `${url}/openapi.json`)).json().components.schemas
    return Object.keys(Post.properties)
  }
  t.same(await fields('/~a'), ['id', 'views'])
  t.same(await fields(''), ['id', 'title'])
  t.equal((await send('POST', '/~a/posts', {})).statusCode, 201)
})

const SHIP = {
  affiliation: 'a',
  category: 'c',
  crew: 1,
  length: 1,
  manufacturer: 'm',
  model: 'm',
  roles: [],
  ship_class: 's',
}
const USER = { name: 'ann', password: 'a' }
const TAG = { id: 1, package: 'p', tag: '1', date_posted: '2026-01-05T08:00:00Z' }
const FILE = { file_name: 'f', type: 'text/plain', content: 'AA==' }
const TASK = { id: '01890a5d-ac96-774b-bcce-b302099a8057', user: 'ann', dmp: 'd' }
const DATE = { timestamp: '2026-01-05T08:00:00Z' }
const PACKAGES = [{ id: 1, name: 'p', user: null }]

test('broken data is 400 with its place, and nothing has changed', async (t) => {
  const app = await startApp(t)
  const before = await stateOf(app)
  const cases: readonly (readonly [object | string, string | RegExp])[] = [
    ['', 'must not be empty'],
    ['{', /JSON/],
    ['{"ships":[{}', /JSON/],
    ['{"ships":[{},]}', /JSON/],
    ['{"ships":[],}', /JSON/],
    ['{"ships" []}', /JSON/],
    ['{"ships":[1 2]}', /JSON/],
    ['{"ships":[}]}', /JSON/],
    ['{"ships":[{]]}', /JSON/],
    ['{"ships":[]} {}', /JSON/],
    ['{"ships":"a}', /JSON/],
    ['{ships:[]}', /JSON/],
    ['{"ships":[{"__proto__":{}}]}', /JSON/],
    ['{"ships":["\\ud800"]}', /Unicode/],
    ['null', 'must be object'],
    ['[]', 'must be object'],
    ['"a"', 'must be object'],
    [{}, 'must not be empty'],
    [{ posts: [] }, '/posts is not known here'],
    [{ ship: [] }, '/ship is not known here; did you mean "ships"?'],
    [{ ships: {} }, '/ships must be array'],
    [{ ships: [SHIP, null] }, '/ships/1 must be object'],
    [{ ships: [{ ...SHIP, crew: 0 }] }, '/ships/0/crew must be >= 1'],
    [{ ships: [{ ...SHIP, colour: 'red' }] }, '/ships/0/colour is not known here'],
    [{ ships: [SHIP, { ...SHIP, id: 1 }] }, '/ships/1 another record has the same id'],
    [{ users: [USER, USER] }, '/users/1 another record has the same username'],
    [{ users: [{ name: 'ann' }] }, '/users/0/password either'],
    [{ users: [{ name: 'ann', passwordHash: 'x' }] }, '/users/0/passwordHash must be a whole'],
    [{ articles: [{ title: 'a', text: 'b', user_id: 9 }] }, '/articles/0/user_id names no user'],
    [{ articles: [{ title: 'a', text: 'b', date_posted: 'now' }] }, '/articles/0/date_posted must'],
    [{ dmps: [{ user: 'nobody' }] }, '/dmps/0/user names no user'],
    [{ $packages: {} }, '/$packages must be array'],
    [{ $packages: [{ id: 0, name: 'p', user: null }] }, '/$packages/0/id must be >= 1'],
    [{ $packages: [{ id: 1, name: 'p', user: 'x' }] }, '/$packages/0/user names no user'],
    [{ $tags: [{ ...TAG, ...FILE }] }, '/$tags/0/package names no package'],
    [{ $packages: PACKAGES, $tags: [{ ...TAG, ...FILE, content: '*' }] }, '/$tags/0/content must'],
    [{ users: [USER], $tasks: [{ ...TASK, ...DATE, status: 'pending' }] }, '/$tasks/0/order'],
    [{ users: [USER], $tasks: [{ ...TASK, ...DATE, status: 'done' }] }, '/$tasks/0/status is done'],
    [{ $files: [{ ...FILE }] }, '/$files/0/collection is missing'],
    [{ $state: [] }, '/$state is not known here'],
  ]
  for (const [data, message] of cases) {
    const response = await put(app, data)
    isError(t, response, 400)
    t.match(response.json().message, message, JSON.stringify(data))
  }
  isError(t, await call(app, 'PUT', URL), 400, /must not be empty/)
  isError(t, await put(app, Buffer.from('{"ships":["\xff"]}', 'latin1')), 400, /Unicode/)
  const long = await put(app, { ['a'.repeat(100_000)]: [] })
  isError(t, long, 400, /\/aaa/)
  t.ok(long.body.length < 5_000, 'of a name that is too long its beginning is told')
  const form = { payload: 'a=b', headers: { 'content-type': 'text/plain' } }
  isError(t, await call(app, 'PUT', URL, form), 415)
  t.same(await stateOf(app), before)
})

/** More than a state can have. */
const NAMES = Array.from({ length: 20_001 }, (_, at) => `name${at}`)

test('so is what is no state of one’s own', async (t) => {
  const data = { users: [{ id: 1, name: 'ann', password: 'a' }], posts: [{ id: 1 }], profile: {} }
  const { app } = await startOwn(t, data)
  const before = await stateOf(app)
  const deep = JSON.parse('['.repeat(150) + ']'.repeat(150))
  for (const [change, message] of [
    [{ profile: undefined }, '/profile is missing'],
    [{ profile: [] }, '/profile must be an object'],
    [{ posts: {} }, '/posts must be a list'],
    [{ posts: [1] }, '/posts/0 is 1; a record is an object'],
    [{ posts: [{ id: 1 }, { id: '1' }] }, '/posts/1/id /posts/0 has this id too'],
    [{ posts: [{ id: null }] }, '/posts/0/id an id is a text or a number'],
    [{ posts: [{ deep }] }, /\/posts\/0\/deep.* must NOT be deeper/],
    [{ posts: [{}, { list: Array(20_001).fill(0) }] }, /\/posts\/1 must NOT have more/],
    [{ posts: [{}, { list: Array(70_000).fill(0) }] }, /\/posts\/1 must NOT have more/],
    [{ users: [{ id: 1, password: 'a' }] }, '/users/0/username is missing'],
    [{ users: [{ id: 1, name: 'a:', password: 'a' }] }, '/users/0/name must'],
    [{ comments: [] }, '/comments is not known here'],
    [{ $collections: { posts: {} } }, '/$collections is what the server has been started with'],
    [{ $files: [{ ...FILE, collection: 'x', record: '1', name: 'a'.repeat(24) }] }, '/$files/0'],
    [{ $packages: [] }, '/$packages is not known here'],
    [Object.fromEntries(NAMES.map((name) => [name, 1])), /is not valid: must NOT have more than/],
  ] as const) {
    const response = await put(app, { ...before, ...change })
    isError(t, response, 400)
    t.match(response.json().message, message)
  }
  t.same(await stateOf(app), before)
})

test('of a schema that the file gives, records have to be', async (t) => {
  const schema = { type: 'object', required: ['title'] }
  const data = { posts: [{ id: 1, title: 'a' }], $collections: { posts: { schema } } }
  const { app } = await startOwn(t, data)
  isError(t, await put(app, { posts: [{ id: 1 }] }), 400, /\/posts\/0\/title is missing/)
  t.equal((await put(app, { posts: [{ id: 2, title: 'b' }] })).statusCode, 204)
})

test('it may be as large as STATE_LIMIT, whatever a body may be otherwise', async (t) => {
  const { app } = await startOwn(t, { posts: [] }, { bodyLimit: '1KiB', stateLimit: '64KiB' })
  const records = (length: number) => ({ posts: [{ id: 1, text: 'x'.repeat(length) }] })
  t.equal((await put(app, records(60_000))).statusCode, 204)
  isError(t, await put(app, records(70_000)), 413)
  const posted = await call(app, 'POST', '/posts', { payload: { text: 'x'.repeat(2_000) } })
  isError(t, posted, 413, undefined)
})

test('a large one lets others have their turns', async (t) => {
  const { app, send } = await startOwn(t, { posts: [] }, { stateLimit: '64MiB', strict: false })
  const posts = Array.from({ length: 500 }, (_, id) => ({
    id,
    title: `Post ${id}`,
    tags: ['a'],
  }))
  turnAtEveryLook(t)
  const { done, turns } = await turnsOf(put(app, JSON.stringify({ posts }, null, 2)))
  t.equal(done.statusCode, 204)
  t.ok(turns > 1000, `${turns} turns`)
  t.same((await send('GET', '/posts/499')).json(), posts[499])
  const wrong = [...posts, { id: 5 }]
  isError(t, await put(app, { posts: wrong }), 400, /\/posts\/500\/id \/posts\/5 has this id too/)
})

test('a fault in a large one of the APIs’ is found where it stands', async (t) => {
  const app = await startApp(t, { strict: false })
  const ships = Array.from({ length: 30_000 }, () => SHIP)
  const wrong = ships.with(25_123, { ...SHIP, crew: -1 })
  isError(t, await put(app, { ships: wrong }), 400, /: \/ships\/25123\/crew must be >= 1\.$/)
  t.equal((await put(app, { ships })).statusCode, 204)
})

test('requests beside it see what was before, or what is after', async (t) => {
  const { app, send } = await startOwn(t, { posts: [{ id: 1 }], tags: [{ id: 1 }] })
  const states = [2, 3, 4].map((count) => {
    const records = Array.from({ length: count }, () => ({}))
    return { posts: records, tags: records }
  })
  for (const state of states) {
    const [answer, ...seen] = await Promise.all([
      put(app, state),
      ...Array.from({ length: 20 }, () => send('GET', '/db')),
    ])
    t.equal(answer.statusCode, 204)
    for (const each of seen) t.equal(each.json().posts.length, each.json().tags.length)
    t.equal((await send('GET', '/posts')).json().length, state.posts.length)
  }
})

test('a read-only server shows it, and takes none', async (t) => {
  const { app, send } = await startOwn(t, { posts: [] }, { readOnly: true })
  t.equal((await send('GET', URL)).statusCode, 200)
  isError(t, await put(app, { posts: [] }), 403, /read-only/)
})

test('what is kept on disk has the password of who is there now, not of who was', async (t) => {
  const data = { users: [{ id: 1, name: 'ann', password: 'first' }] }
  // Without a secret the accounts of a file have one generation.
  const app = await buildApp({ data, apis: 'none', logLevel: 'silent' })
  t.teardown(() => app.close())
  t.same(await app.ownState(), data)
  const { users } = await stateOf(app)
  t.match(users[0].passwordHash, /^\$argon2id\$/)
  const others = [{ id: 1, name: 'bob', password: 'second' }]
  t.equal((await put(app, { users: others })).statusCode, 204)
  const [bob] = Object(await app.ownState()).users
  t.match(bob, { name: 'bob', passwordHash: /^\$argon2id\$/ })
  t.equal(bob.password, undefined)
  await call(app, 'POST', '/__slipway/reset')
  t.same(await app.ownState(), data)
})
