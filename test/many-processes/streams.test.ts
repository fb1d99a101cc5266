import { setTimeout as delay } from 'node:timers/promises'
import t from 'tap'
import { openFeed } from '../fixtures/feed.js'
import { ask } from '../fixtures/many-processes.js'
import { NO_POSTGRES, startPostgres } from '../fixtures/postgres.js'
import { startProcess } from '../fixtures/process.js'
import { query } from '../fixtures/sql.js'
import { Wire } from '../fixtures/wire.js'

t.test('event streams of a process that loses its database', { skip: NO_POSTGRES }, async (t) => {
  const postgres = await startPostgres(t)
  const wire = await Wire.start(t, postgres.url)
  const data = t.testdir({ 'db.json': JSON.stringify({ posts: [{ id: 1, title: 'Sea' }] }) })
  const start = (database: string) =>
    startProcess(t, [`${data}/db.json`], { env: { DATABASE_URL: database } })
  const [{ url: near }, { url: far }] = [await start(postgres.url), await start(wire.url)]
  const post = async (title: string) => {
    const { status } = await ask(`${near}/posts`, 'POST', { json: { title } })
    t.equal(status, 201)
  }

  await t.test('go on where what is said is lost, and hear it again', async (t) => {
    const { next, block, leave } = await openFeed(t, `${far}/posts`)
    await block()
    wire.lose('what is said')
    await post('Moon')
    t.match(await next(), { event: 'created', data: { title: 'Moon' } })
    while (wire.listening > 0) await delay(20)
    wire.mend()
    while (wire.listening === 0) await delay(20)
    await post('Sun')
    t.match(await next(), { event: 'created', data: { title: 'Sun' } })
    leave()
  })

  await t.test('end where something could have been missed', async (t) => {
    const feeds = [
      await openFeed(t, `${far}/posts`),
      await openFeed(t, `${far}/posts/1`),
      await openFeed(t, `${far}/__slipway/events?type=change`),
    ]
    for (const { block } of feeds) await block()
    // As the others do with a process that has said nothing for long.
    await query(postgres.url, 'delete from slipway.processes')
    for (const { next } of feeds) t.equal(await next(), undefined)
    const again = await openFeed(t, `${far}/posts`)
    await again.block()
    await post('Tide')
    t.match(await again.next(), { event: 'created', data: { title: 'Tide' } })
    again.leave()
  })
})
