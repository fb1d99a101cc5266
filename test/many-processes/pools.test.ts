import t from 'tap'
import { openFeed } from '../fixtures/feed.js'
import { ask, tokensOf } from '../fixtures/many-processes.js'
import { NO_POSTGRES, startPostgres } from '../fixtures/postgres.js'
import { startProcess } from '../fixtures/process.js'

t.test('few connections are enough for many requests', { skip: NO_POSTGRES }, async (t) => {
  const { url: database } = await startPostgres(t)
  const data = t.testdir({
    'db.json': JSON.stringify({
      users: [{ id: 1, username: 'user', password: 'password' }],
      posts: Array.from({ length: 1_000 }, (_, at) => ({ id: at + 1, title: `Post ${at}` })),
      comments: Array.from({ length: 50 }, (_, at) => ({ id: at + 1, postId: 1 })),
    }),
  })
  const file = `${data}/db.json`

  for (const connections of ['1', '2']) {
    await t.test(`DATABASE_POOL=${connections}`, async (t) => {
      const env = {
        DATABASE_URL: database,
        DATABASE_POOL: connections,
        DATABASE_SCHEMA: `pool_${connections}`,
      }
      const { url } = await startProcess(t, ['--apis', 'memes,registry,plans', file], { env })
      const { access: token } = await tokensOf(url)
      const uploads = 2_500_000
      const call = async (index: number) => {
        const path = `${url}/api/v1/package-${index}/v1`
        const form = new FormData()
        form.set('file', new Blob([Buffer.alloc(uploads, index)]), 'file')
        const response = await fetch(path, { method: 'POST', headers: { token }, body: form })
        await response.text()
        return response
      }
      const kinds = [
        () => ask(`${url}/posts`),
        () => ask(`${url}/posts?q=1&_sort=title`),
        (index: number) => ask(`${url}/posts`, 'POST', { json: { title: `New ${index}` } }),
        (index: number) => ask(`${url}/posts/${index + 1}`, 'DELETE'),
        () => ask(`${url}/dmps`, 'POST', { token, json: { project: 'Tides' } }),
        call,
      ]

      await t.test('one after the other all is done', async (t) => {
        const { next, block, leave } = await openFeed(t, `${url}/posts`)
        await block()
        // Read in parts: where one is waited for too long its answer is cut off, which is all that can be said by then.
        t.equal((await ask(`${url}/db`)).status, 200)
        for (const [index, kind] of kinds.entries()) t.ok((await kind(index)).status < 300)
        t.match(await next(), { event: 'created' })
        t.match(await next(), { event: 'deleted' })
        leave()
        const download = await fetch(`${url}/api/v1/package-5/v1`, { headers: { token } })
        t.equal((await download.arrayBuffer()).byteLength, uploads)
      })

      await t.test('200 at once are done, or told to come again', async (t) => {
        const calls = Array.from({ length: 200 }, (_, index) =>
          kinds[index % kinds.length]?.(index + 100),
        )
        const counts: Record<string, number> = {}
        for (const answer of await Promise.all(calls)) {
          const { status = 0, headers } = answer ?? {}
          counts[status] = (counts[status] ?? 0) + 1
          if (status === 503) t.match(headers?.get('retry-after'), /^[1-9]\d*$/)
          else if (status >= 300 || status === 0) t.fail(`${status}`)
        }
        t.comment(JSON.stringify(counts))
        t.equal((await ask(`${url}/posts?_limit=1`)).status, 200, 'and go on')
      })
    })
  }
})
