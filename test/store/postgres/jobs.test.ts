import { once } from 'node:events'
import t, { type Test } from 'tap'
import type { DatabaseOptions } from '../../../store/postgres/database.js'
import { startPglite } from '../../fixtures/pglite.js'
import { NO_POSTGRES, startPostgres } from '../../fixtures/postgres.js'
import { newParts, openParts, type Parts } from '../../fixtures/postgres-parts.js'

const HOUR = 3_600_000

const take = ({ jobs, orders }: Parts, lease = HOUR) => jobs.take(orders, lease)

const insert = `insert into {orders} select id, 1, 'waiting', id from unnest($1::bigint[]) id`

/** The lease of a record's job is over, by the database's clock. */
const END = `update {jobs} set ends = clock_timestamp() - interval '1 second' where record = $1`

/** Done when something is lost. A lease doesn't keep the process alive. */
async function lost(signal: AbortSignal | undefined): Promise<void> {
  const alive = setInterval(() => {}, 1_000)
  if (signal && !signal.aborted) await once(signal, 'abort')
  clearInterval(alive)
}

function testJobs(
  name: string,
  start: (t: Test) => Promise<DatabaseOptions>,
  skip: string | false,
) {
  t.test(name, { skip }, async (t) => {
    const at = await start(t)
    const openTwo = async (t: Test) => {
      const options = await newParts(t, at)
      return [await openParts(t, options), await openParts(t, options)] as const
    }

    t.test('no two processes take one job, and the first comes first', async (t) => {
      const [one, other] = await openTwo(t)
      const ids = Array.from({ length: 30 }, (_, at) => at + 1)
      await one.sql(insert, ids)
      t.equal((await take(other))?.record.id, 1)
      const taking = Array.from({ length: 40 }, (_, at) => take(at % 2 ? one : other))
      const taken = await Promise.all(taking)
      const found = taken.flatMap((job) => (job ? [job.record.id] : []))
      t.same(
        found.sort((a, b) => a - b),
        ids.slice(1),
        'each once',
      )
      t.same(taken.find((job) => job?.record.id === 2)?.record, {
        id: 2,
        version: 1,
        status: 'waiting',
        whose: 2,
      })
      t.equal(await take(one), undefined)
      t.same([...one.faults, ...other.faults], [])
    })

    t.test('of each one is done at a time, and all take turns, whoever gives them', async (t) => {
      const [one, other] = await openTwo(t)
      const text = `insert into {orders} select id, 1, 'waiting', (id - 1) / 3 + 1 from generate_series(1, 9) id`
      await one.sql(text)
      const given: unknown[] = []
      for (let turn = 0; turn < 9; turn++) {
        const [first, second] = turn % 2 ? [one, other] : [other, one]
        const job = await take(first)
        given.push(job?.record.id)
        const next = await take(second)
        if (next) t.not(next.record.whose, job?.record.whose)
        await next?.finish({ status: 'waiting' })
        await job?.finish({ status: 'done' })
      }
      t.same(new Set(given), new Set([1, 2, 3, 4, 5, 6, 7, 8, 9]))
    })

    t.test('a record that is being changed is passed over', async (t) => {
      const [one, other] = await openTwo(t)
      await one.sql(insert, [1, 2])
      await one.database.transaction(async (connection) => {
        const text = `update ${one.database.qualified('orders')} set status = 'done' where id = 1`
        // PGlite has one session, where nobody could be in another's way.
        if (name !== 'PGlite') await connection.query({ text })
        const job = await (name === 'PGlite' ? undefined : take(other))
        t.equal(job?.record.id, name === 'PGlite' ? undefined : 2)
      })
    })

    t.test('a job is taken over when its lease is over', async (t) => {
      const [one, other] = await openTwo(t)
      await one.sql(insert, [1])
      const job = await take(one)
      t.equal(await take(other), undefined)
      await other.sql(END, 1)
      const next = await take(other)
      t.equal(next?.record.id, 1)
      t.equal(await job?.finish({ status: 'mine' }), undefined, "it is another's now")
      await lost(job?.lost)
      await job?.renew()
      t.equal(await take(one), undefined)
      t.match(await next?.finish({ status: 'done' }), { id: 1, version: 2, status: 'done' })
      t.equal(next?.lost.aborted, true)
      t.equal(await next?.finish({ status: 'again' }), undefined)
      t.same(await one.sql('select status from {orders}'), [{ status: 'done' }])
      t.same(await one.sql('select from {jobs}'), [])
    })

    t.test('one that is renewed in time is kept, and one that is not is lost', async (t) => {
      const [one, other] = await openTwo(t)
      await one.sql(insert, [1, 2])
      const [kept, late] = [await take(one), await take(one)]
      await kept?.renew()
      await other.sql(END, 2)
      await late?.renew()
      t.equal(late?.lost.aborted, true)
      t.equal(kept?.lost.aborted, false)
      const short = await take(other, 1)
      await lost(short?.lost)
      t.equal(await short?.finish({ status: 'done' }), undefined)
      await kept?.finish({ status: 'done' })
      t.same(await one.sql('select id, status from {orders} order by id'), [
        { id: 1, status: 'done' },
        { id: 2, status: 'waiting' },
      ])
    })

    t.test(
      'who has a job hears that its record waits no more, wherever that came about',
      async (t) => {
        const [one, other] = await openTwo(t)
        await one.sql(insert, [1, 2, 3, 4])
        const [gone, changed, touched, here] = [
          await take(one),
          await take(one),
          await take(one),
          await take(one),
        ]
        await other.sql('update {orders} set version = 5')
        await other.sql('delete from {orders} where id = 1')
        await other.sql(`update {orders} set status = 'given up' where id = 2`)
        await lost(gone?.lost)
        await lost(changed?.lost)
        t.equal(await changed?.finish({ status: 'done' }), undefined)
        t.equal(touched?.lost.aborted, false)
        await one.sql('delete from {orders} where id = 4')
        await one.jobs.caughtUp('orders')
        t.equal(here?.lost.aborted, true)
        t.match(await touched?.finish({ status: 'done' }), { version: 6 })
      },
    )

    t.test('who leaves gives up its jobs', async (t) => {
      const [one, other] = await openTwo(t)
      await one.sql(insert, [1])
      const job = await take(one)
      await one.close()
      t.equal(job?.lost.aborted, true)
      t.equal(await take(one), undefined)
      t.equal((await take(other))?.record.id, 1)
    })

    t.test('who watches hears of what becomes of a job', async (t) => {
      const [one] = await openTwo(t)
      await one.sql(insert, [1])
      const job = await take(one)
      const heard: unknown[] = []
      one.events.watch('orders', ({ record }) => heard.push(record.status))
      await job?.finish({ status: 'done' })
      t.same(heard, ['done'])
    })
  })
}

testJobs('PGlite', startPglite, false)
testJobs('PostgreSQL', startPostgres, NO_POSTGRES)
