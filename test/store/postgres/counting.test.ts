import t, { type Test } from 'tap'
import { Counter } from '../../../store/postgres/counting/counter.js'
import { BLOCK } from '../../../store/postgres/counting/function.js'
import { literal } from '../../../store/postgres/database.js'
import { PostgresEngine } from '../../../store/postgres/engine.js'
import { Presence } from '../../../store/postgres/presence.js'
import {
  begin,
  countAnew,
  declarations,
  far,
  fill,
  moment,
  newArticle,
  newest,
  type Opened,
  ofFirst,
  openTwo,
  RECORDS,
  range,
  write,
} from '../../fixtures/counted-articles.js'
import { compareBlocks, comparePages, lookAt } from '../../fixtures/counts.js'
import { startPglite, type TestDatabase } from '../../fixtures/pglite.js'
import { NO_POSTGRES, startPostgres } from '../../fixtures/postgres.js'
import { until } from '../../fixtures/postgres-parts.js'

function testCounting(
  name: string,
  start: (t: Test) => Promise<TestDatabase>,
  skip: string | false,
) {
  t.test(name, { skip }, async (t) => {
    const at = await start(t)

    t.test('pages are the same wherever they are counted from', async (t) => {
      const opened = await openTwo(t, at)
      await fill(opened)
      const [{ articles }] = opened.views
      const before = await allPages(articles)
      await begin(opened)
      t.same(await allPages(articles), before)
      t.same(await articles.find({ offset: 2 * RECORDS, limit: 5, sort: newest }), {
        items: [],
        total: RECORDS,
      })
      t.equal((await articles.find({ limit: 0, where: ofFirst })).total, before.at(-1)?.total)
    })

    t.test('whoever looks sees counts and records of one moment', async (t) => {
      const opened = await openTwo(t, at)
      const { database, table, count, views } = opened
      await fill(opened)
      await begin(opened)
      const looks = [
        () => lookAt(database, (connection) => comparePages(t, opened, connection)),
        () => lookAt(database, (connection) => compareBlocks(t, table, connection)),
        () => count(),
        () => countAnew(opened),
      ]
      if (at.connections === 1) {
        // One session has its turns one after the other.
        for (let turn = 0; turn < 6; turn++) {
          for (const view of views) await write(view, 10)
          for (const look of looks) await look()
        }
      } else {
        let isOver = false
        const looking = looks.map(async (look) => {
          do await look()
          while (!isOver)
        })
        const writing = [...views, ...views].map((view) => write(view, 150))
        await Promise.all(writing).finally(() => {
          isOver = true
        })
        await Promise.all(looking)
      }
      await until(async () => {
        await count()
        return lookAt(database, async (connection) => {
          const { rows } = await connection.query({
            text: `select from ${database.qualified('articles/changes')}`,
          })
          return rows.length === 0
        })
      })
      await lookAt(database, async (connection) => {
        await comparePages(t, opened, connection)
        await compareBlocks(t, table, connection)
      })
    })

    t.test('long blocks are divided, and empty ones go', async (t) => {
      const opened = await openTwo(t, at)
      const { database, count, views } = opened
      const [{ articles, users }] = views
      await fill(opened)
      await begin(opened)
      await articles.insertMany(
        range(3 * BLOCK).map(() => ({ ...newArticle(), userId: 2, postedAt: '2026-06' })),
      )
      const blocks = async () =>
        (
          await database.query({
            text: `select "userId", "records/" as records from ${database.qualified('articles/blocks')} order by "userId"`,
          })
        ).rows
      await until(async () => {
        await count()
        return (await blocks()).every(({ records }) => Number(records) <= 2 * BLOCK)
      })
      await users.delete(1)
      await until(async () => {
        await count()
        return !(await blocks()).some(({ userId }) => userId === 1)
      })
      t.same(await articles.find({ limit: 1, where: ofFirst, sort: newest }), {
        items: [],
        total: 0,
      })
      await lookAt(database, (connection) => compareBlocks(t, opened.table, connection))
    })

    t.test('what has changed is counted now and then, and leaves no room taken', async (t) => {
      const { engines, database, table } = await openTwo(t, at)
      // Nobody else is there who would.
      await Promise.all(engines.map((engine) => engine.close()))
      const presence = new Presence(database, () => {})
      const counter = new Counter(database, [table], presence, () => {})
      t.teardown(async () => {
        await counter.close()
        await presence.close()
      })
      let last = 0
      const add = async (count: number) => {
        const ids = `generate_series(${last + 1}, ${last + count}) id`
        last += count
        await database.query({
          text: `insert into ${table.sql} select id, 1, 'Title', null, '2026' from ${ids}`,
        })
      }
      const list = database.qualified('articles/changes')
      const look = async () => {
        const text = `select count(*), pg_relation_size(${literal(list)}) as size from ${list}`
        return (await database.query({ text })).rows[0]
      }
      const isCounted = async () => (await look())?.count === 0

      await add(10)
      t.equal((await look())?.count, 10)
      counter.note(table, 9)
      counter.note(table, 1_000)
      await until(isCounted)
      await add(10)
      await presence.beat()
      await until(isCounted)
      await until(async () => {
        await add(3_000)
        await presence.beat()
        await until(isCounted)
        return (await look())?.size === 0
      })
      t.pass()
    })

    t.test('what was counted is counted anew where a declaration has changed', async (t) => {
      const opened = await openTwo(t, at)
      await fill(opened)
      await begin(opened)
      const { database, table } = opened
      const engine = new PostgresEngine({ ...at, schema: database.schema })
      t.teardown(() => engine.close())
      const indexes = [{ fields: [], sort: newest }] as const
      const { articles } = declarations
      const view = await engine.open({ ...declarations, articles: { ...articles, indexes } })
      await view.articles.insert(newArticle())
      t.equal((await view.articles.find({ limit: 1 })).total, RECORDS + 1)
      await lookAt(database, (connection) => compareBlocks(t, table, connection))
    })
  })
}

testCounting('PGlite', startPglite, false)
testCounting('PostgreSQL', startPostgres, NO_POSTGRES)

t.test('nobody waits for whoever counts', { skip: NO_POSTGRES }, async (t) => {
  const opened = await openTwo(t, await startPostgres(t))
  const { database, count, views } = opened
  const [{ articles }, other] = views
  await fill(opened)
  await begin(opened)
  await database.transaction(async (connection) => {
    await until(() => count(connection))
    await other.articles.insert(newArticle())
    await articles.update(1, { userId: 3, postedAt: moment() })
    await articles.delete(2)
    await other.users.delete(5)
    t.equal((await articles.find(far)).total, RECORDS)
    t.notOk(await count(), 'another who would count leaves it')
  })
  await count()
  await lookAt(database, (connection) => compareBlocks(t, opened.table, connection))
})

/** Pages near and far, of all and of one user's, up and down. */
async function allPages(articles: Opened['views'][number]['articles']) {
  const pages = []
  for (const sort of [undefined, newest]) {
    for (const offset of [0, 999, 1_000, 2_048, 4_097, RECORDS - 3]) {
      pages.push(await articles.find({ offset, limit: 5, sort }))
    }
  }
  for (const offset of [0, 1_500, 4_000]) {
    pages.push(await articles.find({ offset, limit: 5, sort: newest, where: ofFirst }))
  }
  return pages
}
