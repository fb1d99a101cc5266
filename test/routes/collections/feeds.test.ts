import { once } from 'node:events'
import { connect } from 'node:net'
import Fastify from 'fastify'
import t, { type Test } from 'tap'
import type { Options } from '../../../config.js'
import { EventStreams } from '../../../plugins/http/event-stream.js'
import { call, isError, logIn, startApp } from '../../fixtures/app.js'
import { openFeed } from '../../fixtures/feed.js'
import { openConnection, until } from '../../fixtures/multipart.js'
import { needsMemory } from '../../fixtures/on-database.js'

const POSTS = [
  { id: 1, title: 'One', author: 'ann' },
  { id: 2, title: 'Two', author: 'bob' },
]
const COMMENTS = [
  { id: 1, text: 'First', postId: 1 },
  { id: 2, text: 'Second', postId: 1 },
]
const DATA = { posts: POSTS, comments: COMMENTS, profile: { name: 'blog' } }
const NEEDS_MEMORY = { skip: needsMemory() }

const USERS = [
  { id: 1, username: 'ann', password: 'password' },
  { id: 2, username: 'bob', password: 'password' },
  { id: 3, username: 'root', password: 'password', admin: true },
]

async function start(t: Test, data: object = DATA, options: Options = {}) {
  const app = await startApp(t, { data, ...options })
  const url = await app.listen({ host: '127.0.0.1', port: 0 })
  const write = (method: string, path: string, payload?: object, token?: string) =>
    call(app, method, path, {
      ...(payload ? { payload } : {}),
      ...(token === undefined ? {} : { token }),
    })
  return { app, url, write }
}

t.test('a feed tells what happens to a collection, in its order, from now on', async (t) => {
  const { app, url, write } = await start(t)
  const feed = await openFeed(t, `${url}/posts`)
  t.equal(feed.response.status, 200)
  t.equal(feed.response.headers.get('content-type'), 'text/event-stream')
  t.equal(feed.response.headers.get('cache-control'), 'no-store')
  t.equal(feed.response.headers.get('access-control-allow-origin'), '*')
  t.equal(feed.response.headers.get('content-encoding'), null)
  t.equal(feed.response.headers.get('etag'), null)
  await write('POST', '/posts', { title: 'Three\nlines', author: 'ann' })
  await write('PATCH', '/posts/1', { title: 'Uno' })
  await write('PUT', '/posts/2', { title: 'Dos' })
  await write('DELETE', '/posts/3')
  t.same(await feed.next(), {
    event: 'created',
    data: { id: 3, title: 'Three\nlines', author: 'ann' },
  })
  t.same(await feed.next(), { event: 'updated', data: { id: 1, title: 'Uno', author: 'ann' } })
  t.same(await feed.next(), { event: 'updated', data: { id: 2, title: 'Dos' } })
  t.match(await feed.next(), { event: 'deleted', data: { id: 3 } })
  t.equal(app.eventStreams.size, 1)
  feed.leave()
  await until('the feed is closed', () => app.eventStreams.size === 0)
})

t.test('what a deletion takes along is told, and what a refusal left is not', async (t) => {
  const { url, write } = await start(t)
  const feed = await openFeed(t, `${url}/comments`)
  t.equal((await write('POST', '/comments', [{ id: 8 }, { id: 1 }])).statusCode, 409)
  await write('DELETE', '/posts/1')
  t.same(await feed.next(), { event: 'deleted', data: COMMENTS[0] })
  t.same(await feed.next(), { event: 'deleted', data: COMMENTS[1] })
})

t.test('a filter makes a feed of those that it finds, as they come and go', async (t) => {
  const { url, write } = await start(t)
  const feed = await openFeed(t, `${url}/posts?author=ann&_sort=title&_page=7&_embed=comments&x=y`)
  await write('PATCH', '/posts/2', { title: 'Bobs' })
  await write('PATCH', '/posts/2', { author: 'ann' })
  await write('PATCH', '/posts/2', { title: 'Anns' })
  await write('PATCH', '/posts/2', { title: 'Not hers', author: 'bob' })
  await write('DELETE', '/posts/2')
  await write('DELETE', '/posts/1')
  t.same(await feed.next(), { event: 'created', data: { id: 2, title: 'Bobs', author: 'ann' } })
  t.same(await feed.next(), { event: 'updated', data: { id: 2, title: 'Anns', author: 'ann' } })
  t.same(
    await feed.next(),
    { event: 'deleted', data: { id: 2, title: 'Anns', author: 'ann' } },
    'as it was when it left',
  )
  t.match(await feed.next(), { event: 'deleted', data: { id: 1 } })
})

t.test('a filter on a field that comes to be known is one from then on', async (t) => {
  const { url, write } = await start(t)
  const feed = await openFeed(t, `${url}/posts?likes_gte=5`)
  await write('PATCH', '/posts/1', { likes: 1 })
  await write('POST', '/posts', { likes: 1 })
  await write('POST', '/posts', { likes: 7 })
  t.match(await feed.next(), { event: 'created', data: { likes: 7 } })
})

t.test('the feed of a record ends with its deletion', async (t) => {
  const { app, url, write } = await start(t)
  const feed = await openFeed(t, `${url}/posts/1`)
  await write('PATCH', '/posts/2', { title: 'Another' })
  await write('PATCH', '/posts/1', { title: 'Uno' })
  await write('DELETE', '/posts/1')
  await write('POST', '/posts', { id: 1, title: 'Another of the same id' })
  t.match(await feed.next(), { event: 'updated', data: { title: 'Uno' } })
  t.match(await feed.next(), { event: 'deleted', data: { title: 'Uno' } })
  t.equal(await feed.next(), undefined)
  await until('the feed is closed', () => app.eventStreams.size === 0)
  const { status } = (await openFeed(t, `${url}/posts/99`)).response
  t.equal(status, 404)
})

t.test('the children of a record, and a single resource, have feeds too', async (t) => {
  const { url, write } = await start(t)
  const children = await openFeed(t, `${url}/posts/1/comments`)
  const profile = await openFeed(t, `${url}/profile`)
  await write('POST', '/posts/2/comments', { text: 'Elsewhere' })
  await write('POST', '/posts/1/comments', { text: 'Here' })
  await write('PATCH', '/profile', { name: 'diary' })
  t.match(await children.next(), { event: 'created', data: { text: 'Here', postId: 1 } })
  t.same(await profile.next(), { event: 'updated', data: { name: 'diary' } })
})

t.test('JSON is the answer where it is as welcome, and a HEAD has no feed', async (t) => {
  const { app, url } = await start(t)
  for (const accept of [
    '*/*',
    'application/json, text/event-stream',
    'text/event-stream;q=0.5, application/json;q=0.9',
    'text/event-stream;q=0, */*',
    'text/event-streams',
    'text/event-stream;q=x',
  ]) {
    const response = await call(app, 'GET', '/posts', { headers: { accept } })
    t.match(response.headers['content-type'], /^application\/json/, accept)
  }
  const events = await openFeed(t, `${url}/posts?_like=%28`)
  t.equal(events.response.status, 200)
  events.leave()
  for (const path of ['/posts', '/posts/1', '/profile']) {
    const head = await call(app, 'HEAD', path, {
      headers: { accept: 'application/json;q=0.9, Text/Event-Stream' },
    })
    t.equal(head.statusCode, 200, path)
    t.equal(head.headers['content-type'], 'text/event-stream')
    t.equal(head.body, '')
  }
  await until('no feed is open', () => app.eventStreams.size === 0)
})

const NOTES = {
  users: USERS,
  notes: [
    { id: 1, text: "ann's", userId: 1 },
    { id: 2, text: "bob's", userId: 2 },
  ],
  $collections: {
    notes: { access: { read: 'owner', create: 'user', change: 'owner' }, owner: 'userId' },
  },
}

t.test('a feed shows what its client may read, and for as long as that may', async (t) => {
  const { app, url, write } = await start(t, NOTES)
  const { access: ann } = await logIn(app, 'ann')
  const { access: root } = await logIn(app, 'root')
  t.equal((await openFeed(t, `${url}/notes`)).response.status, 401)
  t.equal((await openFeed(t, `${url}/notes`, 'no token')).response.status, 401)
  t.equal((await openFeed(t, `${url}/notes/2`, ann)).response.status, 404)

  const hers = await openFeed(t, `${url}/notes`, ann)
  const all = await openFeed(t, `${url}/notes`, root)
  await write('PATCH', '/notes/2', { text: 'changed' }, root)
  await write('PATCH', '/notes/1', { text: 'hers still' }, ann)
  await write('PATCH', '/notes/1', { text: 'a secret', userId: 2 }, root)
  t.match(await all.next(), { event: 'updated', data: { id: 2 } })
  t.match(await hers.next(), { event: 'updated', data: { id: 1, text: 'hers still' } })
  t.same(
    await hers.next(),
    { event: 'deleted', data: { id: 1, text: 'hers still', userId: 1 } },
    'what is not hers any more, as it was while it was hers',
  )
  const [, , given] = [await all.next(), await all.next(), app.eventStreams.size]
  t.equal(given, 2)

  await write('POST', '/notes', { text: 'seen' }, ann)
  t.match(await hers.next(), { event: 'created', data: { text: 'seen', userId: 1 } })
  t.match(await all.next(), { data: { text: 'seen' } })
  t.equal((await write('DELETE', '/auth/logout', undefined, ann)).statusCode, 200)
  const { access: again } = await logIn(app, 'ann')
  await write('POST', '/notes', { text: 'not seen' }, again)
  t.equal(await hers.next(), undefined, 'a token that was revoked')
  t.match(await all.next(), { data: { text: 'not seen' } })
})

t.test('a feed ends when its user is deleted, or is no admin any more', async (t) => {
  const { app, url, write } = await start(t, NOTES)
  const { access: bob } = await logIn(app, 'bob')
  const { access: root } = await logIn(app, 'root')
  const open = await openFeed(t, `${url}/users`, bob)
  const all = await openFeed(t, `${url}/notes`, root)
  await write('DELETE', '/users/2', undefined, root)
  t.equal(await open.next(), undefined)
  t.equal((await write('PATCH', '/users/3', { admin: false }, root)).statusCode, 200)
  await write('POST', '/notes', { text: "root's" }, root)
  t.same(await all.next(), { event: 'deleted', data: { id: 2, text: "bob's", userId: 2 } })
  t.equal(await all.next(), undefined)
})

t.test('no password is told, nor what else nobody sees', async (t) => {
  const { app, url, write } = await start(t, NOTES)
  const { access: ann } = await logIn(app, 'ann')
  const feed = await openFeed(t, `${url}/users`)
  await write('POST', '/users', { username: 'eve', password: 'a secret' })
  await write('PATCH', '/users/1', { city: 'Kyoto' }, ann)
  t.same(await feed.next(), { event: 'created', data: { id: 4, username: 'eve' } })
  t.match(await feed.next(), { event: 'updated', data: { id: 1, city: 'Kyoto' } })
  await app.store.users.update(1, { generation: 99 })
  await write('POST', '/users', { username: 'zoe', password: 'password' })
  t.match(await feed.next(), { event: 'created', data: { username: 'zoe' } })
})

t.test('who brings a token is held to it, where none is needed too', async (t) => {
  const { app, url, write } = await start(t, {
    users: USERS,
    notes: [{ id: 1, userId: 1 }],
    // What is put into users depends on who asks.
    $collections: { notes: { access: { read: 'user' } } },
  })
  const { access } = await logIn(app, 'ann')
  const feed = await openFeed(t, `${url}/users`, access)
  await write('DELETE', '/auth/logout', undefined, access)
  await write('POST', '/users', { username: 'eve', password: 'password' })
  t.equal(await feed.next(), undefined)
})

t.test('a restoration ends a feed: what its client knows is past', NEEDS_MEMORY, async (t) => {
  const { app, url, write } = await start(t)
  const feed = await openFeed(t, `${url}/posts`)
  await app.worlds.own.restore(await app.worlds.own.snapshot())
  await write('POST', '/posts', { title: 'Three' })
  t.equal(await feed.next(), undefined)
})

t.test('there are so many feeds to one address, and no more', async (t) => {
  const { app, url } = await start(t)
  const feeds = await Promise.all(Array.from({ length: 100 }, () => openFeed(t, `${url}/posts/1`)))
  t.same(new Set(feeds.map(({ response }) => response.status)), new Set([200]))
  const headers = { accept: 'text/event-stream' }
  for (const path of ['/posts', '/posts/1', '/profile']) {
    const refused = await call(app, 'GET', path, { headers })
    isError(t, refused, 503, /feeds/)
    t.match(refused.headers, { 'retry-after': '60' })
    t.notOk('cache-control' in refused.headers)
  }
  t.equal((await call(app, 'GET', '/posts')).statusCode, 200)
  feeds[0]?.leave()
  await until('there is room', () => app.eventStreams.size < 100)
  t.equal((await openFeed(t, `${url}/posts`)).response.status, 200)
})

t.test('a client that does not read is let go', async (t) => {
  const { app, url, write } = await start(t)
  const { hostname, port } = new URL(url)
  const socket = connect({ host: hostname, port: Number(port) })
  t.teardown(() => socket.destroy())
  socket.on('error', () => {})
  socket.write('GET /posts HTTP/1.1\r\nHost: localhost\r\nAccept: text/event-stream\r\n\r\n')
  await once(socket, 'data')
  socket.pause()
  const reader = await openFeed(t, `${url}/posts`)
  t.equal(app.eventStreams.size, 2)
  const title = 'x'.repeat(1_000_000)
  let sent = 0
  while (app.eventStreams.size === 2 && sent < 100) {
    sent++
    await write('PATCH', '/posts/1', { title: title + sent })
    t.match(await reader.next(), { event: 'updated' }, 'who reads goes on')
  }
  t.equal(app.eventStreams.size, 1)
})

t.test('a stop ends all feeds, also of those who do not read', async (t) => {
  const { app, url, write } = await start(t)
  const feed = await openFeed(t, `${url}/posts`)
  const { socket, send } = await openConnection(t, url)
  await send('GET /posts HTTP/1.1\r\nHost: localhost\r\nAccept: text/event-stream\r\n\r\n')
  await until('both are open', () => app.eventStreams.size === 2)
  socket.pause()
  for (let count = 0; count < 7; count++) {
    await write('PATCH', '/posts/1', { title: 'x'.repeat(1_000_000) + count })
    t.match(await feed.next(), { event: 'updated' })
  }
  await app.close()
  t.equal(await feed.next(), undefined)
  t.equal(app.eventStreams.size, 0)
})

t.test('a stream shows that it is there, and asks whether it may be', async (t) => {
  const streams = new EventStreams(1)
  const app = Fastify()
  t.teardown(() => app.close())
  let isGood = true
  const recheck = async () => {
    if (!isGood) throw new Error('not any more')
  }
  app.get('/', (_request, reply) => streams.send(reply, recheck, () => () => {}))
  const url = await app.listen({ host: '127.0.0.1', port: 0 })
  const feed = await openFeed(t, url)
  t.equal(await feed.block(), ':')
  t.equal(await feed.block(), ':')
  isGood = false
  t.equal(await feed.next(), undefined)
})

t.test('the document has the feeds beside the JSON', async (t) => {
  const { app } = await start(t)
  const { paths } = (await call(app, 'GET', '/openapi.json')).json()
  for (const path of ['/posts', '/posts/{id}', '/posts/{id}/comments', '/profile']) {
    const { responses } = paths[path].get
    t.same(Object.keys(responses[200].content), ['application/json', 'text/event-stream'], path)
    t.match(responses[200].content['text/event-stream'], {
      schema: { type: 'string' },
      example: /^event: created\ndata: \{.*\}\n\n$/,
    })
    t.ok(responses[503], path)
  }
})

t.test('a feed is of its own workspace, and ends with it', NEEDS_MEMORY, async (t) => {
  const { app, url, write } = await start(t)
  const feed = await openFeed(t, `${url}/~one/posts`)
  await write('POST', '/posts', { title: 'outside' })
  await write('POST', '/~two/posts', { title: 'in another' })
  await write('POST', '/~one/posts', { title: 'inside' })
  t.match(await feed.next(), { event: 'created', data: { title: 'inside' } })
  t.equal(await app.worlds.drop('one'), true)
  t.equal(await feed.next(), undefined)
  await until('the feed is closed', () => app.eventStreams.size === 0)
})
