import t from 'tap'
import { tokensOf } from '../fixtures/many-processes.js'
import { file, head, openConnection } from '../fixtures/multipart.js'
import { NO_POSTGRES, startPostgres } from '../fixtures/postgres.js'
import { startProcess } from '../fixtures/process.js'
import { MEBIBYTE, NO_TRANSFERS, transferInLittleMemory } from '../fixtures/transfers.js'

t.test('the memory of a process does not grow with a file', { skip: NO_TRANSFERS }, (t) =>
  // A process that waits for its turn collects its garbage late; one that kept the file would take all of it.
  transferInLittleMemory(t, 192 * MEBIBYTE, 96 * MEBIBYTE),
)

t.test('an upload whose database goes on the way is 503', { skip: NO_POSTGRES }, async (t) => {
  const postgres = await startPostgres(t)
  const { url } = await startProcess(t, [], { env: { DATABASE_URL: postgres.url } })
  const { access: token } = await tokensOf(url)
  const { send, answer } = await openConnection(t, url)
  await send(head('/api/v1/package/v1', { token, length: 64 * MEBIBYTE }), file('').subarray(0, -2))
  await send(Buffer.alloc(4 * MEBIBYTE))
  await postgres.stop('SIGQUIT')
  await send(Buffer.alloc(8 * MEBIBYTE))
  const { status, headers } = await answer()
  t.equal(status, 503)
  t.match(headers['retry-after'], /^[1-9]\d*$/)
})
