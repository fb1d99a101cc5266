import pg from 'pg'
import t, { type Test } from 'tap'
import { Database, literal, type Statement } from '../../../store/postgres/database.js'
import { MOST_PREPARED, Statements } from '../../../store/postgres/statements.js'
import { writtenJson } from '../../../store/postgres/values.js'
import { startPglite, type TestDatabase } from '../../fixtures/pglite.js'
import { NO_POSTGRES, newSchema, startPostgres } from '../../fixtures/postgres.js'

const ODD = `a'b\\"\n\0\u0001\u0002`

function testDatabase(
  name: string,
  start: (t: Test) => Promise<TestDatabase>,
  skip: string | false,
) {
  t.test(name, { skip }, async (t) => {
    const at = await start(t)
    const open = async (t: Test) => {
      const database = Database.open({ connections: 3, ...at, schema: newSchema() })
      t.teardown(() => database.close())
      await database.query({ text: `create schema "${database.schema.replaceAll('"', '""')}"` })
      return database
    }

    t.test('texts come back as they were, and in their order', async (t) => {
      const database = await open(t)
      const texts = [
        '',
        '\0',
        '\0\0',
        '\0\u0001',
        '\u0001',
        '\u0001\u0002',
        '\u0002',
        '\u0003',
        '\u0004',
        ODD,
      ]
      const { rows } = await database.query({
        text: `select text, text::text as same from unnest($1::text[]) text order by text collate "C"`,
        values: [texts.toReversed()],
      })
      t.same(
        rows.map(({ text }) => text),
        texts,
      )
      const json = { [ODD]: texts, z: 1e21, a: -0.5, '\\u0000': '\\\0' }
      const given = await database.query({
        text: `select $1::json as json, $1::json -> $2 as list, $1::json ->> '\\u0000' as text, ${literal(ODD)} as literal`,
        values: [writtenJson(json), ODD],
      })
      t.same(given.rows, [{ json, list: texts, text: '\\\0', literal: ODD }])
      t.equal(JSON.stringify(given.rows[0]?.json), JSON.stringify(json))
    })

    t.test('what is prepared is asked once for its columns', async (t) => {
      const database = await open(t)
      const { describe } = pg.Connection.prototype
      const asked = t.capture(pg.Connection.prototype, 'describe', describe)
      const numbers = database.prepared(
        'select n, nullif(n, 2) as other from generate_series(1, $1::bigint) n',
      )
      const rows = [
        { n: 1, other: 1 },
        { n: 2, other: null },
      ]
      for (const count of [2, 1, 0, 2]) {
        const answer = await database.query({ ...numbers, values: [count] })
        t.same(answer, { rows: rows.slice(0, count), count })
      }
      t.equal(asked().length, 1)
    })

    t.test('what a table is asked again is prepared, up to a bound', async (t) => {
      const database = await open(t)
      const { describe } = pg.Connection.prototype
      const asked = t.capture(pg.Connection.prototype, 'describe', describe)
      const statements = new Statements(database)
      for (const n of [1, 2, 3]) {
        const { rows } = await database.query(statements.of('select $1::bigint as n', [n]))
        t.same(rows, [{ n }])
      }
      t.equal(asked().length, 1)
      for (let n = 0; n < MOST_PREPARED; n++) statements.of(`select ${n}`, [])
      t.equal(statements.of('one more', []).name, undefined)
      t.type(statements.of('select $1::bigint as n', [1]).name, 'string')
    })

    t.test('a row has objects of the columns that are parts of it', async (t) => {
      const database = await open(t)
      const { rows } = await database.query({
        text: `select n as "record/id", nullif(n, 2) as "target/id", 'x/y' as "target/", n as "other/id"
          from generate_series(1, 2::bigint) n`,
      })
      t.same(rows, [
        { record: { id: 1 }, target: { id: 1, '': 'x/y' }, 'other/id': 1 },
        { record: { id: 2 }, target: { id: null, '': 'x/y' }, 'other/id': 2 },
      ])
    })

    t.test('a transaction that fails leaves nothing', async (t) => {
      const database = await open(t)
      const things = database.qualified('things')
      await database.batch([{ text: `create table ${things} (id bigint primary key)` }])
      const insert = (id: number): Statement => ({
        ...database.prepared(`insert into ${things} values ($1) returning id`),
        values: [id],
      })
      t.same(await database.query(insert(1)), { rows: [{ id: 1 }], count: 1 })
      await t.rejects(database.batch([insert(2), insert(1), insert(3)]), { code: '23505' })
      await t.rejects(
        database.transaction(async (connection) => {
          await connection.query(insert(4))
          throw new RangeError('no')
        }),
        RangeError,
      )
      const count = { text: `select count(*) as count from ${things}` }
      t.same((await database.query(count)).rows, [{ count: 1 }])
      const results = await database.batch([insert(5), insert(6)])
      t.same(
        results.map(({ rows }) => rows),
        [[{ id: 5 }], [{ id: 6 }]],
      )
      const many = Array.from({ length: 20 }, (_, at) => database.query(insert(at + 10)))
      await Promise.all(many)
      t.same((await database.query(count)).rows, [{ count: 23 }])
    })
  })
}

testDatabase('PGlite', startPglite, false)
testDatabase('PostgreSQL', startPostgres, NO_POSTGRES)
