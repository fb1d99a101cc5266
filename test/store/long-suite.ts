import { Readable } from 'node:stream'
import { setImmediate } from 'node:timers/promises'
import { Type } from '@sinclair/typebox'
import t, { type Test } from 'tap'
import { declare, StoredFile } from '../../store/declaration.js'
import type { Engine, ForkableView, ForkingEngine, View } from '../../store/engine.js'
import { ConditionFailed, MissingContent, ReferenceViolation } from '../../store/errors.js'
import { countOf } from '../../store/lookups.js'
import { equal } from '../../store/query.js'

const authorId = Type.Union([Type.Integer(), Type.Null()])
const goesAlong = { authorId: { to: 'authors', onDelete: 'delete' } } as const

const declarations = {
  users: declare({ name: Type.String() }),
  authors: declare({ name: Type.String() }, { unique: [['name']] }),
  books: declare(
    { title: Type.String(), authorId },
    { references: { authorId: { to: 'authors', onDelete: 'set null' } } },
  ),
  reviews: declare({ authorId }, { references: goesAlong }),
  scans: declare({ file: StoredFile, authorId }, { files: ['file'], references: goesAlong }),
  orders: declare(
    { status: Type.String(), authorId },
    {
      indexes: [{ fields: ['status'] }],
      references: goesAlong,
      queue: { field: 'status', waiting: 'waiting', by: 'authorId' },
    },
  ),
  notes: declare(
    { key: Type.String(), content: Type.Unsafe<object>({ type: 'object' }) },
    {
      unique: [['key']],
      scans: true,
      pointers: [{ path: ['content', 'about'], to: 'notes', field: 'key', onDelete: 'set null' }],
    },
  ),
}

type Store = View<typeof declarations>
type ForkableStore = ForkableView<typeof declarations>

/** How many records of each kind follow an author: more than change in one turn. */
const MANY = 3000

/**
 * What every engine must do where much follows from a deletion.
 * @param name the engine's, for the report
 * @param newEngine opens an empty one
 */
export function testLongSteps(name: string, newEngine: () => Engine): void {
  const test = (what: string, run: (t: Test, store: Store) => Promise<void>) =>
    t.test(`${name}: ${what}`, async (t) => {
      const engine = newEngine()
      t.teardown(() => engine.close())
      await run(t, await filled(await engine.open(declarations)))
    })

  test('a long deletion is seen whole or not at all', async (t, store) => {
    const moments: string[] = []
    const deletion = watched(store.authors.delete(1))
    while (!deletion.isOver) {
      for (const each of await counts(store)) moments.push(each)
      await setImmediate()
    }
    t.match(await deletion.promise, { id: 1, name: 'Ann' })
    t.same(await counts(store), [NONE, NONE, NONE])
    // What has been seen to have gone doesn't come again.
    const isOf = (state: string) => (each: string) => each === state
    const first = moments.findIndex(isOf(NONE))
    t.ok(moments.slice(0, first < 0 ? moments.length : first).every(isOf(ALL)))
    t.ok(first < 0 || moments.slice(first).every(isOf(NONE)))
    t.match(await store.books.get(1), { version: 2, authorId: null })
  })

  test('what is written meanwhile comes before it or after', async (t, store) => {
    const { authors, books, reviews } = store
    const settled = await Promise.allSettled([
      authors.delete(1),
      books.insert({ title: 'of Ann', authorId: 1 }),
      books.insert({ title: 'of Bob', authorId: 2 }),
      books.update(1, { title: 'changed' }),
      books.update(2, ({ authorId }) => ({ title: `by ${authorId}` })),
      books.delete(3),
      reviews.replace(4, { authorId: 2 }),
      reviews.delete(5),
      authors.delete(2, { where: { name: 'Ann' } }),
      authors.update(1, { name: 'Anna' }),
      authors.insertMany([{ name: 'Cid' }, { name: 'Dan' }]),
    ])
    const [, ofAnn] = settled
    if (ofAnn?.status === 'rejected') t.ok(ofAnn.reason instanceof ReferenceViolation)
    t.match(settled[8], { status: 'rejected', reason: new ConditionFailed('authors') })
    t.match(await books.get(1), { title: 'changed', authorId: null })
    t.match(await books.get(2), { title: /^by (1|null)$/, authorId: null })
    t.equal(await books.get(3), undefined)
    t.equal(await reviews.get(5), undefined)
    t.same([await countOf(books, { where: equal({ authorId: 1 }) })], [0])
    t.match(await books.find({ where: equal({ authorId: 2 }), limit: 2 }), {
      items: [{ title: 'of Bob' }],
      total: 1,
    })
    // Whichever came first: it was given to another, or it had gone.
    const review = await reviews.get(4)
    t.equal(await countOf(reviews), review ? 1 : 0)
    t.equal(await authors.get(1), undefined)
    t.match(await authors.getBy({ name: 'Cid' }), { name: 'Cid' })
    t.match(await authors.insert({ name: 'Ann' }), { version: 1 }, 'its name is free')
  })

  test('one follows the other, and one that is refused changes nothing', async (t, store) => {
    const { authors, reviews } = store
    await reviews.insertMany(many({ authorId: 2 }))
    await t.rejects(authors.delete(1, { where: { name: 'Bob' } }), ConditionFailed)
    t.equal(await countOf(reviews), 2 * MANY)
    const gone = await Promise.all([1, 2, 1].map((id) => authors.delete(id)))
    t.same(gone.map((each) => each?.name).sort(), ['Ann', 'Bob', undefined])
    t.equal(await countOf(reviews), 0)
  })

  test('what goes along takes along what follows from it', async (t, { notes }) => {
    await notes.insert({ key: 'all', content: {} })
    const about = (at: number) => ({ key: `${at}`, content: { about: 'all', at } })
    await notes.insertMany(Array.from({ length: MANY }, (_, at) => about(at)))
    await notes.delete(1)
    const where = { path: ['content', 'about'], op: 'is', value: ['all'] } as const
    t.equal(await countOf(notes, { where }), 0)
    t.match(await notes.getBy({ key: '7' }), { version: 2, content: { about: null, at: 7 } })
  })

  test('its files and its jobs go with it', async (t, store) => {
    const receive = async (content: string) =>
      store.files.receive(Readable.from([Buffer.from(content)], { objectMode: false }))
    const [gone, kept] = [await receive('gone'), await receive('kept')]
    const fileOf = ({ sha256, size }: typeof gone) => ({ sha256, size })
    await store.scans.insertMany(
      [gone, gone, kept].map((file) => ({ file: fileOf(file), authorId: 1 })),
    )
    await store.scans.insert({ file: fileOf(kept), authorId: 2 })
    await Promise.all([gone, kept].map((file) => file.release()))
    await store.orders.insert({ status: 'waiting', authorId: 2 })
    await store.orders.insert({ status: 'waiting', authorId: 1 })
    const taken = [await store.jobs.take('orders', 60_000), await store.jobs.take('orders', 60_000)]
    const jobs = [2, 1].map((id) => taken.find((job) => job?.record.authorId === id))
    const deletion = store.authors.delete(1)
    const finished = jobs[1]?.finish({ status: 'done' })
    await deletion
    t.same(
      jobs.map((job) => job?.lost.aborted),
      [false, true],
    )
    await finished
    t.equal(await store.orders.get(2), undefined)
    await t.rejects(store.files.read(gone.sha256), MissingContent)
    t.ok((await store.files.read(kept.sha256)).destroy())
    t.match(await jobs[0]?.finish({ status: 'done' }), { status: 'done' })
  })

  test('who watches hears of all of it in order, once it is done', async (t, store) => {
    const heard: string[] = []
    store.authors.watch(({ kind, record }) => heard.push(`${kind} ${record.name}`))
    store.books.watch(({ kind, record, before }) => {
      heard.push(`${kind} ${before?.authorId} ${record.authorId}`)
    })
    store.reviews.watch(({ kind }) => heard.push(kind))
    const deletion = store.authors.delete(1)
    const next = store.authors.insert({ name: 'Cid' })
    await Promise.all([deletion, next])
    while (heard.length < 2 * MANY + 2) await setImmediate()
    const told = heard.filter((each) => each !== 'created Cid')
    t.equal(told[0], 'deleted Ann')
    t.same(
      [told.filter((each) => each === 'updated 1 null').length, told.length],
      [MANY, 2 * MANY + 1],
      'and what is written meanwhile is told before it or after',
    )
    t.ok([0, heard.length - 1].includes(heard.indexOf('created Cid')))
  })
}

/**
 * The same where one can keep several states of everything.
 * @param name the engine's, for the report
 * @param newEngine opens an empty one
 */
export function testLongStates(name: string, newEngine: () => ForkingEngine): void {
  const test = (what: string, run: (t: Test, store: ForkableStore) => Promise<void>) =>
    t.test(`${name}: ${what}`, async (t) => {
      const engine = newEngine()
      t.teardown(() => engine.close())
      await run(t, await filled(await engine.open(declarations)))
    })

  test('what is put back meanwhile is put back', async (t, store) => {
    const snapshot = await store.snapshot()
    const deletion = store.authors.delete(1)
    const during = store.snapshot()
    await setImmediate()
    const restoration = store.restore(snapshot)
    const next = store.notes.insert({ key: 'next', content: {} })
    await Promise.all([deletion, restoration, next])
    if (await store.authors.get(1)) t.same(await counts(store), [ALL, ALL, ALL])
    else t.same(await counts(store), [NONE, NONE, NONE])
    await store.restore(snapshot)
    t.same(await counts(store), [ALL, ALL, ALL])
    await store.restore(await during)
    t.equal(new Set(await counts(store)).size, 1, 'a snapshot is of one moment')
  })

  test('a fork has all of it or nothing, and a view can be closed meanwhile', async (t, store) => {
    const fork = await store.fork()
    const deletion = fork.authors.delete(1)
    const other = await fork.fork()
    t.equal(new Set(await counts(other)).size, 1)
    await fork.close()
    await deletion
    t.same(await counts(fork), [NONE, NONE, NONE])
    t.same(await counts(store), [ALL, ALL, ALL])
    await other.authors.delete(1)
    t.same(await counts(other), [NONE, NONE, NONE])
  })
}

/** Fills a store with two authors, and with much that is Ann's. */
async function filled<S extends Store>(store: S): Promise<S> {
  await store.authors.insertMany([{ name: 'Ann' }, { name: 'Bob' }])
  await store.books.insertMany(many({ title: 'A title', authorId: 1 }))
  await store.reviews.insertMany(many({ authorId: 1 }))
  return store
}

const ALL = `${MANY}`
const NONE = '0'

/** How many there are, one after the other, of Ann, as so many as there are of the others, and what refers to her. */
async function counts({ authors, books, reviews }: Store): Promise<readonly string[]> {
  const author = (await authors.get(1)) ? ALL : NONE
  const where = equal({ authorId: 1 })
  const others = [await countOf(books, { where }), await countOf(reviews, { where })]
  return [author, ...others.map(String)]
}

function many<V extends object>(values: V): V[] {
  return Array.from({ length: MANY }, () => values)
}

/** A promise, and whether it is settled. */
function watched<T>(promise: Promise<T>): { readonly promise: Promise<T>; isOver: boolean } {
  const watched = { promise, isOver: false }
  const over = () => {
    watched.isOver = true
  }
  promise.then(over, over)
  return watched
}
