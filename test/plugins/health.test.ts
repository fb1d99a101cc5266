import t from 'tap'
import { call, startApp } from '../fixtures/app.js'

t.test('getHealth and getReadiness', async (t) => {
  const app = await startApp(t)
  for (const url of ['/healthz', '/readyz']) {
    const response = await call(app, 'GET', url)
    t.equal(response.statusCode, 200)
    t.same(response.json(), { status: 'ok' })
  }
})
