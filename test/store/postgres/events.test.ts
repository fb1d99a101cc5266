import t, { type Test } from 'tap'
import type { RecordEvent } from '../../../store/engine.js'
import type { DatabaseOptions, Statement } from '../../../store/postgres/database.js'
import type { Row } from '../../../store/predicate.js'
import { startPglite } from '../../fixtures/pglite.js'
import { NO_POSTGRES, startPostgres } from '../../fixtures/postgres.js'
import { newParts, openParts, type Parts, until } from '../../fixtures/postgres-parts.js'

/** What somebody hears of the orders. */
function hear({ events }: Parts, name = 'orders') {
  const heard: string[] = []
  const end = events.watch(
    name,
    ({ kind, record, before }: RecordEvent<Row>) => {
      heard.push([kind, record.id, ...(before ? [before.version] : []), record.version].join(' '))
    },
    () => heard.push('a gap'),
  )
  return { heard, end, since: () => heard.splice(0).join(', ') }
}

/** Writes as a process does that tells its own. */
async function write({ events, sql }: Parts, text: string, ...values: readonly unknown[]) {
  await events.ready()
  await sql(text, ...values)
  await events.caughtUp()
}

const insert = `insert into {orders} select id, 1, 'waiting' from unnest($1::bigint[]) id`
const raise = 'update {orders} set version = version + 1 where id = $1'

function testEvents(
  name: string,
  start: (t: Test) => Promise<DatabaseOptions>,
  skip: string | false,
) {
  t.test(name, { skip }, async (t) => {
    const at = await start(t)

    t.test('who watches has heard of a write here when it is done', async (t) => {
      const parts = await openParts(t, await newParts(t, at))
      await write(parts, insert, [1])
      const { since, end } = hear(parts)
      t.equal(since(), '', 'nothing of what was before')
      await write(parts, insert, [2, 3])
      t.equal(since(), 'created 2 1, created 3 1')
      await write(parts, raise, 3)
      await write(parts, 'delete from {orders} where id <> 2')
      t.equal(since(), 'updated 3 1 2, deleted 1 1, deleted 3 2')
      await write(parts, 'update {orders} set version = 9 where id = 99')
      await parts.database
        .batch([
          { text: `delete from ${parts.database.qualified('orders')}` },
          { text: 'select 1 / 0' },
        ])
        .catch(() => {})
      await parts.events.caughtUp()
      t.equal(since(), '', 'nothing of what was not done')
      end()
      await write(parts, insert, [4])
      const again = hear(parts)
      await write(parts, insert, [5])
      t.equal(again.since(), 'created 5 1', 'nothing of what was meanwhile')
      t.equal(since(), '')
      t.same(parts.faults, [])
    })

    t.test('events are as the records are', async (t) => {
      const parts = await openParts(t, await newParts(t, at))
      const events: RecordEvent<Row>[] = []
      parts.events.watch('scans', (event) => events.push(event))
      const odd = '{"b\\u0001\\u0002\\u0002": 1e21, "a": ["\\u0001\\u0002\\u0003", 0.1]}'
      await write(parts, 'insert into {scans} values (7, 1, null, $1)', odd)
      t.strictSame(
        events.map(({ record }) => JSON.stringify(record)),
        (await parts.sql('select * from {scans}')).map((row) => JSON.stringify(row)),
      )
    })

    t.test('nothing is written down while nobody watches', async (t) => {
      const parts = await openParts(t, await newParts(t, at))
      await write(parts, insert, [1])
      const count = async () =>
        (
          await parts.sql(
            'select (select count(*) from {events}) + (select count(*) from {steps}) as n',
          )
        )[0]?.n
      t.equal(await count(), 0)
      const { end } = hear(parts, 'scans')
      await write(parts, raise, 1)
      t.equal(await count(), 0, 'another collection is watched')
      end()
      const orders = hear(parts)
      await write(parts, raise, 1)
      t.equal(await count(), 2)
      orders.end()
      await parts.presence.beat()
      await until(async () => (await parts.sql('select from {watching}')).length === 0)
      await write(parts, raise, 1)
      t.equal(await count(), 2)
      await parts.sql(`update {steps} set placed_at = clock_timestamp() - interval '2 minutes'`)
      await parts.presence.beat()
      await until(async () => (await count()) === 0)
      t.same(parts.faults, [])
    })

    t.test('every process hears of everything once, in one order', async (t) => {
      const options = await newParts(t, at)
      const all = [1, 2, 3].map(() => openParts(t, options))
      const processes = await Promise.all(all)
      const [first] = processes
      if (!first) return
      await first.sql(insert, [1, 2, 3, 4])
      const listeners = processes.map((each) => hear(each))
      for (const { events } of processes) await events.ready()
      const statements = (turn: number, { database }: Parts): Statement[] => {
        const orders = database.qualified('orders')
        const raise = { text: `update ${orders} set version = version + 1 where id = $1` }
        const ids = [1 + (turn % 4), 1 + ((turn + 1) % 4)].sort()
        return [
          ...ids.map((id) => ({ ...raise, values: [id] })),
          { text: `insert into ${orders} values ($1, 1, 'x')`, values: [100 + turn] },
        ]
      }
      const writes = Array.from({ length: 90 }, async (_, turn) => {
        const parts = processes[turn % 3] ?? first
        await parts.events.ready()
        if (turn % 2) await parts.database.batch(statements(turn, parts))
        else await parts.sql(raise, 1 + (turn % 4))
        await parts.events.caughtUp()
      })
      await Promise.all(writes)
      const expected = 45 * 3 + 45
      await until(async () => listeners.every(({ heard }) => heard.length >= expected))
      const [one, ...others] = listeners.map(({ heard }) => heard)
      t.equal(one?.length, expected)
      for (const other of others) t.same(other, one)
      for (const id of [1, 2, 3, 4]) {
        const versions = (one ?? []).flatMap((text) => {
          const [kind, of, before] = text.split(' ')
          return kind === 'updated' && of === `${id}` ? [Number(before)] : []
        })
        t.same(
          versions,
          versions.map((_, at) => at + 1),
          'each record is told of in its order',
        )
      }
      t.same(
        processes.flatMap(({ faults }) => faults),
        [],
      )
    })

    t.test('more than is read at once is heard of in its order', async (t) => {
      const parts = await openParts(t, await newParts(t, at))
      const { heard, since } = hear(parts)
      const ids = Array.from({ length: 350 }, (_, at) => at + 1)
      await write(parts, insert, ids)
      // Much is told over several turns.
      await until(async () => heard.length >= ids.length)
      t.same(
        heard,
        ids.map((id) => `created ${id} 1`),
      )
      since()
      await write(parts, 'delete from {orders}')
      await until(async () => heard.length >= ids.length)
      t.same(
        heard,
        ids.map((id) => `deleted ${id} 1`),
      )
    })

    t.test('who was taken for dead hears that there is a gap, and watches again', async (t) => {
      const options = await newParts(t, at)
      const [one, other] = [await openParts(t, options), await openParts(t, options)]
      const { since, heard } = hear(one)
      await one.events.ready()
      await other.sql('delete from {processes} where id = $1', one.presence.id)
      await other.sql(insert, [1])
      await one.presence.beat()
      await until(async () => (await other.sql('select from {watching}')).length === 1)
      await until(async () => heard.length > 0)
      await other.sql(insert, [2])
      await until(async () => heard.length > 1)
      t.equal(since(), 'a gap, created 2 1')
      await one.presence.beat()
      await write(one, insert, [3])
      t.equal(since(), 'created 3 1', 'it is over')
    })

    t.test('who has not read for so long that some is gone hears that', async (t) => {
      const options = await newParts(t, at)
      const [slow, other] = [await openParts(t, options), await openParts(t, options)]
      const { since } = hear(slow)
      await slow.events.ready()
      // Nobody tells it that there is something to read.
      await slow.listener.close()
      await other.sql(insert, [1])
      await other.sql(`update {steps} set placed_at = clock_timestamp() - interval '2 minutes'`)
      await other.presence.beat()
      await until(async () => (await other.sql('select from {steps}')).length === 0)
      await other.sql(insert, [2])
      await slow.events.caughtUp()
      t.equal(since(), 'a gap, created 2 1')
      await write(slow, insert, [3])
      t.equal(since(), 'created 3 1', 'it is over')
      t.same([...slow.faults, ...other.faults], [])
    })
  })
}

testEvents('PGlite', startPglite, false)
testEvents('PostgreSQL', startPostgres, NO_POSTGRES)
