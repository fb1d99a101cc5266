import { readFile } from 'node:fs/promises'
import t, { type Test } from 'tap'
import { DEMO_PASSWORDS } from '../../plugins/exposure.js'
import { SeedError } from '../../seed/errors.js'
import { sourceOf } from '../../seed/read.js'
import { fill } from '../../seed/seed.js'
import { collections, type Store } from '../../store/collections.js'
import { all } from '../../store/lookups.js'
import { MemoryEngine } from '../../store/memory/engine.js'
import { equal } from '../../store/query.js'
import { call, logIn, startApp } from '../fixtures/app.js'

const PUBLIC_ID = 'e9572ee6-4b5e-45e4-a840-58a33b04b8a7'

const ship = {
  affiliation: 'Empire',
  category: 'Starfighters',
  crew: 1,
  length: 7,
  manufacturer: 'Sienar Fleet Systems',
  model: 'TIE/LN Starfighter',
  roles: ['Space Superiority Starfighter'],
  ship_class: 'Starfighter',
}

/** Fills a store from a file. */
async function seed(store: Store, dataFile: string): Promise<Map<number, string>> {
  const { source, data } = await sourceOf({ dataFile })
  return (await fill(store, source, data)).passwords
}

/** Fills a store from a file with this content: text as it is, anything else as JSON. */
async function load(
  t: Test,
  content: unknown,
): Promise<{ store: Store; passwords: Map<number, string> }> {
  const text =
    typeof content === 'string' || Buffer.isBuffer(content) ? content : JSON.stringify(content)
  const folder = t.testdir({ 'data.json': text })
  const store = await new MemoryEngine().open(collections)
  const passwords = await seed(store, `${folder}/data.json`)
  return { store, passwords }
}

t.test("the document's own format is loaded unchanged", async (t) => {
  const { store, passwords } = await load(t, {
    users: [
      { id: 1, name: 'user', password: 'password' },
      { id: 2, name: 'guest', password: 'guest' },
    ],
    ships: [{ id: 1, ...ship }],
  })
  t.match(await store.users.getBy({ username: 'guest' }), {
    id: 2,
    email: null,
    admin: false,
    passwordHash: null,
    publicId: /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-/,
    registeredAt: /^\d{4}-\d\d-\d\dT.*Z$/,
  })
  t.match(await store.ships.get(1), { ...ship, id: 1 })
  t.same(
    [...passwords],
    [
      [1, 'password'],
      [2, 'guest'],
    ],
  )
})

t.test('every part may be absent, ids and dates too', async (t) => {
  t.equal((await (await load(t, {})).store.users.find({ limit: 1000 })).total, 0)
  const { store } = await load(t, { ships: [{ id: 5, ...ship }, ship, { id: 2, ...ship }, ship] })
  const { items } = await store.ships.find({ limit: 1000 })
  t.same(
    items.map(({ id }) => id),
    [2, 5, 6, 7],
  )
})

/** Nobody's password has it. */
const HASH =
  '$argon2id$v=19$m=19456,t=2,p=1$c29tZXNhbHRzb21lc2FsdA$aGFzaGhhc2hoYXNoaGFzaGhhc2hoYXNoaGFzaGhhc2g'

t.test('a user may have all that a user has', async (t) => {
  const passwordHash = HASH
  const { store, passwords } = await load(t, {
    users: [
      {
        username: 'admin',
        passwordHash,
        public_id: 'E9572EE6-4B5E-45E4-A840-58A33B04B8A7',
        email: 'admin@example.com',
        admin: true,
        date_registered: '2020-02-04T06:04:54.627786+02:00',
      },
    ],
  })
  t.match(await store.users.get(1), {
    username: 'admin',
    passwordHash,
    publicId: 'e9572ee6-4b5e-45e4-a840-58a33b04b8a7',
    email: 'admin@example.com',
    admin: true,
    registeredAt: '2020-02-04T04:04:54.627Z',
  })
  t.equal(passwords.size, 0)
})

t.test('articles and templates have the names they have on the wire', async (t) => {
  const { store } = await load(t, {
    users: [{ id: 5, name: 'user', password: 'password' }],
    articles: [
      {
        id: 24,
        title: 'By id',
        text: 'A text',
        user_id: 5,
        'author.username': 'user',
        date_posted: '2020-02-04T03:46:04.264139Z',
      },
      { title: 'By name', text: 'A text', 'author.username': 'user' },
      { title: "Nobody's", text: 'A text', user_id: null, 'author.username': null },
    ],
    templates: [
      {
        id: 27,
        title: 'Test thing',
        url: 'https://i.imgur.com/yYGxFJX.jpeg',
        description: 'Done',
        posted: 'Mon, 12 Oct 2020 04:51:27 GMT',
        username: 'user',
        user_id: 'user',
        approved: true,
      },
      { title: 'By user_id', url: 'http:/test.com', user_id: 'user' },
      { title: "Nobody's", url: 'http:/test.com', description: null, username: null },
    ],
    applications: { someapp: '0b8f4a52-3c35-4a6e-9f5d-0f2a5f1f6f11' },
  })
  t.match((await store.articles.find({ limit: 1000 })).items, [
    { id: 24, userId: 5, postedAt: '2020-02-04T03:46:04.264Z' },
    { id: 25, userId: 5, postedAt: /Z$/ },
    { id: 26, userId: null },
  ])
  t.match((await store.templates.find({ limit: 1000 })).items, [
    { id: 27, userId: 5, postedAt: '2020-10-12T04:51:27.000Z', approved: true },
    { id: 28, userId: 5, description: null, approved: false },
    { id: 29, userId: null },
  ])
  t.match((await store.applications.find({ limit: 1000 })).items, [{ name: 'someapp' }])
})

t.test('projects, their members and plans', async (t) => {
  const { store } = await load(t, {
    users: [{ id: 5, name: 'user', password: 'password' }],
    projects: [{ id: 3, name: 'Harbour survey', description: 'Water' }, { name: 'Other' }],
    memberships: [
      { user_id: 5, project_id: 4 },
      { id: 9, user_id: 5, project_id: 3 },
    ],
    dmps: [
      { id: 'E9572EE6-4B5E-45E4-A840-58A33B04B8A7', user: 'user', title: 'A plan', size: 1 },
      { user: 'user' },
    ],
  })
  const ofUser = equal({ userId: 5 })
  t.match(await all(store.projects), [
    { id: 3, name: 'Harbour survey', description: 'Water' },
    { id: 4, name: 'Other', description: null },
  ])
  t.match(await all(store.memberships, { where: ofUser, sort: [{ path: 'projectId' }] }), [
    { id: 9, projectId: 3 },
    { id: 1, projectId: 4 },
  ])
  const items = await all(store.dmps, { where: ofUser })
  t.match(items, [{ publicId: PUBLIC_ID }, { publicId: /^[0-9a-f]{8}-[0-9a-f]{4}-7/ }])
  t.same(
    items.map(({ content }) => content),
    [{ title: 'A plan', size: 1 }, {}],
  )
})

t.test('a byte order mark is no fault', async (t) => {
  t.equal((await (await load(t, '\uFEFF{"ships": []}')).store.ships.find({ limit: 1000 })).total, 0)
})

t.test('a fault is told with its place', async (t) => {
  const user = { name: 'user', password: 'password' }
  const faults: [unknown, string | RegExp][] = [
    ['', '1:1: not valid JSON: a value is missing here, or the comma before this is one too many'],
    ['{\n  "ships": [}\n}', /^2:13: not valid JSON: a value is missing here/],
    ['{"ships": [],}', /^1:14: not valid JSON: .* the comma before this is one too many$/],
    ['{"ships": [] // all\n}', '1:14: not valid JSON: JSON has no comments'],
    ['{"ships": []', '1:13: not valid JSON: a } is missing here'],
    ['{"ships" []}', '1:10: not valid JSON: a colon is missing before this'],
    ["{'ships': []}", /^1:2: not valid JSON: .* stand in double quotes$/],
    ['{"ships": []} 1', '1:15: not valid JSON: the data has ended before this'],
    ['{"ships": "a\tb"}', /^1:11: not valid JSON: .* that is not escaped$/],
    [Buffer.from([0x22, 0xff, 0x22]), 'not UTF-8 text'],
    [[], 'must be object'],
    [{ starships: [] }, '/starships: is not known here'],
    [{ ships: {} }, '/ships: must be array'],
    [{ ships: [ship, { ...ship, crew: 'one' }] }, '/ships/1/crew: must be integer'],
    [{ ships: [{ ...ship, crew: 0 }] }, '/ships/0/crew: must be >= 1'],
    [{ ships: [{ ...ship, model: undefined }] }, '/ships/0/model: is missing'],
    [{ ships: [{ ...ship, colour: 'grey' }] }, '/ships/0/colour: is not known here'],
    [{ ships: [{ ...ship, id: 0 }] }, '/ships/0/id: must be >= 1'],
    [
      {
        ships: [
          { ...ship, id: 3 },
          { ...ship, id: 3 },
        ],
      },
      '/ships/1: another record has the same id',
    ],
    [{ users: [user, user] }, '/users/1: another record has the same username'],
    [{ users: [{ password: 'password' }] }, '/users/0/name: is missing'],
    [{ users: [{ ...user, username: 'other' }] }, '/users/0/username: differs from name'],
    [
      { users: [{ name: 'user' }] },
      '/users/0/password: either password or passwordHash is needed, and not both',
    ],
    ...['md5', HASH.slice(0, -1), HASH.replace('m=19456', 'm=999999,t=9'), `${HASH.slice(0, -1)}h`]
      .concat(
        HASH.replace('m=19456,t=2,p=1', 'm=999999,t=9,p=1'),
        HASH.replace('c29tZXN', 'c29tZX'),
      )
      .map((passwordHash): [unknown, string] => [
        { users: [{ name: 'user', passwordHash }] },
        '/users/0/passwordHash: must be a whole argon2id hash that a login can wait for',
      ]),
    [{ users: [{ ...user, date_registered: '2020-13-45T00:00:00Z' }] }, /^\/users\/0\/date_regis/],
    [
      { users: [{ ...user, name: 'a:b' }] },
      /^\/users\/0\/name: is not allowed: two characters or more; no colon and no control/,
    ],
    [{ users: [{ ...user, date_registered: '2021-02-29T00:00:00Z' }] }, /^\/users\/0\/date_regis/],
    [{ 'a\nb': [] }, '/a%0Ab: is not known here'],
    ['['.repeat(200_000), 'not valid JSON: nested too deeply'],
    [{ users: [null] }, '/users/0: must be object'],
  ]
  const article = { title: 'A title', text: 'A text' }
  const template = { title: 'A title', url: 'https://example.com/x.png' }
  const users = [{ id: 1, ...user }]
  faults.push(
    [{ articles: [{ text: 'A text' }] }, '/articles/0/title: is missing'],
    [{ articles: [{ ...article, title: '' }] }, '/articles/0/title: must not be empty'],
    [{ articles: [{ ...article, user_id: 9 }] }, '/articles/0/user_id: names no user'],
    [
      {
        users: [...users, { name: 'other', password: 'password' }],
        articles: [{ ...article, user_id: 1, 'author.username': 'other' }],
      },
      '/articles/0/author.username: is not the name of the user in user_id',
    ],
    [
      { articles: [article, { ...article, 'author.username': 'nobody' }] },
      '/articles/1/author.username: names no user',
    ],
    [
      { articles: [{ ...article, date_posted: 'today' }] },
      '/articles/0/date_posted: must be a date such as 2026-01-31T12:00:00Z',
    ],
    [
      { templates: [{ ...template, url: 'x' }] },
      /^\/templates\/0\/url: is not allowed: a picture's address/,
    ],
    [{ templates: [{ ...template, username: 'nobody' }] }, '/templates/0/username: names no user'],
    [{ templates: [{ ...template, user_id: 'nobody' }] }, '/templates/0/user_id: names no user'],
    [
      { users, templates: [{ ...template, username: 'user', user_id: 'other' }] },
      '/templates/0/user_id: differs from username',
    ],
    [
      { templates: [{ ...template, posted: 'Mon, 13 Oct 2020 04:51:27 GMT' }] },
      '/templates/0/posted: must be a date such as 2026-01-31T12:00:00Z',
    ],
    [{ templates: [{ ...template, approved: 'yes' }] }, '/templates/0/approved: must be boolean'],
    [
      { users, articles: [{ ...article, user_id: null, 'author.username': 'user' }] },
      '/articles/0/author.username: is not the name of the user in user_id',
    ],
    [
      { users, articles: [{ ...article, user_id: 1, 'author.username': null }] },
      '/articles/0/author.username: is not the name of the user in user_id',
    ],
    [
      { articles: [{ ...article, date_posted: '9999-12-31T23:59:59-23:59' }] },
      '/articles/0/date_posted: must be a date such as 2026-01-31T12:00:00Z',
    ],
    [
      { articles: [{ ...article, date_posted: '0000-01-01T00:00:00+01:00' }] },
      '/articles/0/date_posted: must be a date such as 2026-01-31T12:00:00Z',
    ],
    [
      { templates: [{ ...template, posted: 'Sat, 01 Jan 10000 00:00:00 GMT' }] },
      '/templates/0/posted: must be a date such as 2026-01-31T12:00:00Z',
    ],
    [
      { users: [{ ...user, public_id: '-'.repeat(36) }] },
      /^\/users\/0\/public_id: must match pattern/,
    ],
    [
      {
        users: ['a', 'b'].map((name) => ({
          ...user,
          name: `${name}${name}`,
          public_id: PUBLIC_ID,
        })),
      },
      '/users/1: another record has the same public_id',
    ],
    [
      { projects: [{ name: 'Twice' }, { name: 'Twice' }] },
      '/projects/1: another record has the same name',
    ],
    [{ projects: [{ name: '' }] }, '/projects/0/name: must not be empty'],
    [
      { users, projects: [{ name: 'One' }], memberships: [{ user_id: 1, project_id: 2 }] },
      '/memberships/0/project_id: names no project',
    ],
    [
      { projects: [{ name: 'One' }], memberships: [{ user_id: 1, project_id: 1 }] },
      '/memberships/0/user_id: names no user',
    ],
    [
      {
        users,
        projects: [{ name: 'One' }],
        memberships: Array(2).fill({ user_id: 1, project_id: 1 }),
      },
      '/memberships/1: another record has the same user_id, project_id',
    ],
    [{ dmps: [{ title: "Nobody's" }] }, '/dmps/0/user: is missing'],
    [{ dmps: [{ user: 'nobody' }] }, '/dmps/0/user: names no user'],
    [
      { users, dmps: Array(2).fill({ id: PUBLIC_ID, user: 'user' }) },
      "/dmps/1/id: is another record's",
    ],
    [
      `{"users":[{"name":"user","password":"p"}],"dmps":[{"user":"user","a":{"b/c":1e999}}]}`,
      '/dmps/0/a/b~1c: must be a number that JSON can be written with',
    ],
    [{ applications: { 'a\nb': 5 } }, '/applications/a%0Ab: must be string'],
    [{ applications: {} }, '/applications: must not be empty'],
    [{ applications: { app: 'short' } }, /^\/applications\/app: must match/],
    [
      { applications: { 'a/b': 'same-token', other: 'same-token' } },
      '/applications/other: another record has the same token',
    ],
  )
  for (const [content, expected] of faults) {
    await t.test(String(expected), async (t) => {
      const error = await load(t, content).catch((error) => error)
      t.type(error, SeedError)
      const [, file, place, fault] = /^(.*data\.json)(:\d+:\d+)?: (.*)$/.exec(error.message) ?? []
      t.match(file, /\//, 'the file comes first')
      const isSyntax = fault?.startsWith('not valid JSON')
      t.match(isSyntax && place ? `${place.slice(1)}: ${fault}` : fault, expected)
      t.equal(error.faults.length, 1)
    })
  }
})

/** What is said of a file with this content, without the file's name. */
async function faultsOf(t: Test, content: unknown): Promise<string[]> {
  const error = await load(t, content).catch((error) => error)
  if (!(error instanceof SeedError)) throw error
  t.equal(error.message, error.lines.join('\n'))
  return error.lines.map((line) => line.replace(/^.*data\.json:/, ''))
}

t.test('all faults are told at once, each with its line and column', async (t) => {
  const text = `{
  "users": [
    { "name": "ada", "pasword": "x" },
    { "name": "bob", "password": "x" },
    { "id": 7, "name": "bob", "password": "x" }
  ],
  "articels": [],
  "articles": [
    { "title": "", "text": "x" },
    { "title": "By one whom a fault kept out", "text": "x", "author.username": "ada" },
    { "title": "By nobody", "text": "x",
      "author.username": "bobb" },
    { "title": "By another who was kept out", "text": "x", "user_id": 7 }
  ],
  "dmps": [{ "user": "bob", "size": [1, 1e999] }]
}`
  t.same(await faultsOf(t, text), [
    '7:3: /articels: is not known here',
    '3:22: /users/0/pasword: is not known here; did you mean "password"?',
    '9:16: /articles/0/title: must not be empty',
    '5:5: /users/2: another record has the same username',
    '12:26: /articles/2/author.username: names no user; did you mean "bob"?',
    '15:41: /dmps/0/size/1: must be a number that JSON can be written with',
  ])
})

t.test('a missing comma does not hide the next', async (t) => {
  t.same(await faultsOf(t, '{"users": []\n"ships": []\n\n  "dmps": [,] x}'), [
    '2:1: not valid JSON: a comma is missing before this',
    '4:3: not valid JSON: a comma is missing before this',
    '4:12: not valid JSON: a value is missing here, or the comma before this is one too many',
  ])
})

t.test('of many faults the first twenty are told, and how many more there are', async (t) => {
  const lines = await faultsOf(t, {
    ships: Array.from({ length: 50 }, () => ({ ...ship, crew: 0 })),
  })
  t.equal(lines.length, 21)
  t.match(lines[20], ' and 30 more')
})

t.test('a name that is nothing like another is not guessed', async (t) => {
  t.same(await faultsOf(t, { ships: [{ ...ship, colour: 1 }], xy: [] }), [
    '1:230: /xy: is not known here',
    '1:217: /ships/0/colour: is not known here',
  ])
  t.same(await faultsOf(t, { shps: [] }), ['1:2: /shps: is not known here; did you mean "ships"?'])
})

t.test('data that a program hands over is checked as a file is, and left alone', async (t) => {
  const data = { ships: [{ ...ship, roles: ['one'] }], users: [{ name: 'me', password: 'mine' }] }
  const app = await startApp(t, { data })
  t.match((await call(app, 'GET', '/api/ships')).json(), [{ id: 1, roles: ['one'] }])
  data.ships[0]?.roles.push('two')
  t.match((await call(app, 'GET', '/api/ships/1')).json().roles, ['one'])
  await t.rejects(startApp(t, { data: { ships: [{ ...ship, crew: 0 }] } }), {
    name: 'SeedError',
    message:
      'data: /ships/0/crew: must be >= 1\ndata: if these are collections of your own, start with --apis none',
  })
  const cyclic = { ships: [{}] }
  Object.assign(cyclic, { self: cyclic })
  await t.rejects(startApp(t, { data: cyclic }), {
    name: 'SeedError',
    message: /^data: can't be written as JSON \(Converting circular/,
  })
})

t.test('a file that is not there is told', async (t) => {
  const folder = t.testdir({})
  const store = await new MemoryEngine().open(collections)
  await t.rejects(seed(store, `${folder}/none.json`), /none\.json: can't be read \(no such file\)/)
  await t.rejects(seed(store, folder), /can't be read \(EISDIR\)/)
})

t.test('the data file that is shipped is as the contract has it', async (t) => {
  const text = await readFile(new URL('../../data.json', import.meta.url), 'utf8')
  const { store, passwords } = await load(t, text)
  t.same([...passwords.values()], [...DEMO_PASSWORDS.values()])
  t.equal((await store.ships.find({ limit: 1000 })).total, 15)
  t.ok((await store.articles.find({ limit: 1000 })).total > 10, 'more than one page')
  t.ok((await store.templates.find({ limit: 1000 })).total > 3)
})

t.test('the addresses that the shipped articles name are there', async (t) => {
  const app = await startApp(t)
  const { items } = await app.store.articles.find({ limit: 1000 })
  const texts = items.map(({ text }) => text).join('\n')
  const paths = texts.match(/(?<![\w.])\/[\w/?=]*\w/g) ?? []
  t.ok(paths.length > 10)
  const { access: token } = await logIn(app)
  for (const path of new Set(paths)) {
    const isRead = !/^\/(auth\/|articles\/\d+\/edit)/.test(path)
    const { statusCode } = await call(app, isRead ? 'GET' : 'OPTIONS', path, { token })
    t.equal(statusCode, isRead ? 200 : 204, path)
  }
})
