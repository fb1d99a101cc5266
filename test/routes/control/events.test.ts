import t from 'tap'
import { call, isError, logIn, startApp } from '../../fixtures/app.js'
import { openFeed } from '../../fixtures/feed.js'
import { startOwn } from '../../fixtures/own.js'

const EVENTS = '/__slipway/events'

t.test('what happens in a world is told as it happens', async (t) => {
  const { app, send } = await startOwn(t, {
    posts: [{ id: 1, title: 'a' }],
    profile: { name: 'b' },
  })
  const url = await app.listen({ port: 0 })
  const feed = await openFeed(t, `${url}/~one${EVENTS}`)
  t.equal(feed.response.status, 200)
  t.match(feed.response.headers.get('content-type'), /^text\/event-stream/)
  t.equal(feed.response.headers.get('access-control-allow-origin'), null)
  await send('POST', '/posts', { title: 'elsewhere' })
  await send('POST', '/~one/posts', { title: 1 })
  const told = [await feed.next(), await feed.next(), await feed.next()]
  const of = (event: string) => told.find((each) => each?.event === event)?.data
  t.match(of('change'), { collection: 'posts', kind: 'created', id: Number, record: { title: 1 } })
  t.match(of('drift'), { collection: 'posts', path: '/title', change: 'type' })
  t.match(of('request'), { id: 1, method: 'POST', path: '/posts', status: 201 })
  await send('PATCH', '/~one/profile', { name: 'c' })
  t.match(await feed.next(), {
    event: 'change',
    data: { collection: 'profile', id: null, record: { name: 'c' } },
  })
  t.match(await feed.next(), { event: 'request' })
  await call(app, 'POST', '/~one/__slipway/reset')
  t.match(await feed.next(), { event: 'reset', data: { at: /Z$/ } })
  await send('DELETE', '/~one/posts/1')
  t.match(await feed.next(), { event: 'change', data: { kind: 'deleted', id: 1 } })
  t.match(
    await feed.next(),
    { event: 'request', data: { id: 1, status: 200 } },
    'also after a reset',
  )
  await call(app, 'DELETE', '/__slipway/workspaces/one')
  t.equal(await feed.next(), undefined, 'it ends with its workspace')
})

t.test('records of the APIs come without their secrets', async (t) => {
  const app = await startApp(t)
  const url = await app.listen({ port: 0 })
  const feed = await openFeed(t, `${url}${EVENTS}?type=change`)
  await call(app, 'POST', '/api/v1/user/register', {
    payload: { username: 'ann', password: 'a password' },
  })
  const payload = { username: 'ben', password: 'a password' }
  await call(app, 'POST', '/register', { payload })
  const { access: token } = await logIn(app)
  await call(app, 'DELETE', '/api/ships/1', { token })
  for (let event = await feed.next(); event; event = await feed.next()) {
    t.equal(event.event, 'change')
    t.notMatch(JSON.stringify(event.data), /passw|argon|version/i)
    if (Object(event.data).collection === 'ships') {
      t.match(event.data, { kind: 'deleted', id: 1, record: { model: String } })
      break
    }
    t.match(event.data, { collection: 'users', kind: 'created', record: { username: /ann|ben/ } })
  }
})

t.test('only what is asked for', async (t) => {
  const app = await startApp(t)
  const url = await app.listen({ port: 0 })
  const feed = await openFeed(t, `${url}${EVENTS}?type=reset,request`)
  const { access: token } = await logIn(app)
  t.match(await feed.next(), { event: 'request', data: { path: '/auth/login' } })
  await call(app, 'DELETE', '/api/ships/1', { token })
  t.match(await feed.next(), { event: 'request', data: { method: 'DELETE' } })
  await call(app, 'POST', '/__slipway/reset')
  t.match(await feed.next(), { event: 'reset' })
  for (const query of [
    'type=',
    'type=other',
    'type=reset,',
    'type=reset&type=change',
    'kind=reset',
  ])
    isError(t, await call(app, 'GET', `${EVENTS}?${query}`), 400)
})

t.test('nobody is watched for who has left, and a stop ends the stream', async (t) => {
  const app = await startApp(t)
  const url = await app.listen({ port: 0 })
  const { events } = app.worlds.own
  const before = events.eventNames().map((name) => events.listenerCount(name))
  const first = await openFeed(t, `${url}${EVENTS}`)
  t.ok(events.listenerCount('request') > 0)
  first.leave()
  while (app.eventStreams.size > 0) await new Promise(setImmediate)
  t.same(
    events
      .eventNames()
      .filter((name) => name !== 'reset')
      .map((name) => events.listenerCount(name))
      .filter((count) => count > 1),
    [],
  )
  t.equal(events.listenerCount('request'), 0)
  t.ok(before.length <= events.eventNames().length)
  const second = await openFeed(t, `${url}${EVENTS}`)
  await app.close()
  t.equal(await second.next(), undefined)
})
