import { once } from 'node:events'
import { request as ask } from 'node:http'
import t, { type Test } from 'tap'
import { call, logIn, startApp } from '../../fixtures/app.js'
import { openFeed } from '../../fixtures/feed.js'
import { settleFiles, watchFiles } from '../../fixtures/files.js'

const DROP = '/__slipway/workspaces/one'

async function startListening(t: Test) {
  const app = await startApp(t)
  const address = await app.listen({ port: 0 })
  const token = (await logIn(app)).access
  const drop = async () => t.equal((await call(app, 'DELETE', DROP)).statusCode, 204)
  return { app, address, token, drop }
}

t.test('an upload ends, and leaves nothing behind', async (t) => {
  const list = watchFiles(t)
  const { app, address, token, drop } = await startListening(t)
  const upload = ask(`${address}/~one/api/v1/package/tag`, {
    method: 'POST',
    headers: { token, 'content-type': 'multipart/form-data; boundary=b' },
  })
  upload.write('--b\r\nContent-Disposition: form-data; name="file"; filename="a.txt"\r\n\r\nfirst')
  while ((await list()).length === 0) await new Promise((resolve) => setTimeout(resolve, 10))
  await drop()
  upload.end(' second\r\n--b--\r\n')
  const [response] = await once(upload, 'response')
  response.resume()
  t.equal(response.statusCode, 200, 'it was in time for the workspace that has gone')
  await once(response, 'close')
  await settleFiles(app)
  t.same(await list(), [])
  const again = await call(app, 'GET', '/~one/api/v1/package/tag', {
    headers: { token },
  })
  t.equal(again.statusCode, 404, 'the next one begins anew')
})

t.test('a task in it ends, and others are rendered', async (t) => {
  const { app, token, drop } = await startListening(t)
  const tasks = await Promise.all(
    ['/~one', '/~two'].map(async (base) => {
      const plan = await call(app, 'POST', `${base}/dmps`, { token, payload: { title: 'A plan' } })
      const dmp = plan.json().id
      const task = await call(app, 'POST', `${base}/tasks`, { token, payload: { dmp } })
      t.equal(task.statusCode, 201)
      return `${base}/tasks/${task.json().id}`
    }),
  )
  await drop()
  const [first = '', second = ''] = tasks
  t.equal((await call(app, 'GET', first, { token })).statusCode, 404)
  let status = 'pending'
  while (status === 'pending') {
    status = (await call(app, 'GET', second, { token })).json().status
    await new Promise((resolve) => setTimeout(resolve, 25))
  }
  t.equal(status, 'done')
})

t.test('a stream in it ends', async (t) => {
  const app = await startApp(t, { data: { posts: [{ id: 1 }] } })
  const address = await app.listen({ port: 0 })
  const feed = await openFeed(t, `${address}/~one/posts`)
  t.equal((await call(app, 'POST', '/~one/posts', { payload: { id: 2 } })).statusCode, 201)
  t.match(await feed.next(), { event: 'created', data: { id: 2 } })
  t.equal((await call(app, 'DELETE', DROP)).statusCode, 204)
  t.equal(await feed.next(), undefined)
})

t.test('it goes neither while somebody is in it, nor is it kept by who has left', async (t) => {
  const app = await startApp(t, { data: { posts: [{ id: 1 }] }, workspaceTtl: '1s' })
  const address = await app.listen({ port: 0 })
  const feed = await openFeed(t, `${address}/~one/posts`)
  t.equal((await call(app, 'GET', '/~two/posts')).statusCode, 200)
  while (app.worlds.size > 1) await new Promise((resolve) => setTimeout(resolve, 50))
  t.equal((await app.worlds.list())[0]?.world.name, 'one')
  feed.leave()
  while (app.worlds.size > 0) await new Promise((resolve) => setTimeout(resolve, 50))
})
