import t from 'tap'
import { startApp } from '../../fixtures/app.js'
import { openConnection } from '../../fixtures/multipart.js'

const HOUR = 3_600_000

t.test('a stop waits for an answer, and not for what may come after it', async (t) => {
  const app = await startApp(t, { delay: '10s' })
  app.server.keepAliveTimeout = HOUR
  const { send, answer } = await openConnection(t, await app.listen({ port: 0, host: '127.0.0.1' }))
  await send('GET /api/ships/1 HTTP/1.1\r\nHost: localhost\r\n\r\n')
  while (app.delays.size === 0) await new Promise(setImmediate)
  // It ends the delay. In an hour it would be too late.
  await app.close()
  t.equal((await answer()).status, 200)
})
