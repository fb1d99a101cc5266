import { test } from 'tap'
import { call, isError, logIn, startApp } from '../../fixtures/app.js'
import { startOwn } from '../../fixtures/own.js'

const URL = '/__slipway/snapshots'

test('a snapshot is taken, listed, put back and forgotten', async (t) => {
  const { send } = await startOwn(t, { posts: [{ id: 1 }] })
  await send('POST', '/posts', { id: 2 })
  const made = await send('POST', URL, { name: 'two' })
  t.equal(made.statusCode, 201)
  t.match(made.json(), { name: 'two', created: /^\d{4}-/ })
  t.same((await send('GET', URL)).json(), [made.json()])
  for (let round = 0; round < 2; round++) {
    await send('DELETE', '/posts/1')
    await send('POST', '/posts', { id: 3 })
    t.equal((await send('POST', `${URL}/two/restore`)).statusCode, 204)
    t.same((await send('GET', '/posts')).json(), [{ id: 1 }, { id: 2 }])
  }
  t.equal((await send('DELETE', `${URL}/two`)).statusCode, 204)
  t.same((await send('GET', URL)).json(), [])
  for (const [method, url] of [
    ['DELETE', `${URL}/two`],
    ['POST', `${URL}/two/restore`],
  ] as const) {
    isError(t, await send(method, url), 404, 'There is no snapshot two.')
  }
})

test('each world has its own, and a reset leaves them', async (t) => {
  const { send } = await startOwn(t, { posts: [] })
  await send('POST', '/~a/posts', { id: 1 })
  await send('POST', `/~a${URL}`, { name: 's' })
  t.same((await send('GET', URL)).json(), [])
  t.equal((await send('POST', URL, { name: 's' })).statusCode, 201)
  await send('POST', '/~a/__slipway/reset')
  t.same((await send('GET', '/~a/posts')).json(), [])
  await send('POST', `/~a${URL}/s/restore`)
  t.same((await send('GET', '/~a/posts')).json(), [{ id: 1 }])
  t.same((await send('GET', '/posts')).json(), [])
})

test('accounts, their passwords and what was revoked are put back', async (t) => {
  const app = await startApp(t)
  const { access: token } = await logIn(app)
  await call(app, 'POST', URL, { payload: { name: 's' } })
  const payload = { name: 'new-name', password: 'new-password' }
  t.equal((await call(app, 'PUT', '/api/users/1', { token, payload })).statusCode, 200)
  isError(t, await call(app, 'POST', '/verify-token', { token }), 401)
  await call(app, 'POST', `${URL}/s/restore`)
  t.equal((await call(app, 'POST', '/verify-token', { token })).statusCode, 200)
  t.ok(await logIn(app))
})

test('a name that is there is 409, and so is one too many', async (t) => {
  const { send } = await startOwn(t, { posts: [] })
  await send('POST', URL, { name: 's0' })
  isError(t, await send('POST', URL, { name: 's0' }), 409, 'There is a snapshot s0 already.')
  for (let at = 1; at < 100; at++) await send('POST', URL, { name: `s${at}` })
  isError(t, await send('POST', URL, { name: 's100' }), 409, /100 snapshots/)
  t.equal((await send('POST', `/~a${URL}`, { name: 's100' })).statusCode, 201)
  await send('DELETE', `${URL}/s5`)
  t.equal((await send('POST', URL, { name: 's100' })).statusCode, 201)
})

test('two at once of one name: one of them', async (t) => {
  const { send } = await startOwn(t, { posts: [] })
  const both = await Promise.all([
    send('POST', URL, { name: 's' }),
    send('POST', URL, { name: 's' }),
  ])
  t.same(both.map(({ statusCode }) => statusCode).sort(), [201, 409])
})

test('names that are none are 400', async (t) => {
  const { send } = await startOwn(t, { posts: [] })
  for (const name of ['', '.a', '~a', 'a/b', 'a'.repeat(65), 1]) {
    isError(t, await send('POST', URL, { name }), 400)
  }
  isError(t, await send('POST', URL), 400)
  for (const name of ['%2f', '.a', 'a'.repeat(65)]) {
    isError(t, await send('DELETE', `${URL}/${name}`), 400)
    isError(t, await send('POST', `${URL}/${name}/restore`), 400)
  }
})

test('a restoration beside writes is one step', async (t) => {
  const { send } = await startOwn(t, { posts: [], tags: [] })
  await send('POST', URL, { name: 's' })
  for (let round = 0; round < 20; round++) {
    const writes = Array.from({ length: 10 }, () => send('POST', '/posts', {}))
    const [restored, ...written] = await Promise.all([
      send('POST', `${URL}/s/restore`),
      ...writes,
      send('POST', '/tags', {}),
    ])
    t.equal(restored.statusCode, 204)
    t.ok(written.every(({ statusCode }) => statusCode === 201))
  }
  await send('POST', `${URL}/s/restore`)
  t.same((await send('GET', '/db')).json(), { posts: [], tags: [] })
})

test('a read-only server keeps and forgets them, but puts none back', async (t) => {
  const { send } = await startOwn(t, { posts: [] }, { readOnly: true })
  t.equal((await send('POST', URL, { name: 's' })).statusCode, 201)
  isError(t, await send('POST', `${URL}/s/restore`), 403, /read-only/)
  t.equal((await send('DELETE', `${URL}/s`)).statusCode, 204)
})

test('what a workspace has kept goes with it', async (t) => {
  const { app, send } = await startOwn(t, { posts: [] })
  await send('POST', `/~a${URL}`, { name: 's' })
  await app.worlds.drop('a')
  t.same((await send('GET', `/~a${URL}`)).json(), [])
})
