import { PassThrough, Readable } from 'node:stream'
import { text } from 'node:stream/consumers'
import { Type } from '@sinclair/typebox'
import t, { type Test } from 'tap'
import { declare, StoredFile } from '../../store/declaration.js'
import type { ForkableView, ForkingEngine, RecordEvent } from '../../store/engine.js'
import { MissingContent } from '../../store/errors.js'
import { all, countOf } from '../../store/lookups.js'

const declarations = {
  users: declare({ name: Type.String() }),
  notes: declare({ text: Type.String() }),
  /** What nobody has planned, and any query. */
  things: declare({ content: Type.Unsafe<object>({ type: 'object' }) }, { scans: true }),
  scans: declare({ file: Type.Union([StoredFile, Type.Null()]) }, { files: ['file'] }),
  orders: declare(
    { status: Type.String(), userId: Type.Integer() },
    {
      indexes: [{ fields: ['status'] }],
      queue: { field: 'status', waiting: 'waiting', by: 'userId' },
    },
  ),
}

type Store = ForkableView<typeof declarations>

/** More than a reader takes at once. */
const LONG = 'x'.repeat(2 * 1024 * 1024)

/**
 * What every engine must do with forks and snapshots while something is under way in them.
 * @param name the engine's, for the report
 * @param newEngine opens an empty one
 * @param contents names what an engine has on its disk, once it has done what it was to do
 */
export function testForks<E extends ForkingEngine>(
  name: string,
  newEngine: () => E,
  contents: (engine: E) => Promise<readonly string[]>,
): void {
  const test = (
    what: string,
    run: (t: Test, store: Store, contentsNow: () => Promise<readonly string[]>) => Promise<void>,
  ) =>
    t.test(`${name}: ${what}`, async (t) => {
      const engine = newEngine()
      t.teardown(() => engine.close())
      await run(t, await engine.open(declarations), () => contents(engine))
    })

  test('forks find what they have by any value, whatever they have changed', async (t, store) => {
    const thing = (n: number) => ({ content: { n: n % 100 } })
    await store.things.insertMany(Array.from({ length: 3000 }, (_, at) => thing(at)))
    const fork = await store.fork()
    await fork.things.update(8, thing(5))
    await fork.things.delete(106)
    await fork.things.insert(thing(5))
    const next = await fork.fork()
    await next.things.update(206, thing(9))
    await store.things.update(306, thing(9))
    const found = async ({ things }: Store) => {
      const match = { path: ['content', 'n'], op: 'is', value: ['5'] } as const
      const finding = [things.find({ where: match, limit: 1000 }), things.insert(thing(5))] as const
      const [{ total }] = await Promise.all(finding)
      const { items } = await things.find({ where: match, limit: 1000 })
      const expected = (await all(things)).filter(({ content }) => Reflect.get(content, 'n') === 5)
      t.strictSame(
        items.map(({ id }) => id),
        expected.map(({ id }) => id),
      )
      return [items.length - total, items.length]
    }
    const counts = await Promise.all([next, fork, store].map(found))
    t.same(
      counts.map(([, count]) => count),
      [31, 32, 30],
    )
    for (const [added = 0] of counts) t.ok(added === 0 || added === 1)
  })

  test('nothing stays of a file that arrives while its view is closed', async (t, store, contents) => {
    const fork = await store.fork()
    const source = new PassThrough()
    const receiving = fork.files.receive(source)
    source.write('some')
    await fork.close()
    source.end(' more')
    const { sha256, size, release } = await receiving
    t.match(await fork.scans.insert({ file: { sha256, size } }), { id: 1, file: { size: 9 } })
    await release()
    await t.rejects(fork.files.read(sha256), MissingContent)
    t.same(await contents(), [])

    const late = await keepFile(fork, 'late')
    await t.rejects(fork.files.read(late), MissingContent)
    t.same(await contents(), [])
  })

  test('nothing stays of a file that arrived before its view was closed', async (t, store, contents) => {
    const fork = await store.fork()
    const { sha256, size, release } = await fork.files.receive(sourceOf('content'))
    await fork.close()
    await fork.scans.insert({ file: { sha256, size } })
    await release()
    t.same(await contents(), [])
  })

  test('a closed view neither holds a file nor lets one go', async (t, store, contents) => {
    const sha256 = await keepFile(store, 'content')
    const fork = await store.fork()
    const own = await keepFile(fork, 'its own')
    await fork.close()
    await fork.close()
    t.same(await contents(), [sha256])
    const [first] = await all(fork.scans)
    await fork.scans.insert({ file: first?.file ?? null })
    for (const { id } of await all(fork.scans)) {
      await fork.scans.update(id, { file: null })
      await fork.scans.delete(id)
    }
    const after = await fork.fork()
    await after.scans.insert({ file: first?.file ?? null })
    for (const { id } of await all(after.scans)) await after.scans.delete(id)
    await (await fork.snapshot()).discard()
    await t.rejects(fork.files.read(own), MissingContent)
    t.equal(await text(await store.files.read(sha256)), 'content')
    await store.scans.delete(1)
    t.same(await contents(), [])
  })

  test('a closed view can be put back, without files', async (t, store, contents) => {
    await keepFile(store, 'content')
    const snapshot = await store.snapshot()
    const fork = await store.fork()
    await fork.scans.delete(1)
    await fork.close()
    await fork.restore(snapshot)
    t.equal(await countOf(fork.scans), 1)
    await store.scans.delete(1)
    await snapshot.discard()
    t.same(await contents(), [])
  })

  test('what is begun in a view that is closed can be brought to its end', async (t, store) => {
    await store.users.insert({ name: 'Ann' })
    await store.notes.insertMany(Array.from({ length: 1000 }, (_, at) => ({ text: `${at}` })))
    const fork = await store.fork()
    const texts: string[] = []
    for await (const batch of fork.notes.stream()) {
      if (texts.length === 0) await fork.close()
      texts.push(...batch.map(({ text }) => text))
    }
    t.equal(texts.length, 1000)
    t.match(await fork.notes.insert({ text: 'one more' }), { id: 1001 })
    t.match(await fork.notes.update(1001, { text: 'another' }), { version: 2 })
    t.match(await fork.notes.delete(1001), { id: 1001 })
    await fork.sessions.revoke('a', Date.now() + 60_000)
    t.equal(await fork.sessions.find('a', 1), undefined)
    t.match(await fork.sessions.find('b', 1), { name: 'Ann' })
    t.match(await store.sessions.find('a', 1), { name: 'Ann' })
  })

  test('a file that is being read is read to its end', async (t, store, contents) => {
    const empty = await store.snapshot()
    const sha256 = await keepFile(store, LONG)
    const fork = await store.fork()
    const streams = [await fork.files.read(sha256), await store.files.read(sha256)]
    await fork.close()
    await store.restore(empty)
    t.same(await contents(), [])
    for (const stream of streams) t.equal((await text(stream)).length, LONG.length)
  })

  test('jobs of a closed view are lost, and there are no more', async (t, store) => {
    await store.orders.insertMany([1, 2].map((userId) => ({ status: 'waiting', userId })))
    const fork = await store.fork()
    const job = await fork.jobs.take('orders', 60_000)
    if (!job) throw new Error('One was waiting')
    await fork.close()
    t.equal(job.lost.aborted, true)
    await job.renew()
    t.equal(await job.finish({ status: 'done' }), undefined)
    t.match(await fork.orders.get(job.record.id), { status: 'waiting' })
    await fork.orders.insert({ status: 'waiting', userId: 3 })
    t.equal(await fork.jobs.take('orders', 60_000), undefined)
    t.match(await store.jobs.take('orders', 60_000), { record: { id: 1 } })
  })

  test('who watches a view that is closed hears no more of it', async (t, store) => {
    const fork = await store.fork()
    const heard: RecordEvent<{ id: number; version: number }>[] = []
    const listen = (event: RecordEvent<{ id: number; version: number }>) => {
      heard.push(event)
    }
    fork.notes.watch(listen)
    await fork.notes.insert({ text: 'before' })
    await fork.close()
    await fork.notes.insert({ text: 'after' })
    const end = fork.notes.watch(listen)
    await fork.notes.insert({ text: 'and after that' })
    end()
    t.match(heard, [{ record: { text: 'before' } }])
    t.equal(heard.length, 1)
  })

  test('a restoration comes before or after what is written meanwhile', async (t, store) => {
    await store.notes.insertMany(three('start'))
    const snapshot = await store.snapshot()
    for (let round = 0; round < 10; round++) {
      const writes = Array.from({ length: 20 }, (_, at) => store.notes.insertMany(three(`${at}`)))
      writes.splice(
        10,
        0,
        store.restore(snapshot).then(() => []),
      )
      await Promise.all(writes)
      const counts = new Map<string, number>()
      for (const { text } of await all(store.notes)) counts.set(text, (counts.get(text) ?? 0) + 1)
      t.equal(counts.get('start'), 3)
      t.same(new Set(counts.values()), new Set([3]), 'all or none of each three')
    }
    await store.restore(snapshot)
    t.equal(await countOf(store.notes), 3)
    t.match(await store.notes.insert({ text: 'next' }), { id: 4 })
  })

  test('what is streamed while everything is put back is of one moment', async (t, store) => {
    const snapshot = await store.snapshot()
    await store.notes.insertMany(Array.from({ length: 2000 }, (_, at) => ({ text: `${at}` })))
    let seen = 0
    for await (const batch of store.notes.stream()) {
      if (seen === 0) await store.restore(snapshot)
      seen += batch.length
    }
    t.equal(seen, 2000)
    t.equal(await countOf(store.notes), 0)
  })

  test('a snapshot that was discarded is gone', async (t, store, contents) => {
    const sha256 = await keepFile(store, 'content')
    const snapshot = await store.snapshot()
    await store.scans.delete(1)
    t.same(await contents(), [sha256])
    await snapshot.discard()
    await snapshot.discard()
    t.same(await contents(), [])
    await t.rejects(store.restore(snapshot), /discarded/)
    t.equal(await countOf(store.scans), 0)
  })

  test('many snapshots and restorations leave nothing behind', async (t, store, contents) => {
    const kept = await keepFile(store, 'kept')
    await store.orders.insert({ status: 'waiting', userId: 1 })
    const start = await store.snapshot()
    let heard = 0
    store.notes.watch(() => heard++)
    for (let round = 0; round < 300; round++) {
      const snapshot = await store.snapshot()
      await keepFile(store, `of round ${round}`)
      await store.scans.delete(1)
      await store.notes.insert({ text: 'x' })
      await store.sessions.revoke(`${round}`, Date.now() + 60_000)
      const job = await store.jobs.take('orders', 60_000)
      await store.restore(round % 2 === 0 ? start : snapshot)
      t.equal(job?.lost.aborted, true)
      await snapshot.discard()
    }
    t.equal(heard, 300, 'who watches goes on')
    t.equal(await countOf(store.notes), 0)
    t.same(await contents(), [kept])
    await start.discard()
    await store.scans.delete(1)
    t.same(await contents(), [])
  })
}

const three = (text: string) => Array.from({ length: 3 }, () => ({ text }))

function sourceOf(content: string): Readable {
  return Readable.from([Buffer.from(content)], { objectMode: false })
}

/** Has a record refer to a file; gives its hash. */
async function keepFile({ files, scans }: Store, content: string): Promise<string> {
  const { sha256, size, release } = await files.receive(sourceOf(content))
  await scans.insert({ file: { sha256, size } })
  await release()
  return sha256
}
