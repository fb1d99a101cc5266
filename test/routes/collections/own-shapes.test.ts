import t from 'tap'
import { infer } from '../../../seed/infer.js'
import { call } from '../../fixtures/app.js'
import { type Send, startOwn } from '../../fixtures/own.js'

const DATA = {
  posts: [
    { id: 1, title: 'One', views: 1 },
    { id: 2, title: 'Two', views: 2 },
  ],
  tags: [{ id: '01890a5d-ac96-774b-bcce-b302099a8057', name: 'sea' }],
  profile: { name: 'Ann' },
}

/** Adds a post with a field that is new. */
const widen = (send: Send, base: string, field = 'mood') =>
  send('POST', `${base}/posts`, { title: 'Three', views: 3, [field]: 'x' })

async function postIn(send: Send, base: string) {
  const { components } = (await send('GET', `${base}/openapi.json`)).json()
  return components.schemas.Post
}

const driftsIn = async (send: Send, base: string) =>
  (await send('GET', `${base}/__slipway/drift`)).json()

t.test('a write widens the shape of its own world alone', async (t) => {
  const { app, send } = await startOwn(t, DATA)
  const start = await postIn(send, '')
  const heard: string[] = []
  const { world: one } = await app.worlds.enter('one')
  one.events.on('drift', (drifts) => heard.push(...drifts.map(({ path }) => path)))
  t.equal((await widen(send, '/~one')).statusCode, 201)
  t.same(heard, ['/mood'])

  const wide = await postIn(send, '/~one')
  t.same(wide.properties.mood, { type: 'string' })
  t.same(await driftsIn(send, '/~one'), [
    {
      collection: 'posts',
      path: '/mood',
      change: 'new field',
      types: ['string'],
      request: 'POST /posts',
      at: (await driftsIn(send, '/~one'))[0].at,
    },
  ])
  for (const base of ['', '/~two']) {
    t.same(await postIn(send, base), start)
    t.same(await driftsIn(send, base), [])
    // A field that isn't known is passed over.
    t.equal((await send('GET', `${base}/posts?mood=x`)).json().length, 2)
  }
  t.equal((await send('GET', '/~one/posts?mood=x')).json().length, 1)

  await widen(send, '', 'colour')
  t.ok('colour' in (await postIn(send, '')).properties)
  t.notOk('colour' in (await postIn(send, '/~one')).properties)
  t.same(await postIn(send, '/~late'), start, 'as at the start, not as the server is now')
})

t.test('new ids are as those in the same world', async (t) => {
  const { send } = await startOwn(t, DATA)
  t.equal((await send('POST', '/~one/posts', { id: 'a', title: '', views: 0 })).statusCode, 201)
  t.type((await send('POST', '/~one/posts', { title: '', views: 0 })).json().id, 'string')
  t.equal((await send('POST', '/posts', { title: '', views: 0 })).json().id, 3)
  await send('POST', '/tags', { id: 'x', name: '' })
  t.match((await send('POST', '/~one/tags', { name: '' })).json().id, /^[\da-f]{8}-/)
  t.notMatch((await send('POST', '/tags', { name: '' })).json().id, /^[\da-f]{8}-/)
})

t.test('a reset puts the shape back, and a snapshot restores it', async (t) => {
  const { app, send } = await startOwn(t, DATA)
  const start = await postIn(send, '')
  for (const { base, world } of [
    { base: '', world: app.worlds.own },
    { base: '/~one', world: (await app.worlds.enter('one')).world },
  ]) {
    const first = await world.snapshot()
    await widen(send, base)
    const wide = await postIn(send, base)
    const drifts = await driftsIn(send, base)
    const second = await world.snapshot()
    await widen(send, base, 'colour')
    t.ok('colour' in (await postIn(send, base)).properties)

    for (let time = 0; time < 2; time++) {
      await world.restore(second)
      t.same(await postIn(send, base), wide)
      t.same(await driftsIn(send, base), drifts)
      t.equal((await send('GET', `${base}/posts?mood=x`)).json().length, 1)
      t.equal((await send('GET', `${base}/posts?colour=x`)).json().length, 3)
      await widen(send, base, 'size')
      t.notOk('colour' in (await postIn(send, base)).properties)
    }
    await world.restore(first)
    t.same(await postIn(send, base), start)
    await widen(send, base)
    await world.reset()
    t.same(await postIn(send, base), start)
    t.same(await driftsIn(send, base), [])
    t.equal((await widen(send, base)).statusCode, 201)
  }
})

t.test('a state that is put in has shapes of its own, and examples', async (t) => {
  for (const enforce of [false, true]) {
    const { app, send } = await startOwn(t, DATA, { enforce })
    await send('PATCH', '/~one/posts/1', { views: 9, mood: 'x' })
    const { world } = await app.worlds.enter('one')
    const other = { posts: [{ id: 'a', name: 'x', tagId: 'sea' }], profile: { age: 1 } }
    const parts = await infer(new Map(Object.entries(other)), { name: 'a state' }, 'id')
    await world.become(await app.worlds.own.fork(), () => app.ownShapes.set(world, parts))
    t.same(await driftsIn(send, '/~one'), [])
    const { paths, components } = (await send('GET', '/~one/openapi.json')).json()
    const { Post, PostInput, Profile, Tag } = components.schemas
    t.same(Post.properties.name, { type: 'string' })
    t.same(Post.examples, [{ id: 'a', name: 'x', tagId: 'sea' }])
    t.same(PostInput.examples, [{ name: 'x', tagId: 'sea' }])
    t.ok('tag' in Post.properties, 'what it names can be put in')
    const body = paths['/posts'].post.requestBody.content['application/json']
    t.same(body.example, { name: 'x', tagId: 'sea' })
    t.same(Object.keys(Profile.properties), ['age'])
    t.same(Object.keys(Tag.properties), ['posts'], 'of no records nothing is known')
    t.ok('views' in (await postIn(send, '')).properties)
    const added = await send('POST', '/~one/posts', { name: 'y', tagId: 'sea' })
    t.equal(added.statusCode, 201)
    t.type(added.json().id, 'string')
    const misfit = await send('POST', '/~one/posts', { title: 'y', views: 1 })
    t.equal(misfit.statusCode, enforce ? 400 : 201)
    t.equal((await send('POST', '/posts', { title: 'y', views: 1 })).statusCode, 201)
    await world.reset()
    t.equal((await send('POST', '/~one/posts', { title: 'y', views: 1 })).statusCode, 201)
    t.same(await postIn(send, '/~one'), await postIn(send, '/~two'))
  }
})

t.test('what is enforced is what was known to begin with, in each world', async (t) => {
  const { send } = await startOwn(t, DATA, { enforce: true })
  for (const base of ['', '/~one']) {
    t.equal((await widen(send, base)).statusCode, 201)
    t.equal((await send('PATCH', `${base}/posts/1`, { views: 'many' })).statusCode, 400)
    t.equal((await send('PATCH', `${base}/posts/1`, { mood: 1 })).statusCode, 200)
  }
})

t.test('a feed asks for fields as its own world knows them', async (t) => {
  const { app, send } = await startOwn(t, DATA)
  const url = await app.listen({ port: 0 })
  const response = await fetch(`${url}/~one/posts?mood=x`, {
    headers: { accept: 'text/event-stream' },
  })
  const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader()
  const add = (views: number, mood: string, base = '/~one') =>
    send('POST', `${base}/posts`, { title: '', views, mood })
  await add(3, 'x', '')
  // A field that isn't known yet is passed over.
  await add(4, 'y')
  await add(5, 'y')
  await add(6, 'x')
  let text = ''
  while (!text.includes('"views":6')) text += (await reader?.read())?.value
  t.same(text.match(/"views":\d/g), ['"views":4', '"views":6'])
  await reader?.cancel()
})

t.test('a world that nothing has widened has all of the start', async (t) => {
  const { app, send } = await startOwn(t, DATA)
  const { own } = app.worlds
  const { world } = await app.worlds.enter('one')
  const [posts] = app.own.collections
  const known = posts?.shape.in(world)
  const document = await app.openapi()
  await send('POST', '/~one/posts', { title: 'x', views: 1 })
  await send('PATCH', '/~one/posts/1', { title: 'y' })
  t.equal(posts?.shape.in(world), known)
  t.equal(posts?.shape.in(own), known)
  t.equal(await app.openapi(world), document)
  await widen(send, '/~one')
  t.not(posts?.shape.in(world), known)
  t.not(posts?.shape.in(world).seen, known?.seen)
  t.not(await app.openapi(world), document)
  t.equal(await app.openapi(), document)

  const { world: two } = await app.worlds.enter('two')
  await widen(send, '/~two')
  t.equal(await app.openapi(two), await app.openapi(world), 'they say the same')
})

t.test('fields of a schema that is given can be asked for, once there are some', async (t) => {
  const schema = { type: 'object', properties: { text: { type: 'string' } } }
  const { send } = await startOwn(t, { notes: [], $collections: { notes: { schema } } })
  const before = (await send('GET', '/openapi.json')).headers.etag
  for (const text of ['x', 'y']) await send('POST', '/notes', { text })
  t.same((await send('GET', '/notes?text=y')).json(), [{ text: 'y', id: 2 }])
  t.same((await send('GET', '/notes?_sort=-text')).json()[0], { text: 'y', id: 2 })
  t.same(await driftsIn(send, ''), [], 'it is as it should be')
  t.not((await send('GET', '/openapi.json')).headers.etag, before, 'an id is a number')
  await send('POST', '/~one/notes', { id: 'a', text: 'z' })
  t.type((await send('POST', '/~one/notes', { text: 'z' })).json().id, 'string')
})

t.test('many records that widen the shape are one step', async (t) => {
  const { app, send } = await startOwn(t, DATA)
  const { world } = await app.worlds.enter('one')
  const [posts] = app.own.collections
  await widen(send, '/~one')
  const copy = posts?.shape.in(world).seen
  const fields = Array.from({ length: 300 }, (_, index) => [`f${index}`, index])
  const records = fields.map((_, index) => Object.fromEntries(fields.slice(0, index)))
  t.equal((await send('POST', '/~one/posts', records)).statusCode, 201)
  const drifts = await driftsIn(send, '/~one')
  t.equal(drifts.length, 1 + 299 + 2, 'with the title and the views, which have become optional')
  t.match(drifts[0], { path: '/f298', request: 'POST /posts' })
  t.equal(posts?.shape.in(world).seen, copy, 'it is copied once')
  t.same(await driftsIn(send, ''), [])
})

t.test('the header does as the path does', async (t) => {
  const { app, send } = await startOwn(t, DATA)
  const headers = { 'x-slipway-workspace': 'one' }
  await call(app, 'POST', '/posts', { headers, payload: { title: '', views: 1, mood: 'x' } })
  const { components } = (await call(app, 'GET', '/openapi.json', { headers })).json()
  t.ok('mood' in components.schemas.Post.properties)
  t.notOk('mood' in (await postIn(send, '')).properties)
})
