import { once } from 'node:events'
import { test } from 'tap'
import { call, isError, logIn, startApp } from '../../fixtures/app.js'
import { startOwn } from '../../fixtures/own.js'

const reset = (url = '') => `${url}/__slipway/reset`

test('everything of one world is as at the start', async (t) => {
  const app = await startApp(t, { loginLimit: 1 })
  const ships = async (url = '') => (await call(app, 'GET', `${url}/api/ships`)).json()
  const atStart = await ships()
  const { access: token } = await logIn(app)
  for (const url of ['', '/~a']) {
    await call(app, 'DELETE', `${url}/api/ships/1`, { token })
    await call(app, 'POST', `${url}/api/users`, { payload: { name: 'made', password: 'made' } })
    await call(app, 'DELETE', `${url}/auth/logout`, { token })
  }
  t.equal((await call(app, 'POST', '/~a/verify-token', { token })).statusCode, 401)
  const wrong = { payload: { username: 'user', password: 'wrong' } }
  await call(app, 'POST', '/~a/auth/login', wrong)
  t.equal((await call(app, 'POST', '/~a/auth/login', wrong)).statusCode, 429)

  t.equal((await call(app, 'POST', reset('/~a'))).statusCode, 204)
  t.same(await ships('/~a'), atStart)
  const { statusCode } = await call(app, 'POST', '/~a/verify-token', { token })
  t.equal(statusCode, 200, 'what was revoked is good again')
  t.equal((await call(app, 'POST', '/~a/auth/login', wrong)).statusCode, 401, 'no limit is reached')
  t.equal((await ships()).length, atStart.length - 1, 'the other world is as it was')

  await call(app, 'POST', reset())
  t.same(await ships(), atStart)
  const payload = { username: 'made', password: 'made' }
  isError(t, await call(app, 'POST', '/auth/login', { payload }), 401)
})

test('a request beside it sees what was before, or what is after', async (t) => {
  const { send } = await startOwn(t, { posts: Array.from({ length: 50 }, () => ({})), tags: [{}] })
  for (let round = 0; round < 20; round++) {
    await send('DELETE', '/posts/1')
    await send('POST', '/tags', {})
    const [, seen] = await Promise.all([send('POST', reset()), send('GET', '/db')])
    const { posts, tags } = seen.json()
    t.ok([50, 49].includes(posts.length) && tags.length === (posts.length === 50 ? 1 : 2))
  }
})

test('who listens is told, once it is done', async (t) => {
  const { app, send } = await startOwn(t, { posts: [] })
  await send('POST', '/posts', {})
  const told = once(app.worlds.own.events, 'reset')
  await send('POST', reset())
  await told
  t.same((await send('GET', '/posts')).json(), [])
})

test('it takes no fields, and a read-only server has none', async (t) => {
  const { send } = await startOwn(t, { posts: [] })
  isError(t, await send('POST', reset(), { hard: true }), 400)
  t.equal((await send('POST', reset(), {})).statusCode, 204)
  const other = await startOwn(t, { posts: [] }, { readOnly: true })
  isError(t, await other.send('POST', reset()), 403, /read-only/)
})

test('over and over beside load, nothing fails', async (t) => {
  const { send } = await startOwn(t, { posts: [{ id: 1 }] })
  let isOver = false
  const load = async () => {
    while (!isOver) {
      const { statusCode } = await send('POST', '/posts', {})
      if (statusCode !== 201) t.fail(`${statusCode}`)
      await send('PATCH', '/posts/1', { at: Date.now() })
    }
  }
  const work = [load(), load()]
  for (let round = 0; round < 200; round++) {
    const { statusCode } = await send('POST', reset())
    if (statusCode !== 204) t.fail(`${statusCode}`)
  }
  isOver = true
  await Promise.all(work)
  await send('POST', reset())
  t.same((await send('GET', '/posts')).json(), [{ id: 1 }])
})
