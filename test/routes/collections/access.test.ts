import t from 'tap'
import { startOwn, startWithAccounts, status } from '../../fixtures/accounts.js'
import { call, isError, logIn, startApp } from '../../fixtures/app.js'
import { openFeed } from '../../fixtures/feed.js'

const owned = () => ({
  posts: [
    { id: 1, title: 'of Ann', userId: 'ann' },
    { id: 2, title: 'of Bob', userId: 3 },
    { id: 3, title: 'of Ann too', userId: 'ann' },
  ],
  comments: [
    { id: 1, postId: 1, text: 'first' },
    { id: 2, postId: 2, text: 'second' },
  ],
  $collections: {
    posts: { access: { read: 'owner', create: 'user', change: 'owner' }, owner: 'userId' },
  },
})

t.test('who has no token gets nothing of what only owners may read', async (t) => {
  const { app } = await startWithAccounts(t, owned())
  for (const url of ['/posts', '/posts/1', '/posts?_page=1', '/users/ann/posts']) {
    isError(t, await call(app, 'GET', url), 401, /A token is needed/)
    t.equal(await status(app, 'HEAD', url), 401, `HEAD ${url}`)
  }
  t.equal(await status(app, 'POST', '/posts', undefined, { title: 'x' }), 401)
  t.equal(await status(app, 'PATCH', '/posts/1', undefined, { title: 'x' }), 401)
  t.equal(await status(app, 'DELETE', '/posts/1'), 401)
  t.notOk('posts' in (await call(app, 'GET', '/db')).json())
  t.notMatch((await call(app, 'GET', '/users?_embed=posts')).body, /of Ann/)
  t.notMatch((await call(app, 'GET', '/comments?_expand=post')).body, /of Ann/)
})

t.test("lists and what is put into records show one's own alone", async (t) => {
  const { app, ann, bob, root } = await startWithAccounts(t, owned())
  const titles = async (url: string, token: string) =>
    [...(await call(app, 'GET', url, { token })).body.matchAll(/of \w+/g)].join()
  for (const url of [
    '/posts',
    '/posts?q=of',
    '/posts?userId=ann',
    '/posts?title_like=Ann|Bob&_sort=title&_order=desc',
    '/db',
    '/users?_embed=posts',
    '/users/3?_embed=posts',
    '/users/3/posts',
    '/comments?_expand=post',
    '/comments?_embed=post',
    '/comments/2?_expand=post',
    '/posts?_page=1&_per_page=10',
  ]) {
    t.notMatch(await titles(url, ann), /Bob/, url)
    t.notMatch(await titles(url, bob), /Ann/, url)
  }
  t.equal(await titles('/posts', ann), 'of Ann,of Ann')
  t.equal(await titles('/posts', root), 'of Ann,of Bob,of Ann', 'an admin may see all')
  t.match(await titles('/db', root), /Bob/)
  const page = await call(app, 'GET', '/posts?_page=1&_limit=1', { token: ann })
  t.equal(String(page.headers['x-total-count']), '2', 'others do not count')
  t.match(page.headers.link, /_page=2/)
  t.notMatch(page.headers.link, /_page=3/)
  const envelope = await call(app, 'GET', '/posts?_page=9&_per_page=1', { token: bob })
  t.match(envelope.json(), { items: 1, pages: 1, data: [{ id: 2 }] })
})

t.test("others' records are as if they were not there", async (t) => {
  const { app, ann, bob } = await startWithAccounts(t, owned())
  const theirs = await call(app, 'GET', '/posts/2', { token: bob })
  const none = await call(app, 'GET', '/posts/99', { token: ann })
  const other = await call(app, 'GET', '/posts/2', { token: ann })
  isError(t, other, 404)
  t.equal(other.body.replace('2.', '99.'), none.body, 'no different than what is not there')
  t.notOk(other.headers.etag)
  t.equal(await status(app, 'HEAD', '/posts/2', ann), 404)
  for (const etag of [String(theirs.headers.etag), '*']) {
    const guess = await call(app, 'GET', '/posts/2', {
      token: ann,
      headers: { 'if-none-match': etag },
    })
    t.equal(guess.statusCode, 404, `If-None-Match: ${etag}`)
  }
  const nested = { token: ann, payload: { text: 'x' } }
  isError(t, await call(app, 'POST', '/posts/2/comments', nested), 404)
  isError(t, await call(app, 'POST', '/posts/2/comments', { payload: { text: 'x' } }), 404)
  t.equal((await call(app, 'POST', '/posts/1/comments', nested)).statusCode, 201)
})

t.test("others' records can't be changed", async (t) => {
  const { app, ann, bob, root } = await startWithAccounts(t, owned())
  const theirs = await call(app, 'GET', '/posts/2', { token: bob })
  const payload = { title: 'taken over' }
  for (const method of ['PUT', 'PATCH', 'DELETE']) {
    const headers = { 'if-match': String(theirs.headers.etag) }
    const body = method === 'DELETE' ? {} : { payload }
    isError(t, await call(app, method, '/posts/2', { token: ann, ...body }), 403, /of your own/)
    isError(t, await call(app, method, '/posts/2', { token: ann, headers, ...body }), 403)
    isError(t, await call(app, method, '/posts/99', { token: ann, ...body }), 404)
  }
  t.same((await call(app, 'GET', '/posts/2', { token: bob })).json(), theirs.json())
  t.equal(await status(app, 'PATCH', '/posts/2', root, payload), 200, 'an admin can')
  t.equal(await status(app, 'DELETE', '/posts/2', bob), 200, 'and so can its owner')
})

t.test('the server says whose a record is', async (t) => {
  const { app, ann, bob, root } = await startWithAccounts(t, owned())
  const create = async (url: string, payload: object) =>
    (await call(app, 'POST', url, { token: ann, payload })).json()
  t.match(await create('/posts', { title: 'x', userId: 3 }), { userId: 'ann' })
  t.match(await create('/posts', [{ userId: 3 }, {}]), [{ userId: 'ann' }, { userId: 'ann' }])
  t.match(await create('/users/3/posts', { title: 'x' }), { userId: 'ann' })
  const userId = async (method: string, payload: object, headers = {}, token = ann) => {
    const text = JSON.stringify(payload)
    const json = { 'content-type': 'application/json', ...headers }
    const response = await call(app, method, '/posts/1', { token, payload: text, headers: json })
    return response.json().userId
  }
  const merge = { 'content-type': 'application/merge-patch+json' }
  t.equal(await userId('PUT', { title: 'y', userId: 3 }), 'ann')
  t.equal(await userId('PUT', { title: 'y' }), 'ann')
  t.equal(await userId('PATCH', { userId: 3 }), 'ann')
  t.equal(await userId('PATCH', { userId: null }, merge), 'ann')
  t.equal(await userId('PATCH', { userId: 3 }, merge), 'ann')
  t.equal(await userId('PUT', { title: 'z' }, {}, root), 'ann', 'a PUT by an admin keeps it')
  t.equal(await userId('PATCH', { userId: 3 }, {}, root), 3, 'an admin can give it away')
  t.equal(await status(app, 'GET', '/posts/1', bob), 200)
})

t.test('nobody claims what belongs to nobody', async (t) => {
  const { app, bob } = await startWithAccounts(t, {
    posts: [{ id: 1, title: 'of nobody' }],
    notes: [{ id: 1, userId: 3 }],
    $collections: {
      posts: { owner: 'userId' },
      notes: { access: { change: 'owner' }, owner: 'userId' },
    },
  })
  const claimed = await call(app, 'PATCH', '/posts/1', { payload: { userId: 3 }, token: bob })
  t.same(claimed.json(), { id: 1, title: 'of nobody' })
  const open = await call(app, 'POST', '/posts', { payload: { userId: 3 } })
  t.match(open.json(), { userId: 3 }, 'where it decides nothing, it is a field like others')
  const note = await call(app, 'POST', '/notes', { payload: { userId: 3 } })
  t.notOk('userId' in note.json(), "where it decides, nobody says that a record is another's")
})

t.test('what is for admins', async (t) => {
  const { app, ann, root } = await startWithAccounts(t, {
    keys: [{ id: 1, userId: 'ann', text: 'the vault' }],
    $collections: { keys: { access: { read: 'admin' } } },
  })
  isError(t, await call(app, 'GET', '/keys'), 401)
  isError(t, await call(app, 'GET', '/keys', { token: ann }), 403, 'Only an admin can do this.')
  isError(t, await call(app, 'GET', '/users/ann/keys', { token: ann }), 403)
  t.notMatch((await call(app, 'GET', '/users?_embed=keys', { token: ann })).body, /the vault/)
  t.notMatch((await call(app, 'GET', '/db', { token: ann })).body, /the vault/)
  t.equal((await call(app, 'GET', '/keys', { token: root })).json().length, 1)
  for (const method of ['PUT', 'PATCH', 'DELETE']) {
    const body = method === 'DELETE' ? {} : { payload: { text: 'y' } }
    isError(t, await call(app, method, '/keys/1', body), 401)
    isError(t, await call(app, method, '/keys/1', { token: ann, ...body }), 403)
  }
  t.equal(await status(app, 'POST', '/keys', undefined, { text: 'z' }), 201, 'create is as said')
})

t.test('the document shows no record that not everybody may read', async (t) => {
  const { app } = await startWithAccounts(t, {
    keys: [
      {
        id: 7,
        text: 'the vault',
        at: '2020-02-02',
        size: 2.5,
        ok: false,
        tags: ['t1'],
        by: { it: null },
      },
    ],
    cards: [{ id: 'card 7', pin: '7788' }],
    $collections: {
      keys: { access: { read: 'admin' } },
      cards: {
        access: { read: 'user' },
        schema: {
          type: 'object',
          properties: { pin: { type: 'string', pattern: '^[0-9]{4}$' } },
          required: ['pin'],
        },
      },
    },
  })
  const document = (await call(app, 'GET', '/openapi.json')).json()
  const { Key, Card, CardInput } = document.components.schemas
  t.same(Key.examples, [
    {
      id: 1,
      text: 'text',
      at: '2026-01-05',
      size: 1.5,
      ok: true,
      tags: ['text'],
      by: { it: null },
    },
  ])
  t.same([Card.examples, CardInput.examples], [undefined, undefined])
  t.notMatch(JSON.stringify(document), /the vault|7788|2020-02-02|card 7/)
})

t.test('the document says who may', async (t) => {
  const { app } = await startWithAccounts(t, owned())
  const { paths } = (await call(app, 'GET', '/openapi.json')).json()
  const needed = (path: string, method: string) =>
    (paths[path][method].security ?? []).map((each: object) => Object.keys(each).join()).join()
  t.equal(needed('/posts', 'get'), 'accessBearer,oauth2')
  t.equal(
    needed('/users', 'get'),
    'accessBearer,oauth2,',
    'posts can be put in, for who may see them',
  )
  t.equal(needed('/db', 'get'), 'accessBearer,oauth2,')
  t.equal(needed('/comments', 'post'), '')
  t.equal(needed('/users', 'post'), 'accessBearer,oauth2,')
  t.hasProps(paths['/posts/{id}'].patch.responses, ['401', '403', '404', '412'])
  t.notOk('userId' in paths['/posts'].post.responses)
})

t.test('a token that is no good does not keep anybody from what is open', async (t) => {
  const { app } = await startWithAccounts(t, { posts: [{ id: 1 }] })
  t.equal(await status(app, 'GET', '/posts', 'none'), 200)
  t.equal(await status(app, 'GET', '/users', 'none'), 200)
  t.equal(await status(app, 'POST', '/posts', 'none', {}), 201)
})

t.test('users who see themselves alone', async (t) => {
  const { app, ann, bob, root } = await startWithAccounts(t, {
    $collections: {
      users: { access: { read: 'owner', create: 'anyone', change: 'owner' }, owner: 'id' },
    },
  })
  t.same((await call(app, 'GET', '/users', { token: ann })).json().length, 1)
  t.equal(await status(app, 'GET', '/users/ann', ann), 200)
  t.equal(await status(app, 'GET', '/users/ann', bob), 404)
  t.equal(await status(app, 'PATCH', '/users/ann', bob, { name: 'x' }), 403)
  t.equal(await status(app, 'PATCH', '/users/4', bob, { name: 'x' }), 403)
  t.equal(await status(app, 'POST', '/users', root, { username: 'new', password: 'x' }), 201)
  t.equal(await status(app, 'POST', '/users', undefined, { id: 9, name: 'x' }), 201)
})

t.test("a single resource is for users or admins, and nobody's own", async (t) => {
  const { app, ann, root } = await startWithAccounts(t, {
    settings: { theme: 'dark' },
    keys: { pin: 7788 },
    $collections: {
      settings: { access: { change: 'admin' } },
      keys: { access: { read: 'user' } },
    },
  })
  t.equal(await status(app, 'GET', '/settings'), 200)
  isError(t, await call(app, 'PATCH', '/settings', { payload: { theme: 'x' } }), 401)
  isError(t, await call(app, 'PUT', '/settings', { payload: {}, token: ann }), 403)
  t.equal(await status(app, 'PATCH', '/settings', root, { theme: 'x' }), 200)
  for (const method of ['GET', 'PUT', 'PATCH', 'POST']) {
    t.equal(await status(app, method, '/keys', undefined, method === 'GET' ? undefined : {}), 401)
  }
  t.equal(await status(app, 'GET', '/keys', ann), 200)
  t.notMatch((await call(app, 'GET', '/db')).body, /7788/)
  t.notMatch((await call(app, 'GET', '/openapi.json')).body, /7788/)
  const data = {
    settings: {},
    $collections: { settings: { access: { change: 'owner' }, owner: 'userId' } },
  }
  await t.rejects(startOwn(t, data), {
    message: /settings\/access\/change: "owner" is for collections.*settings\/owner: is for/s,
  })
})

t.test('feeds show no more than lists', async (t) => {
  const { app, ann, bob, root } = await startWithAccounts(t, owned())
  t.equal(await status(app, 'GET', '/posts'), 401)
  const url = `${await app.listen({ host: '127.0.0.1', port: 0 })}/posts`
  const feed = await openFeed(t, url, ann)
  const users = await openFeed(t, `${url.replace('posts', 'users')}?password:eq=x`)
  await status(app, 'POST', '/posts', bob, { title: 'of Bob' })
  await status(app, 'PATCH', '/posts/2', bob, { title: 'x' })
  await status(app, 'PATCH', '/posts/1', ann, { title: 'y' })
  t.match(await feed.next(), { event: 'updated', data: { id: 1, title: 'y' } })
  await status(app, 'PATCH', '/users/4', undefined, { name: 'x' })
  await status(app, 'PATCH', '/users/ann', ann, { password: 'another' })
  await status(app, 'PATCH', '/posts/1', root, { title: 'z' })
  t.equal(await feed.next(), undefined, 'a token that is no good any more ends it')
  await app.close()
  t.equal(await users.next(), undefined, 'nobody is found by a password here either')
})

t.test('an owner under a schema that wants one', async (t) => {
  const schema = {
    type: 'object',
    properties: { userId: { type: ['string', 'integer'] }, title: { type: 'string' } },
    required: ['userId', 'title'],
  }
  const { app, ann } = await startWithAccounts(t, {
    posts: [{ id: 1, title: 'x', userId: 'ann' }],
    $collections: { posts: { schema, access: { create: 'user' }, owner: 'userId' } },
  })
  const { components } = (await call(app, 'GET', '/openapi.json')).json()
  t.same(components.schemas.PostInput.required, ['title'])
  t.equal(await status(app, 'POST', '/posts', ann, { title: 'y' }), 201)
  t.equal(await status(app, 'PUT', '/posts/1', ann, { title: 'y' }), 200)
  t.equal(await status(app, 'PUT', '/posts/1', ann, {}), 400)
})

t.test("fleet's users, and collections of one's own", async (t) => {
  const app = await startApp(t, {
    apis: ['fleet'],
    data: {
      users: [
        { id: 5, username: 'ann', password: "ann's password" },
        { id: 6, username: 'bob', password: "bob's password" },
      ],
      posts: [{ id: 1, userId: 6 }],
      $collections: { posts: { access: { read: 'owner', change: 'owner' }, owner: 'userId' } },
    },
  })
  const { access: ann } = await logIn(app, 'ann', "ann's password")
  t.same((await call(app, 'GET', '/posts', { token: ann })).json(), [])
  const made = await call(app, 'POST', '/posts', { token: ann, payload: { userId: 6 } })
  t.match(made.json(), { id: 2, userId: 5 })
  t.equal(await status(app, 'DELETE', '/posts/1', ann), 403)
})
