import { test } from 'tap'
import { version } from '../../../config.js'
import { call, startApp } from '../../fixtures/app.js'
import { startOwn } from '../../fixtures/own.js'

const URL = '/__slipway'

test('what there is, in the world that is asked', async (t) => {
  const { send } = await startOwn(t, { posts: [{}, {}], users: [], profile: {} })
  await send('POST', '/~a/posts', {})
  const { collections, ...rest } = (await send('GET', URL)).json()
  t.same(rest, { version, engine: 'memory', workspaces: 1 })
  t.same(collections, [
    { name: 'posts', records: 2 },
    { name: 'users', records: 0 },
    { name: 'profile', records: 1 },
  ])
  t.match((await send('GET', `/~a${URL}`)).json().collections, [{ name: 'posts', records: 3 }])
})

test('of the APIs that are mounted too', async (t) => {
  const app = await startApp(t, { data: { users: [], posts: [{}] }, apis: 'registry' })
  t.same((await call(app, 'GET', URL)).json().collections, [
    { name: 'users', records: 0 },
    { name: 'packages', records: 0 },
    { name: 'tags', records: 0 },
    { name: 'posts', records: 1 },
  ])
})
