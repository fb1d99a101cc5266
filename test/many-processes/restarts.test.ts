import t from 'tap'
import { startProcesses } from '../fixtures/many-processes.js'
import { NO_POSTGRES, startPostgres } from '../fixtures/postgres.js'
import { Writers } from '../fixtures/writers.js'

t.test('a rolling restart fails nobody who asks again', { skip: NO_POSTGRES }, async (t) => {
  const { url: database } = await startPostgres(t)
  const { servers, proxy, start } = await startProcesses(t, database)
  proxy.askServers(t)
  const writers = await Writers.start(t, proxy.url, { count: 6, retries: true })
  for (const server of servers) {
    await writers.acknowledged(12)
    const next = await start()
    proxy.add(next.url)
    server.child.kill('SIGTERM')
    t.equal(await server.ended, 0)
    proxy.remove(server.url)
  }
  await writers.acknowledged(12)
  await writers.stop()
  t.same(writers.failures, [])
  await writers.compare(t)
})
