import { Type } from '@sinclair/typebox'
import t, { type Test } from 'tap'
import { declare } from '../../../store/declaration.js'
import { Unavailable } from '../../../store/errors.js'
import { type Connection, Database, quoted } from '../../../store/postgres/database.js'
import { PostgresEngine } from '../../../store/postgres/engine.js'
import { prepare } from '../../../store/postgres/migrations.js'
import { NO_POSTGRES, newSchema, startPostgres } from '../../fixtures/postgres.js'

const READING = { begin: { text: 'begin isolation level repeatable read' } }

t.test('what is in the way of another', { skip: NO_POSTGRES }, async (t) => {
  const { url } = await startPostgres(t)

  const openDatabase = async (t: Test) => {
    const database = Database.open({ url, schema: newSchema(), connections: 4 })
    t.teardown(() => database.close())
    await database.batch([
      { text: `create schema ${quoted(database.schema)}` },
      { text: `create table ${database.qualified('things')} (id integer primary key, n integer)` },
      { text: `insert into ${database.qualified('things')} values (1, 0), (2, 0)` },
    ])
    const raise = (id: number) => ({
      text: `update ${database.qualified('things')} set n = n + 1 where id = ${id}`,
    })
    const numbers = async () => {
      const text = `select n from ${database.qualified('things')} order by id`
      return (await database.query({ text })).rows.map(({ n }) => n)
    }
    return { database, raise, numbers }
  }

  t.test('of two that wait for each other one is done anew', async (t) => {
    const { database, raise, numbers } = await openDatabase(t)
    const both = meeting(2)
    let runs = 0
    const inOrder = (first: number, second: number) =>
      database.transaction(async (connection) => {
        runs++
        await connection.query(raise(first))
        await both()
        await connection.query(raise(second))
      })
    await Promise.all([inOrder(1, 2), inOrder(2, 1)])
    t.same(await numbers(), [2, 2])
    t.ok(runs > 2, 'one was not enough')
  })

  t.test('of many at once that find no schema one makes it', async (t) => {
    for (const schema of Array.from({ length: 5 }, newSchema)) {
      const databases = Array.from({ length: 6 }, () => Database.open({ url, schema }))
      t.teardown(() => Promise.all(databases.map((each) => each.close())))
      await Promise.all(databases.map((each) => each.query({ text: 'select 1' })))
      await Promise.all(databases.map((each) => prepare(each, new Map())))
      const text = `select number from ${quoted(schema)}.migrations`
      t.same((await databases[0]?.query({ text }))?.rows, [{ number: 1 }])
    }
  })

  t.test('what always is gives up after three more times, and does nothing', async (t) => {
    const { database, raise, numbers } = await openDatabase(t)
    let runs = 0
    const hopeless = database.transaction(async (connection) => {
      runs++
      await connection.query(raise(1))
      await connection.query({ text: `select from ${database.qualified('things')}` })
      // Another is always faster.
      await database.query(raise(2))
      await connection.query(raise(2))
    }, READING)
    await t.rejects(hopeless, Unavailable)
    t.equal(runs, 4)
    t.same(await numbers(), [0, 4])
    t.equal((await database.query({ text: 'select 1 as one' })).count, 1, 'no connection is lost')
  })

  t.test('what was once is done', async (t) => {
    const { database, raise, numbers } = await openDatabase(t)
    let runs = 0
    const run = async (connection: Connection) => {
      runs++
      await connection.query(raise(1))
      if (runs === 1) await database.query(raise(2))
      await connection.query(raise(2))
    }
    await database.transaction(run, READING)
    t.equal(runs, 2)
    t.same(await numbers(), [1, 2])
  })

  t.test('totals are right whatever happens at once, in all processes', async (t) => {
    const declarations = {
      owners: declare({ name: Type.String() }, { unique: [['name']] }),
      things: declare(
        { name: Type.String(), ownerId: Type.Integer() },
        { unique: [['name']], references: { ownerId: { to: 'owners', onDelete: 'delete' } } },
      ),
    }
    const schema = newSchema()
    const open = async () => {
      const engine = new PostgresEngine({ url, schema, connections: 4 }, { onFault: () => {} })
      t.teardown(() => engine.close())
      return engine.open(declarations)
    }
    const views = [await open(), await open(), await open()]
    const [first] = views
    if (!first) return
    const owners = await first.owners.insertMany(['a', 'b', 'c', 'd'].map((name) => ({ name })))
    const turns = Array.from({ length: 300 }, async (_, turn) => {
      const view = views[turn % views.length] ?? first
      const ownerId = owners[turn % owners.length]?.id ?? 0
      const name = `${turn % 200}`
      // Some names are taken, some owners gone, and some things: each is refused whole.
      if (turn % 10 === 9) await view.things.delete(1 + (turn % 50))
      else if (turn % 100 === 50) await view.owners.delete(ownerId)
      else if (turn % 7 === 6) {
        await view.things.insertMany(
          [`${name} first`, `${name} second`, name].map((name) => ({ name, ownerId })),
        )
      } else await view.things.insert({ name, ownerId })
    })
    await Promise.allSettled(turns)
    for (const { things } of views) {
      let count = 0
      for await (const some of things.stream()) count += some.length
      t.ok(count > 0)
      t.equal((await things.find({ limit: 1 })).total, count)
      t.equal((await things.find({ limit: 0 })).total, count)
    }
  })
})

/** Lets some meet: each waits until all have come. Who comes again waits for nobody. */
function meeting(number: number): () => Promise<void> {
  let isOver = () => {}
  const over = new Promise<void>((resolve) => {
    isOver = resolve
  })
  let come = 0
  return () => {
    come++
    if (come === number) isOver()
    return over
  }
}
