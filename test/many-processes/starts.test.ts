import { setTimeout as delay } from 'node:timers/promises'
import t, { type Test } from 'tap'
import { ask } from '../fixtures/many-processes.js'
import { NO_POSTGRES, startPostgres } from '../fixtures/postgres.js'
import { finish, runCommand, startProcess } from '../fixtures/process.js'
import { query } from '../fixtures/sql.js'

/** How many records the data file has: filling takes a while. */
const POSTS = 10_000

/** What is seen of a start from outside, at the moments of it: each is a condition in SQL, of a schema named `moment`. */
const MOMENTS = [
  `to_regclass('moment.settings') is not null`,
  // What has been written and not committed can't be read, but takes room.
  `coalesce(pg_relation_size(to_regclass('moment."own/posts"')), 0) > 500000`,
  `exists (select from pg_stat_activity where query like '%"moment"."settings"%now()%')`,
]

t.test('starts on one database', { skip: NO_POSTGRES }, async (t) => {
  const { url } = await startPostgres(t)
  const env = (schema: string) => ({ DATABASE_URL: url, DATABASE_SCHEMA: schema })
  const isTrue = async (condition: string) => {
    const [row] = await query(url, `select ${condition} as so`)
    return Object(row).so === true
  }
  const fileWith = (t: Test, data: object) =>
    `${t.testdir({ 'db.json': JSON.stringify(data) })}/db.json`

  t.test('who is killed while it fills it has done nothing, or all', async (t) => {
    const posts = Array.from({ length: POSTS }, (_, at) => ({ id: at + 1, title: `Post ${at}` }))
    const file = fileWith(t, { posts })
    const count = async () => {
      if (!(await isTrue(`to_regclass('moment."own/posts"') is not null`))) return 0
      const [row] = await query(url, 'select count(*)::integer as n from moment."own/posts"')
      return Object(row).n
    }
    for (const moment of MOMENTS) {
      const { child, ended } = runCommand(t, ['--port', '0', file], { env: env('moment') })
      while (child.exitCode === null && !(await isTrue(moment))) await delay(1)
      child.kill('SIGKILL')
      t.equal(await ended, 'SIGKILL', moment)
      t.ok([0, POSTS].includes(await count()), 'all or nothing')
      const next = await startProcess(t, [file], { env: env('moment') })
      t.equal(await count(), POSTS)
      t.equal((await ask(`${next.url}/posts/${POSTS}`)).status, 200)
      t.match((await ask(`${next.url}/posts`, 'POST', { json: {} })).body, { id: POSTS + 1 })
      next.child.kill('SIGKILL')
      await next.ended
      await query(url, 'drop schema moment cascade')
    }
  })

  t.test('of many at once one makes it and fills it', async (t) => {
    const all = Array.from({ length: 4 }, () => startProcess(t, [], { env: env('many') }))
    const started = await Promise.all(all)
    const filled = started.filter(({ output }) => output.stdout.includes('The database was empty'))
    t.equal(filled.length, 1)
    for (const { url } of started) t.equal(Object((await ask(`${url}/api/ships`)).body).length, 15)
    t.same(await query(url, 'select number from many.migrations'), [{ number: 1 }])
  })

  t.test('another data file fills nothing, and may not contradict what is there', async (t) => {
    const start = async (data: object) => {
      const { child, ended, url } = await startProcess(t, [fileWith(t, data)], { env: env('own') })
      const [posts, profile] = [await ask(`${url}/posts`), await ask(`${url}/profile`)]
      child.kill('SIGKILL')
      await ended
      return [posts.body, profile.body]
    }
    const first = { posts: [{ id: 1, title: 'Sea' }], profile: { theme: 'dark' } }
    const there = [first.posts, first.profile]
    t.same(await start(first), there)
    t.same(await start({ posts: [{ id: 'x', stars: 5 }], profile: { theme: 'light' } }), there)
    const refused: [object, string][] = [
      [{ posts: { title: 'Sea' } }, 'posts is one record in the data file, and a collection in'],
      [{ profile: [{ id: 1 }] }, 'profile is a collection in the data file, and one record in'],
      [{ users: [{ id: 1, name: 'Ann' }] }, 'the users in'],
    ]
    for (const [data, reason] of refused) {
      const { code, stderr } = await finish(t, [fileWith(t, data)], { env: env('own') })
      t.equal(code, 1)
      t.match(stderr, new RegExp(`^slipway: ${reason} this schema of the database.*\n$`))
    }
    t.same(await start(first), there)
  })

  t.test('a fault that is found on the way ends the start, and decides nothing', async (t) => {
    const ann = { email: 'ann@example.com', password: 'a pass phrase' }
    const file = fileWith(t, {
      users: [
        { id: 1, ...ann },
        { id: 2, ...ann },
      ],
    })
    const args = ['--apis', 'none', file]
    const { code, stderr } = await finish(t, args, { env: env('faulty') })
    t.equal(code, 1)
    t.match(stderr, /^slipway: .*email.*\n$/)
    const { url } = await startProcess(t, [], { env: env('faulty') })
    t.equal(Object((await ask(`${url}/api/users`)).body).length, 3)
  })

  t.test('a schema of a newer version is refused', async (t) => {
    const { child, ended } = await startProcess(t, [], { env: env('newer') })
    child.kill('SIGKILL')
    await ended
    await query(url, 'insert into newer.migrations (number) values (1000)')
    const { code, stderr } = await finish(t, [], { env: env('newer') })
    t.equal(code, 1)
    t.match(stderr, /^slipway: The schema newer was made by a newer version .*\n$/)
  })

  t.test('where the tables can not be made nothing is', async (t) => {
    await query(url, 'create schema taken')
    await query(url, 'create table taken.events (of text)')
    await query(url, 'create role nobody login')
    const refused = [
      { DATABASE_URL: url, DATABASE_SCHEMA: 'taken' },
      { DATABASE_URL: url.replace('slipway@', 'nobody@'), DATABASE_SCHEMA: 'forbidden' },
    ]
    for (const env of refused) {
      const { code, stderr } = await finish(t, [], { env })
      t.equal(code, 1)
      t.match(stderr, /^slipway: the database refuses to make the tables: .*\n$/)
    }
    const tables = `select relname as name from pg_class where relnamespace = 'taken'::regnamespace and relkind = 'r'`
    t.same(await query(url, tables), [{ name: 'events' }])
    t.ok(await isTrue(`to_regnamespace('forbidden') is null`))
  })
})
