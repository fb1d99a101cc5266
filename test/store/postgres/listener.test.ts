import t, { type Test } from 'tap'
import { Unavailable } from '../../../store/errors.js'
import { Database, type DatabaseOptions } from '../../../store/postgres/database.js'
import { Listener } from '../../../store/postgres/listener.js'
import { startPglite } from '../../fixtures/pglite.js'
import { NO_POSTGRES, newSchema, startPostgres } from '../../fixtures/postgres.js'
import { until } from '../../fixtures/postgres-parts.js'
import { Wire } from '../../fixtures/wire.js'

/** What listens, and how often it has said of each topic that there may be something new. */
async function listening(t: Test, at: DatabaseOptions) {
  const database = Database.open(at)
  const listener = new Listener(database)
  const looks = { one: 0, other: 0 }
  listener.on('one', () => looks.one++)
  listener.on('other', () => looks.other++)
  listener.start()
  t.teardown(async () => {
    await listener.close()
    await database.close()
  })
  const say = (topic: string) =>
    database.query({ text: 'select pg_notify($1, $2)', values: [database.schema, topic] })
  /** The connections that listen. */
  const listeners = async (columns: string) => {
    const text = `select ${columns} from pg_stat_activity where query like 'listen %' or query = 'select 1'`
    return (await database.query({ text })).rows
  }
  return { database, listener, looks, say, listeners }
}

t.test('what is said is heard, and by nobody else', { skip: NO_POSTGRES }, async (t) => {
  const { url } = await startPostgres(t)
  const schema = newSchema()
  const one = await listening(t, { url, schema })
  const same = await listening(t, { url, schema })
  const other = await listening(t, { url, schema: newSchema() })
  for (const { looks } of [one, same, other]) await until(async () => looks.one > 0)
  await other.say('one')
  const before = [one, same].map(({ looks }) => ({ ...looks }))
  await one.say('one')
  await until(async () => [one, same].every(({ looks }, at) => looks.one > (before[at]?.one ?? 0)))
  t.equal((await one.listeners('pid')).length, 3, 'each has one connection to hear with')
})

t.test('all is looked at again after a gap', { skip: NO_POSTGRES }, async (t) => {
  const postgres = await startPostgres(t)
  const { looks, listeners } = await listening(t, { url: postgres.url, schema: newSchema() })
  await until(async () => looks.other > 0 && (await listeners('pid')).length === 1)
  const [old] = await listeners('pid')
  await listeners('pg_terminate_backend(pid)')
  await until(async () => {
    const [now] = await listeners('pid')
    return now !== undefined && now.pid !== old?.pid
  })
  const { other } = looks
  await until(async () => looks.other > other)

  await postgres.stop('SIGQUIT')
  await postgres.start()
  await until(async () => (await listeners('pid')).length === 1)
  const since = looks.other
  await until(async () => looks.other > since)
  t.pass()
})

t.test(
  'where nothing comes any more all begins anew, however patient',
  {
    skip: NO_POSTGRES,
  },
  async (t) => {
    const postgres = await startPostgres(t)
    const wire = await Wire.start(t, postgres.url)
    const { database, looks, say } = await listening(t, { url: wire.url, schema: newSchema() })
    await until(async () => looks.one > 0)
    // One waits for longer than this test may take, and the others are not used.
    const wait = { text: 'select pg_sleep(60)', timeout: 3_600_000 }
    const patient = database.query(wait)
    await Promise.all(Array.from({ length: 5 }, () => database.query({ text: 'select 1' })))
    const old = wire.count
    t.ok(old > 2, 'some are not used')
    wire.lose()
    await t.rejects(patient, Unavailable)
    await until(async () => wire.count < old)
    wire.mend()
    const before = looks.one
    await until(async () => looks.one > before)
    await until(async () => wire.listening === 1)
    const all = Array.from({ length: 10 }, () => database.query({ text: 'select 1' }))
    t.equal((await Promise.all(all)).length, 10, 'no connection is left on which nothing comes')
    const { other } = looks
    await say('other')
    await until(async () => looks.other > other)
  },
)

t.test('where only what is said is lost, it is heard again', { skip: NO_POSTGRES }, async (t) => {
  const postgres = await startPostgres(t)
  const wire = await Wire.start(t, postgres.url)
  const { looks, say } = await listening(t, { url: wire.url, schema: newSchema() })
  await until(async () => looks.one > 0 && wire.listening === 1)
  wire.lose('what is said')
  await say('one')
  await until(async () => wire.listening === 0)
  wire.mend()
  await until(async () => wire.listening === 1)
  const before = looks.one
  await say('one')
  await until(async () => looks.one > before)
  t.pass()
})

t.test('where nothing is heard all is looked at, again and again', async (t) => {
  const { looks, listener } = await listening(t, { ...(await startPglite(t)), schema: newSchema() })
  await until(async () => looks.one > 3 && looks.other > 3)
  await listener.close()
  t.pass()
})
