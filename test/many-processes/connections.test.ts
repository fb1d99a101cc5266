import t from 'tap'
import { ask, tokensOf } from '../fixtures/many-processes.js'
import { NO_POSTGRES, startPostgres } from '../fixtures/postgres.js'
import { startProcess } from '../fixtures/process.js'
import { Wire } from '../fixtures/wire.js'

const POOL = 4

t.test('a process has DATABASE_POOL connections and one more', { skip: NO_POSTGRES }, async (t) => {
  const postgres = await startPostgres(t)
  const wire = await Wire.start(t, postgres.url)
  const { url } = await startProcess(t, [], {
    env: {
      DATABASE_URL: wire.url,
      DATABASE_POOL: String(POOL),
    },
  })
  const { access: token } = await tokensOf(url)
  const calls = Array.from({ length: 200 }, (_, index) =>
    index % 2 === 0
      ? ask(`${url}/dmps`, 'GET', { token })
      : ask(`${url}/dmps`, 'POST', { token, json: { index } }),
  )
  // On a machine with other work some wait too long for a connection.
  for (const { status } of await Promise.all(calls)) {
    t.ok(status < 300 || status === 503, String(status))
  }
  t.ok(wire.most > 1)
  t.ok(wire.most <= POOL + 1, String(wire.most))
})
