import { once } from 'node:events'
import { Readable } from 'node:stream'
import { text } from 'node:stream/consumers'
import { Type } from '@sinclair/typebox'
import t, { type Test } from 'tap'
import { declare, StoredFile } from '../../../store/declaration.js'
import {
  MissingContent,
  NoRoom,
  ReferenceViolation,
  VersionMismatch,
} from '../../../store/errors.js'
import { Database } from '../../../store/postgres/database.js'
import { PostgresEngine } from '../../../store/postgres/engine.js'
import { startPglite, type TestDatabase } from '../../fixtures/pglite.js'
import { NO_POSTGRES, newSchema, startPostgres } from '../../fixtures/postgres.js'
import { until } from '../../fixtures/postgres-parts.js'

const mine = { userId: { to: 'users', onDelete: 'delete' } } as const

const declarations = {
  users: declare({ name: Type.String() }, { unique: [['name']] }),
  scans: declare(
    { userId: Type.Integer(), file: Type.Union([StoredFile, Type.Null()]) },
    { references: mine, files: ['file'] },
  ),
  orders: declare(
    { userId: Type.Integer(), status: Type.String(), file: Type.Union([StoredFile, Type.Null()]) },
    {
      references: mine,
      files: ['file'],
      indexes: [{ fields: ['status'] }],
      queue: { field: 'status', waiting: 'waiting', by: 'userId' },
    },
  ),
}

/** Two processes on one state. */
async function openTwo(t: Test, at: TestDatabase, revokedTokenLimit = 1_000) {
  const schema = newSchema()
  const faults: unknown[] = []
  const open = async () => {
    const onFault = (fault: unknown) => faults.push(fault)
    const engine = new PostgresEngine({ ...at, schema }, { onFault, revokedTokenLimit })
    t.teardown(() => engine.close())
    return engine.open(declarations)
  }
  return { one: await open(), other: await open(), faults, schema }
}

const contentOf = (content: string) => Readable.from([Buffer.from(content)])

function testProcesses(
  name: string,
  start: (t: Test) => Promise<TestDatabase>,
  skip: string | false,
) {
  t.test(name, { skip }, async (t) => {
    const at = await start(t)

    t.test(
      'a deletion takes along all that follows, with its files, wherever that is known',
      async (t) => {
        const { one, other, faults } = await openTwo(t, at)
        const [ann, bob] = await one.users.insertMany([{ name: 'Ann' }, { name: 'Bob' }])
        const received = await other.files.receive(contentOf('content'))
        const { sha256, size } = received
        await one.scans.insert({ userId: 1, file: { sha256, size } })
        await other.orders.insert({ userId: 1, status: 'waiting', file: { sha256, size } })
        await received.release()
        const job = await other.jobs.take('orders', 60_000)
        const heard: string[] = []
        for (const watched of ['users', 'scans', 'orders'] as const) {
          other[watched].watch(({ kind, record }) => heard.push(`${watched} ${kind} ${record.id}`))
        }
        await other.watching()
        t.equal(await text(await one.files.read(sha256)), 'content')

        await one.users.delete(ann?.id ?? 0)
        await t.rejects(other.files.read(sha256), MissingContent)
        t.equal(await other.scans.get(1), undefined)
        t.equal(await other.orders.get(1), undefined)
        t.equal(await job?.finish({ status: 'done' }), undefined)
        if (job && !job.lost.aborted) await once(job.lost, 'abort')
        await until(async () => heard.length >= 3)
        t.equal(heard[0], 'users deleted 1')
        t.same(new Set(heard.slice(1)), new Set(['scans deleted 1', 'orders deleted 1']))
        await t.rejects(other.scans.insert({ userId: 1, file: null }), ReferenceViolation)
        await t.rejects(other.scans.insert({ userId: 2, file: { sha256, size } }), MissingContent)
        t.equal(bob?.id, 2)
        t.same(faults, [])
      },
    )

    t.test('what one has changed the other does not change back', async (t) => {
      const { one, other } = await openTwo(t, at)
      await one.users.insert({ name: 'Ann' })
      await other.users.update(1, { name: 'Anne' }, { versions: [1] })
      await t.rejects(one.users.update(1, { name: 'Ann' }, { versions: [1] }), VersionMismatch)
      t.match(await one.users.get(1), { name: 'Anne', version: 2 })
    })

    t.test('so many revoked tokens are remembered by all, until they have ended', async (t) => {
      const { one, other, schema } = await openTwo(t, at, 2)
      const { id } = await one.users.insert({ name: 'Ann' })
      const later = Date.now() + 3_600_000
      await one.sessions.revoke('a', later)
      await other.sessions.revoke('b', later)
      for (const { sessions } of [one, other]) {
        await t.rejects(sessions.revoke('c', later), new NoRoom('users', 'tokens'))
        await sessions.revoke('a', later)
        t.equal(await sessions.find('a', id), undefined)
        t.match(await sessions.find('c', id), { id }, 'it was told that it is still good')
      }
      const database = Database.open({ ...at, schema })
      t.teardown(() => database.close())
      const text = `update ${database.qualified('revoked_tokens')} set until = 1 where jti = 'a'`
      await database.query({ text })
      await one.sessions.revoke('c', later)
      t.equal(await other.sessions.find('c', id), undefined)
      await t.rejects(other.sessions.revoke('d', later), NoRoom)
    })

    t.test('jobs are done once, with the files that come of them', async (t) => {
      const { one, other, faults } = await openTwo(t, at)
      await one.users.insertMany(Array.from({ length: 10 }, (_, at) => ({ name: `${at}` })))
      await one.orders.insertMany(
        Array.from({ length: 30 }, (_, at) => ({
          userId: 1 + (at % 10),
          status: 'waiting',
          file: null,
        })),
      )
      const done: number[] = []
      const work = async ({ jobs, files }: typeof one) => {
        for (;;) {
          const job = await jobs.take('orders', 60_000)
          if (!job) return
          const { release, ...file } = await files.receive(contentOf(`order ${job.record.id}`))
          const finished = await job.finish({ status: 'done', file })
          await release()
          if (finished) done.push(finished.id)
        }
      }
      // Whoever finds all users busy leaves; the last one doesn't.
      while (done.length < 30) await Promise.all([one, other, one, other].map(work))
      t.same(
        done.sort((a, b) => a - b),
        Array.from({ length: 30 }, (_, at) => at + 1),
      )
      for await (const orders of one.orders.stream()) {
        for (const { id, status, file, version } of orders) {
          t.same([status, version], ['done', 2])
          t.equal(await text(await other.files.read(file?.sha256 ?? '')), `order ${id}`)
        }
      }
      t.same(faults, [])
    })
  })
}

testProcesses('PGlite', startPglite, false)
testProcesses('PostgreSQL', startPostgres, NO_POSTGRES)
