import { once } from 'node:events'
import { Readable } from 'node:stream'
import { text } from 'node:stream/consumers'
import { Type } from '@sinclair/typebox'
import fc from 'fast-check'
import t, { type Test } from 'tap'
import { declare, type RecordIn, StoredFile } from '../../store/declaration.js'
import type { Engine, ForkableView, ForkingEngine, NewRecord, View } from '../../store/engine.js'
import {
  BoundReached,
  ConditionFailed,
  InvalidRecord,
  MissingContent,
  ReferenceViolation,
  UniqueViolation,
  VersionMismatch,
} from '../../store/errors.js'
import { all, countOf } from '../../store/lookups.js'
import { contains, equal, type Predicate, type Sort } from '../../store/query.js'
import { turnsOf } from '../fixtures/turns.js'

const nullableInteger = Type.Union([Type.Integer(), Type.Null()])

const newest = [{ path: 'year', descending: true }] as const

const declarations = {
  users: declare({ name: Type.String(), secret: Type.String() }, { unique: [['name']] }),
  authors: declare(
    { name: Type.String(), secret: Type.String() },
    { unique: [['name']], hidden: ['secret'] },
  ),
  books: declare(
    {
      title: Type.String(),
      shelf: Type.String(),
      place: nullableInteger,
      year: Type.Integer(),
      authorId: nullableInteger,
      tags: Type.Array(Type.String()),
    },
    {
      unique: [['shelf', 'place']],
      indexes: [
        { fields: [], sort: newest },
        { fields: ['shelf'], sort: newest },
        { fields: ['shelf'] },
      ],
      searchable: ['title'],
      references: { authorId: { to: 'authors', onDelete: 'set null' } },
    },
  ),
  tags: declare(
    { authorId: Type.Integer(), tag: Type.String() },
    {
      unique: [['authorId', 'tag']],
      references: { authorId: { to: 'authors', onDelete: 'delete' } },
    },
  ),
  reviews: declare(
    { bookAuthorId: Type.Integer(), text: Type.String() },
    { references: { bookAuthorId: { to: 'authors', onDelete: 'delete' } } },
  ),
  answers: declare(
    { reviewId: Type.Integer() },
    { references: { reviewId: { to: 'reviews', onDelete: 'delete' } } },
  ),
  /** What nobody has planned: any JSON, and any query. */
  notes: declare({ content: Type.Unsafe<object>({ type: 'object' }) }, { scans: true }),
  scans: declare(
    { file: Type.Union([StoredFile, Type.Null()]), authorId: nullableInteger },
    { files: ['file'], references: { authorId: { to: 'authors', onDelete: 'delete' } } },
  ),
  orders: declare(
    { status: Type.String(), authorId: Type.Integer(), result: nullableInteger },
    {
      indexes: [{ fields: ['status'] }, { fields: ['authorId', 'status'] }],
      references: { authorId: { to: 'authors', onDelete: 'delete' } },
      queue: { field: 'status', waiting: 'waiting', by: 'authorId' },
    },
  ),
}

type Store = View<typeof declarations>
type ForkableStore = ForkableView<typeof declarations>

const book = (values: Partial<NewRecord<Book>> = {}) => ({
  title: 'A title',
  shelf: 'A',
  place: null,
  year: 2000,
  authorId: null,
  tags: [],
  ...values,
})

/**
 * What every engine must do.
 * @param name the engine's, for the report
 * @param newEngine opens an empty one
 */
export function testEngine(name: string, newEngine: () => Engine): void {
  const open = async (t: Test) => {
    const engine = newEngine()
    t.teardown(() => engine.close())
    return engine.open(declarations)
  }
  const test = (what: string, run: (t: Test, store: Store) => Promise<void>) =>
    t.test(`${name}: ${what}`, async (t) => run(t, await open(t)))

  test('insert gives ids from 1 and version 1', async (t, { authors }) => {
    t.match(await authors.insert({ name: 'Ann', secret: 's' }), { id: 1, version: 1, name: 'Ann' })
    t.match(await authors.insert({ name: 'Bob', secret: 's' }), { id: 2, version: 1 })
    t.match(await authors.get(1), { name: 'Ann' })
    t.equal(await authors.get(3), undefined)
  })

  test('an id is one above the highest ever, and never given twice', async (t, { authors }) => {
    await authors.insert({ id: 7, name: 'Ann', secret: 's' })
    await authors.delete(7)
    t.equal((await authors.insert({ name: 'Bob', secret: 's' })).id, 8)
    t.equal((await authors.insert({ id: 3, name: 'Cid', secret: 's' })).id, 3)
    t.equal((await authors.insert({ name: 'Dan', secret: 's' })).id, 9)
    await t.rejects(authors.insert({ id: 9, name: 'Eve', secret: 's' }), UniqueViolation)
  })

  test('a record that is not one is refused', async (t, { books }) => {
    const values: object = { ...book(), year: 'two thousand' }
    await t.rejects(books.insert(Object.assign(book(), values)), InvalidRecord)
    t.same(await books.find({ limit: 1000 }), { items: [], total: 0 })
  })

  test('fields that a collection does not have are not kept', async (t, { books }) => {
    const record = await books.insert(Object.assign(book(), { extra: 1 }))
    t.notOk('extra' in record)
  })

  test('update changes the named fields and raises the version', async (t, { books }) => {
    const old = await books.insert(book())
    const changed = await books.update(1, { title: 'Another' })
    t.match(changed, { id: 1, version: 2, title: 'Another', year: 2000 })
    t.equal(old.title, 'A title', 'the old record stays what it was')
    t.equal(await books.update(2, { title: 'x' }), undefined)
  })

  test('a change of hidden fields leaves the version', async (t, { authors }) => {
    await authors.insert({ name: 'Ann', secret: 's' })
    t.match(await authors.update(1, { secret: 'z' }), { version: 1, secret: 'z' })
    t.match(await authors.update(1, { secret: 'y', name: 'Anne' }), { version: 2, secret: 'y' })
  })

  test('update and delete can expect versions', async (t, { books }) => {
    await books.insert(book())
    await books.update(1, { year: 2001 })
    await t.rejects(books.update(1, { year: 1 }, { versions: [1] }), VersionMismatch)
    await t.rejects(books.delete(1, { versions: [] }), VersionMismatch)
    t.match(await books.update(1, { year: 2002 }, { versions: [1, 2] }), { version: 3, year: 2002 })
    t.match(await books.delete(1, { versions: [3] }), { id: 1 })
  })

  test('update and delete can expect values', async (t, { books }) => {
    await books.insert(book({ shelf: 'A' }))
    await t.rejects(books.update(1, { year: 1 }, { where: { shelf: 'B' } }), ConditionFailed)
    const both = { where: { shelf: 'B' }, versions: [] }
    await t.rejects(
      books.update(1, { year: 1 }, both),
      ConditionFailed,
      'the condition comes first',
    )
    await t.rejects(books.delete(1, { where: { shelf: 'B' } }), ConditionFailed)
    t.match(await books.update(1, { year: 1 }, { where: { shelf: 'A', year: 2000 } }), { year: 1 })
    t.match(await books.delete(1, { where: { shelf: 'A' } }), { id: 1 })
  })

  test('unique keys hold, through updates and deletions', async (t, { authors }) => {
    await authors.insert({ name: 'Ann', secret: 's' })
    await authors.insert({ name: 'Bob', secret: 's' })
    await t.rejects(authors.insert({ name: 'Ann', secret: 's' }), {
      name: 'UniqueViolation',
      collection: 'authors',
      fields: ['name'],
    })
    await t.rejects(authors.update(2, { name: 'Ann' }), UniqueViolation)
    t.match(await authors.getBy({ name: 'Bob' }), { id: 2, version: 1 })
    t.match(await authors.update(1, { name: 'Ann' }), { version: 2 }, 'its own name is no clash')
    await authors.update(1, { name: 'Anne' })
    t.equal(await authors.getBy({ name: 'Ann' }), undefined)
    await authors.update(2, { name: 'Ann' })
    await authors.delete(1)
    t.match(await authors.insert({ name: 'Anne', secret: 's' }), { id: 3 })
    await t.rejects(authors.getBy({ secret: 's' }), /no unique key of secret/)
  })

  test('a refused change leaves everything as it was', async (t, { authors }) => {
    await authors.insert({ name: 'Ann', secret: 's' })
    await authors.insert({ name: 'Bob', secret: 's' })
    await t.rejects(authors.update(2, { name: 'Ann', secret: 'z' }), UniqueViolation)
    t.match(await authors.get(2), { name: 'Bob', secret: 's', version: 1 })
    t.match(await authors.insert({ name: 'Cid', secret: 's' }), { id: 3 })
  })

  test('a key of two fields is unique as a pair, and free with a null', async (t, { books }) => {
    await books.insert(book({ shelf: 'A', place: 1 }))
    await books.insert(book({ shelf: 'A', place: 2 }))
    await books.insert(book({ shelf: 'B', place: 1 }))
    await books.insert(book({ shelf: 'A', place: null }))
    await books.insert(book({ shelf: 'A', place: null }))
    await t.rejects(books.insert(book({ shelf: 'A', place: 2 })), UniqueViolation)
    t.match(await books.getBy({ place: 1, shelf: 'B' }), { id: 3 })
  })

  test('of several keys the first counts that a record has', async (t, { authors }) => {
    await authors.insert({ name: 'Ann', secret: 's' })
    await authors.insert({ name: 'Bob', secret: 's' })
    t.match(await authors.getBy({ name: 'Bob' }, { name: 'Ann' }), { id: 2 })
    t.match(await authors.getBy({ name: 'Ann' }, { name: 'Bob' }), { id: 1 })
    t.match(await authors.getBy({ name: 'Cid' }, { name: 'Bob' }), { id: 2 })
    t.equal(await authors.getBy({ name: 'Cid' }, { name: 'Dan' }), undefined)
    await t.rejects(authors.getBy({ name: 'Cid' }, { secret: 's' }), /no unique key of secret/)
  })

  test('records are read with what a reference leads to, as they are read alone', async (t, store) => {
    const { authors, books, scans } = store
    for (const name of ['Ann', 'B\0b', 'Cid']) await authors.insert({ name, secret: '\u0001' })
    for (const [place, authorId] of [2, null, 1, 2].entries()) {
      await books.insert(book({ place, authorId, year: place % 2, tags: ['a', '\0'] }))
    }
    const joined = books.joined('authorId')
    const withTheirs = async (records: readonly (Book | undefined)[]) =>
      Promise.all(
        records.map(async (record) => {
          const target = record?.authorId ? await authors.get(record.authorId) : undefined
          return record && { record, target }
        }),
      )
    t.same(
      [await joined.get(1), await joined.get(2)],
      await withTheirs([await books.get(1), await books.get(2)]),
    )
    t.equal(await joined.get(9), undefined)
    const key = { shelf: 'A', place: 3 }
    t.same([await joined.getBy(key)], await withTheirs([await books.getBy(key)]))
    t.equal(await joined.getBy({ shelf: 'Z', place: 3 }), undefined)
    const everything: { sort?: typeof newest; where?: Predicate<'shelf' | 'title'> }[] = [
      {},
      { sort: newest },
      { where: equal({ shelf: 'A' }), sort: newest },
      { where: contains('title', 'TITLE') },
      { where: equal({ shelf: 'Z' }) },
    ]
    for (const selection of everything) {
      const query = { ...selection, offset: 1, limit: 2 }
      const { items, total } = await books.find(query)
      t.same(await joined.find(query), { items: await withTheirs(items), total })
      const read: unknown[] = []
      for await (const batch of joined.stream(selection)) read.push(...batch)
      t.same(read, await withTheirs(await all(books, selection)))
    }
    t.match(await joined.find({ offset: 9, limit: 1 }), { items: [], total: 4 })
    await authors.delete(2)
    t.match(await joined.get(1), { record: { authorId: null }, target: undefined })
    t.equal((await scans.joined('authorId').find({ limit: 1 })).total, 0)
    t.throws(() => Reflect.apply(books.joined, books, ['title']), /books has no reference title/)
  })

  test('records are read that refer to one of a known key', async (t, { authors, books, tags }) => {
    for (const name of ['Ann', 'Bob', 'Cid']) await authors.insert({ name, secret: 's' })
    for (const [place, authorId] of [1, 2, null, 1].entries()) {
      await books.insert(book({ place, authorId, title: place > 1 ? 'New' : 'Old' }))
    }
    const ids = async (name: string, where?: Predicate<'title'>) => {
      const read = books.referring('authorId', { name })
      const { items, total } = await read.find({ where, limit: 1 })
      const all: number[] = []
      for await (const batch of read.stream({ where })) all.push(...batch.map(({ id }) => id))
      return [items.map(({ id }) => id), total, all]
    }
    t.same(await ids('Ann'), [[1], 2, [1, 4]])
    t.same(await ids('Ann', contains('title', 'NEW')), [[4], 1, [4]])
    t.same(await ids('Ann', equal({ title: 'Old' })), [[1], 1, [1]])
    t.same(await ids('Cid'), [[], 0, []])
    t.same(await ids('Dan'), [[], 0, []])
    const ofAnn = books.referring('authorId', { name: 'Ann' })
    t.same([await ofAnn.get(4), await ofAnn.get(2)], [await books.get(4), undefined])

    await tags.insert({ authorId: 1, tag: 'x' })
    const { id } = await tags.insert({ authorId: 2, tag: 'x' })
    const ofBob = tags.referring('authorId', { name: 'Bob' })
    t.match(await ofBob.getBy({ tag: 'x' }), { id, authorId: 2 })
    t.equal(await ofBob.getBy({ tag: 'y' }), undefined)
    t.equal(await tags.referring('authorId', { name: 'Cid' }).getBy({ tag: 'x' }), undefined)
    t.throws(
      () => tags.referring('authorId', { secret: 's' }),
      /authors has no unique key of secret/,
    )
    t.throws(() => Reflect.apply(tags.referring, tags, ['tag', {}]), /tags has no reference tag/)
  })

  test('many are streamed with what a reference leads to', async (t, { authors, books }) => {
    await authors.insert({ name: 'Ann', secret: 's' })
    await books.insertMany(
      Array.from({ length: 1000 }, (_, at) => book({ authorId: at % 2 || null })),
    )
    const seen: string[] = []
    for await (const batch of books.joined('authorId').stream()) {
      for (const { record, target } of batch) seen.push(`${record.id} ${target?.name}`)
    }
    t.equal(seen.length, 1000)
    t.same(seen.slice(0, 2), ['1 undefined', '2 Ann'])
    t.equal(seen.at(-1), '1000 Ann')
  })

  test('one of fifty inserts of the same key at once succeeds', async (t, { authors }) => {
    const results = await Promise.allSettled(
      Array.from({ length: 50 }, () => authors.insert({ name: 'Ann', secret: 's' })),
    )
    t.equal(results.filter(({ status }) => status === 'fulfilled').length, 1)
    t.equal((await authors.find({ limit: 1000 })).total, 1)
  })

  test('find lists by id, in pages, with the total', async (t, { books }) => {
    for (let year = 1; year <= 7; year++) await books.insert(book({ year }))
    const page = async (offset = 0, limit = 1000) => {
      const { items, total } = await books.find({ offset, limit })
      return [items.map(({ id }) => id), total]
    }
    t.same(await page(), [[1, 2, 3, 4, 5, 6, 7], 7])
    t.same(await page(2, 3), [[3, 4, 5], 7])
    t.same(await page(5, 10), [[6, 7], 7])
    t.same(await page(7, 10), [[], 7])
    t.same(await page(0, 0), [[], 7])
  })

  test('find follows a declared order, and the id between equals', async (t, { books }) => {
    for (const year of [2001, 2003, 2002, 2003]) await books.insert(book({ year }))
    const ids = async () => (await all(books, { sort: newest })).map(({ id }) => id)
    t.same(await ids(), [4, 2, 3, 1])
    await books.update(1, { year: 2004 })
    t.same(await ids(), [1, 4, 2, 3])
    await books.delete(4)
    t.same(await ids(), [1, 2, 3])
    await t.rejects(all(books, { sort: [{ path: 'year' }] }), /books has no index for/)
  })

  test('find filters by an indexed field, and by more fields behind it', async (t, { books }) => {
    await books.insert(book({ shelf: 'A', year: 1 }))
    await books.insert(book({ shelf: 'B', year: 2 }))
    await books.insert(book({ shelf: 'A', year: 3 }))
    const find = async (
      values: { shelf?: string; year?: number },
      sort: readonly Sort<'year'>[] = [],
    ) => {
      const { items, total } = await books.find({ where: equal(values), sort, limit: 1000 })
      return [items.map(({ id }) => id), total]
    }
    t.same(await find({ shelf: 'A' }), [[1, 3], 2])
    t.same(await find({ shelf: 'A' }, newest), [[3, 1], 2])
    t.same(await find({ shelf: 'A', year: 3 }), [[3], 1])
    t.same(await find({ shelf: 'C' }), [[], 0])
    await books.update(2, { shelf: 'A' })
    t.same(await find({ shelf: 'A' }, newest), [[3, 2, 1], 3])
    t.same(await find({ shelf: 'B' }), [[], 0])
    await t.rejects(all(books, { where: equal({ year: 1 }) }), /books has no index for/)
  })

  test('search finds a part of the text, letter case aside', async (t, { books }) => {
    await books.insert(book({ title: 'Brave New World', shelf: 'A' }))
    await books.insert(book({ title: 'The New Atlantis', shelf: 'B' }))
    await books.insert(book({ title: 'Utopia', shelf: 'A' }))
    const search = async (
      text: string,
      { shelf, ...rest }: { shelf?: string; limit?: number; offset?: number } = {},
    ) => {
      const where = { and: [contains('title', text), equal({ shelf })] }
      const { items, total } = await books.find({ where, limit: 1000, ...rest })
      return [items.map(({ id }) => id), total]
    }
    t.same(await search('NEW'), [[1, 2], 2])
    t.same(await search('new', { shelf: 'B' }), [[2], 1])
    t.same(await search('new', { limit: 1, offset: 1 }), [[2], 2])
    t.same(await search(''), [[1, 2, 3], 3])
    t.same(await search('%'), [[], 0])
    await t.rejects(all(books, { where: contains('shelf', 'A') }), /books has no index for/)
  })

  test('what is found, or streamed, is of one moment, and others work meanwhile', async (t, store) => {
    const { books } = store
    await books.insertMany(Array.from({ length: 20_000 }, (_, year) => book({ year })))
    t.equal(await countOf(books, { where: contains('title', 'title') }), 20_000)
    const read = async () => {
      const seen: number[] = []
      for await (const batch of books.stream()) {
        if (seen.length === 0) await books.delete(20_000)
        seen.push(...batch.map(({ id }) => id))
      }
      return seen
    }
    const { done: seen, turns } = await turnsOf(read())
    t.equal(seen.length, 20_000)
    t.equal(seen.at(-1), 20_000)
    t.equal(await countOf(books), 19_999)
    t.ok(turns > 1, 'other work had its turn')
  })

  test('a change can be made from the record as it is when it is changed', async (t, { books }) => {
    await books.insert(book({ tags: ['a'] }))
    const adding = ['b', 'c', 'd'].map((tag) =>
      books.update(1, ({ tags }) => ({ tags: [...tags, tag] })),
    )
    await Promise.all(adding)
    const { tags = [], version } = (await books.get(1)) ?? {}
    t.same([...tags].sort(), ['a', 'b', 'c', 'd'])
    t.equal(version, 4)

    const refuse = () => {
      throw new RangeError('no more')
    }
    await t.rejects(books.update(1, refuse), RangeError)
    await t.rejects(books.update(1, refuse, { versions: [1] }), VersionMismatch, 'conditions first')
    t.match(await books.get(1), { version: 4 })
  })

  test('a reference must point at something', async (t, { authors, books }) => {
    await t.rejects(books.insert(book({ authorId: 1 })), {
      name: 'ReferenceViolation',
      field: 'authorId',
      target: 'authors',
    })
    await authors.insert({ name: 'Ann', secret: 's' })
    await books.insert(book({ authorId: 1 }))
    await t.rejects(books.update(1, { authorId: 2 }), ReferenceViolation)
    t.match(await books.update(1, { title: 'x' }), { authorId: 1 })
  })

  test('a deletion sets references to null, or deletes what refers, in one step', async (t, store) => {
    const { authors, books, reviews, answers } = store
    for (const name of ['Ann', 'Bob']) await authors.insert({ name, secret: 's' })
    for (const authorId of [1, 2, 1]) await books.insert(book({ authorId }))
    for (const bookAuthorId of [1, 2]) await reviews.insert({ bookAuthorId, text: 't' })
    await answers.insert({ reviewId: 1 })
    await answers.insert({ reviewId: 2 })

    t.match(await authors.delete(1), { id: 1, name: 'Ann' })
    const { items } = await books.find({ limit: 1000 })
    t.same(
      items.map(({ authorId, version }) => [authorId, version]),
      [
        [null, 2],
        [2, 1],
        [null, 2],
      ],
    )
    t.same(
      (await reviews.find({ limit: 1000 })).items.map(({ id }) => id),
      [2],
    )
    t.same(
      (await answers.find({ limit: 1000 })).items.map(({ id }) => id),
      [2],
    )
  })

  test('insertMany adds all or none', async (t, { authors, books }) => {
    await authors.insert({ name: 'Ann', secret: 's' })
    const many = ['Bob', 'Cid', 'Ann'].map((name) => ({ name, secret: 's' }))
    await t.rejects(authors.insertMany(many), UniqueViolation)
    t.same(
      (await all(authors)).map(({ name }) => name),
      ['Ann'],
    )
    t.match(await authors.insertMany(many.slice(0, 2)), [{ name: 'Bob' }, { name: 'Cid' }])
    t.match(await authors.getBy({ name: 'Bob' }), { version: 1 })
    await t.rejects(books.insertMany([book(), book({ authorId: 99 })]), ReferenceViolation)
    t.equal(await countOf(books), 0)
    t.same(await books.insertMany([]), [])
  })

  test('replace gives all values anew, and keeps the id and the place', async (t, { books }) => {
    for (const year of [1, 2, 3]) await books.insert(book({ year }))
    t.match(await books.replace(2, book({ year: 9, tags: ['new'] })), {
      id: 2,
      version: 2,
      year: 9,
    })
    t.same(
      (await all(books)).map(({ year }) => year),
      [1, 9, 3],
    )
    await t.rejects(books.replace(2, book(), { versions: [1] }), VersionMismatch)
    t.equal(await books.replace(4, book()), undefined)
  })

  test('an insertion can have bounds', async (t, { authors, orders }) => {
    for (const name of ['Ann', 'Bob']) await authors.insert({ name, secret: 's' })
    const insert = (authorId: number, status = 'waiting') =>
      orders.insert({ authorId, status, result: null }, [
        { where: { authorId, status }, atMost: 2 },
        { where: { status }, atMost: 3 },
      ])
    await insert(1)
    await insert(1)
    await t.rejects(insert(1), new BoundReached('orders', ['authorId', 'status']))
    await insert(2)
    await t.rejects(insert(2), new BoundReached('orders', ['status']))
    t.equal(await countOf(orders), 3)
    await orders.delete(1)
    await insert(1)
    t.equal(await countOf(orders), 3)

    for (const { id } of await all(orders)) await orders.delete(id)
    const results = await Promise.allSettled([1, 2, 1, 2, 1, 2].map((authorId) => insert(authorId)))
    t.equal(results.filter(({ status }) => status === 'fulfilled').length, 3, 'many at once')
    t.equal(await countOf(orders), 3)
  })

  test('a bound can give way to another', async (t, { authors, orders }) => {
    for (const name of ['Ann', 'Bob']) await authors.insert({ name, secret: 's' })
    const status = 'waiting'
    const insert = (authorId: number) =>
      orders.insert({ authorId, status, result: null }, [
        { where: { status }, atMost: 2, unless: { where: { authorId, status }, atMost: 1 } },
      ])
    await insert(1)
    await insert(1)
    await t.rejects(insert(1), new BoundReached('orders', ['status']))
    await insert(2)
    await t.rejects(insert(2), new BoundReached('orders', ['status']))
    t.equal(await countOf(orders), 3)
  })

  test('predicates ask for values at any depth', async (t, { notes }) => {
    const contents = [
      { n: 1, text: 'Alpha', a: { b: ['x', 'y'] } },
      { n: 2, text: 'beta', a: { b: null } },
      { n: 10, text: 'Gamma', __proto: true },
      { n: '2', text: null },
      {},
    ]
    await notes.insertMany(contents.map((content) => ({ content })))
    const at = (...names: string[]) => ['content', ...names] as const
    const cases: [Predicate<'content' | 'id'>, number[]][] = [
      [{ path: at('n'), op: 'eq', value: 2 }, [2]],
      [{ path: at('n'), op: 'ne', value: 2 }, [1, 3, 4, 5]],
      [{ path: at('n'), op: 'in', value: [1, '2'] }, [1, 4]],
      [{ path: at('n'), op: 'lt', value: 10 }, [1, 2]],
      [{ path: at('n'), op: 'gte', value: 2 }, [2, 3]],
      [{ path: at('text'), op: 'gt', value: 'Alpha' }, [2, 3]],
      [{ path: at('text'), op: 'lte', value: 'Gamma' }, [1, 3]],
      [{ path: at('text'), op: 'contains', value: 'MM' }, [3]],
      [{ path: at('text'), op: 'startsWith', value: 'B' }, [2]],
      [{ path: at('text'), op: 'endsWith', value: 'A' }, [1, 2, 3]],
      [{ path: at('text'), op: 'eq', value: null }, [4]],
      [{ path: at('a', 'b', '1'), op: 'eq', value: 'y' }, [1]],
      [{ path: at('a', 'b', 'length'), op: 'eq', value: 2 }, []],
      [{ path: at('toString'), op: 'ne', value: null }, [1, 2, 3, 4, 5]],
      [
        {
          or: [
            { path: at('n'), op: 'eq', value: 1 },
            { and: [equal({ id: 5 }), { path: at('n'), op: 'ne', value: 1 }] },
          ],
        },
        [1, 5],
      ],
      [{ or: [] }, []],
      [{ and: [] }, [1, 2, 3, 4, 5]],
    ]
    for (const [where, expected] of cases) {
      const { items, total } = await notes.find({ where, limit: 1000 })
      const ids = items.map(({ id }) => id)
      t.same([ids, total], [expected, expected.length], JSON.stringify(where))
    }
  })

  test('sorts go by any path, null and what is absent at one end', async (t, { notes }) => {
    const values = [3, undefined, 'b', null, 1, 'B', true, 3]
    await notes.insertMany(values.map((n) => ({ content: n === undefined ? {} : { n } })))
    const ids = async (descending: boolean) => {
      const sort = [{ path: ['content', 'n'], descending }] as const
      return (await all(notes, { sort })).map(({ id }) => id)
    }
    t.same(await ids(false), [2, 4, 7, 5, 1, 8, 6, 3])
    t.same(await ids(true), [3, 6, 8, 1, 5, 7, 4, 2])
    const sort = [{ path: ['content', 'n'] }] as const
    const { items } = await notes.find({ sort, offset: 3, limit: 2 })
    t.match(items, [{ id: 5 }, { id: 1 }])
  })

  test('a session is a user and a token that has not been revoked', async (t, store) => {
    const { sessions, users } = store
    const { id } = await users.insert({ name: 'Ann', secret: 's' })
    t.match(await sessions.find('a', id), { id, name: 'Ann' })
    t.equal(await sessions.find('a', 99), undefined)
    await sessions.revoke('a', Date.now() + 60_000)
    await sessions.revoke('a', Date.now() + 60_000)
    t.equal(await sessions.find('a', id), undefined)
    t.match(await sessions.find('b', id), { id })
    await sessions.revoke('b', Number.POSITIVE_INFINITY)
    t.equal(await sessions.find('b', id), undefined)
    await users.delete(id)
    t.equal(await sessions.find('c', id), undefined)
  })

  test('a file stays for as long as a record refers to it', async (t, store) => {
    const { authors, files, scans } = store
    const receive = (text: string) => files.receive(Readable.from([Buffer.from(text)]))
    const read = async (sha256: string) => text(await files.read(sha256))
    await authors.insert({ name: 'Ann', secret: 's' })
    const file = await receive('content')
    const { sha256, size } = file
    t.equal(size, 7)
    await scans.insert({ file: { sha256, size }, authorId: 1 })
    await scans.insert({ file: { sha256, size }, authorId: null })
    await file.release()
    t.equal(await read(sha256), 'content')
    t.equal(await text(await files.read(sha256, { start: 1, end: 3 })), 'ont')
    await authors.delete(1)
    t.equal(await read(sha256), 'content', 'one of the two records has gone')
    await scans.update(2, { authorId: null })
    t.equal(await read(sha256), 'content')

    const other = await receive('other')
    await scans.update(2, { file: { sha256: other.sha256, size: other.size } })
    await other.release()
    await t.rejects(read(sha256), MissingContent)
    await t.rejects(scans.insert({ file: { sha256, size }, authorId: null }), MissingContent)
    await scans.update(2, { file: null })
    await t.rejects(read(other.sha256), MissingContent)
    await t.rejects(files.receive(brokenSource()), /broken/)
  })

  test('what waits is taken once', async (t, store) => {
    const { authors, jobs, orders } = store
    await authors.insertMany(['Ann', 'Bob'].map((name) => ({ name, secret: 's' })))
    const order = { status: 'waiting', authorId: 1, result: null }
    t.equal(await jobs.take('orders', 60_000), undefined)
    await orders.insertMany([order, { ...order, status: 'done' }, { ...order, authorId: 2 }])
    const taken = await Promise.all([1, 2, 3].map(() => jobs.take('orders', 60_000)))
    t.same(new Set(taken.map((job) => job?.record.id)), new Set([1, 3, undefined]))
    const first = taken.find((job) => job?.record.id === 1)
    t.match(await first?.finish({ status: 'done', result: 1 }), {
      id: 1,
      status: 'done',
      result: 1,
    })
    t.equal(await first?.finish({ result: 2 }), undefined, 'it is no longer this one to do')
    t.match(await orders.get(1), { result: 1 })
  })

  test('of each one job is done at a time, the first one first, and all take turns', async (t, store) => {
    const { authors, jobs, orders } = store
    await authors.insertMany(['Ann', 'Bob', 'Eve'].map((name) => ({ name, secret: 's' })))
    const order = (authorId: number) => ({ status: 'waiting', authorId, result: null })
    const take = async () => {
      const job = await jobs.take('orders', 60_000)
      return { id: job?.record.id, end: () => job?.finish({ status: 'done' }) }
    }
    await orders.insertMany([1, 1, 1, 1, 2, 2, 3].map(order))
    const first = [await take(), await take(), await take()]
    t.same(new Set(first.map(({ id }) => id)), new Set([1, 5, 7]), 'the first one of each')
    t.same((await take()).id, undefined, 'each has one that is being done')
    await first.find(({ id }) => id === 1)?.end()
    const second = await take()
    t.equal(second.id, 2)
    await second.end()
    await first.find(({ id }) => id === 5)?.end()
    await first.find(({ id }) => id === 7)?.end()
    const rest: unknown[] = []
    for (let job = await take(); job.id !== undefined; job = await take()) {
      rest.push(job.id)
      // One who always has another is not always the next.
      if (job.id === 6) await orders.insert(order(2))
      await job.end()
    }
    t.same(rest, [6, 3, 8, 4])
  })

  test('a job whose record goes, or whose lease runs out, is lost', async (t, store) => {
    const { authors, jobs, orders } = store
    await authors.insertMany(['Ann', 'Bob'].map((name) => ({ name, secret: 's' })))
    for (const authorId of [1, 2])
      await orders.insert({ status: 'waiting', authorId, result: null })
    const first = await jobs.take('orders', 60_000)
    const second = await jobs.take('orders', 60_000)
    if (!first || !second) throw new Error('Two were waiting')
    await authors.delete(1)
    t.equal(first.lost.aborted, true)
    t.equal(second.lost.aborted, false)
    t.equal(await first.finish({ status: 'done' }), undefined)
    await orders.update(2, { status: 'given up' })
    t.equal(second.lost.aborted, true)

    await orders.update(2, { status: 'waiting' })
    const third = await jobs.take('orders', 1)
    if (!third) throw new Error('One is waiting')
    // A lease does not keep the process alive.
    const alive = setInterval(() => {}, 1000)
    if (!third.lost.aborted) await once(third.lost, 'abort')
    clearInterval(alive)
    t.equal(await third.finish({ status: 'done' }), undefined)
    const fourth = await jobs.take('orders', 60_000)
    await fourth?.renew()
    t.match(await fourth?.finish({ status: 'done' }), { id: 2, status: 'done' })
  })

  test('random operations do what they do in a plain array', async (t) => {
    await fc.assert(
      fc.asyncProperty(fc.array(operation, { maxLength: 80 }), async (operations) => {
        const engine = newEngine()
        const { books } = await engine.open(declarations)
        const model = newModel()
        for (const each of operations) {
          const expected = each.onModel(model)
          const actual = await outcome(() => each.onStore(books))
          if (JSON.stringify(actual) !== JSON.stringify(expected)) {
            throw new Error(`${JSON.stringify(actual)} instead of ${JSON.stringify(expected)}`)
          }
        }
        await engine.close()
      }),
      { numRuns: 300 },
    )
    t.pass('300 runs')
  })
}

/**
 * What every engine must do that can keep several states.
 * @param newEngine opens an empty one
 */
export function testStates(name: string, newEngine: () => ForkingEngine): void {
  const test = (what: string, run: (t: Test, store: ForkableStore) => Promise<void>) =>
    t.test(`${name}: ${what}`, async (t) => {
      const engine = newEngine()
      t.teardown(() => engine.close())
      await run(t, await engine.open(declarations))
    })

  test('a fork begins as the store is, and goes its own way', async (t, store) => {
    await store.users.insert({ name: 'Ann', secret: 's' })
    await store.books.insertMany([book({ year: 1 }), book({ year: 2 })])
    await store.sessions.revoke('a', Date.now() + 60_000)
    const fork = await store.fork()
    t.not(fork.epoch, store.epoch)
    t.match(await all(fork.books), [{ year: 1 }, { year: 2 }])
    t.equal(await fork.sessions.find('a', 1), undefined)

    await fork.books.update(1, { year: 11 })
    await fork.books.delete(2)
    t.match(await fork.books.insert(book({ year: 3 })), { id: 3 })
    await store.books.update(2, { year: 22 })
    t.match(await store.books.insert(book({ year: 4 })), { id: 3 })
    await fork.sessions.revoke('b', Date.now() + 60_000)
    await fork.users.delete(1)
    const years = async ({ books }: Store) => (await all(books)).map(({ year }) => year)
    t.same(await years(fork), [11, 3])
    t.same(await years(store), [1, 22, 4])
    t.match(await store.sessions.find('b', 1), { name: 'Ann' })
    t.same(await years(await fork.fork()), [11, 3])
  })

  test('a snapshot brings everything back, as often as one wants', async (t, store) => {
    const { books, jobs, orders, sessions, users } = store
    await users.insert({ name: 'Ann', secret: 's' })
    await store.authors.insert({ name: 'Ann', secret: 's' })
    await orders.insert({ status: 'waiting', authorId: 1, result: null })
    await books.insert(book({ year: 1 }))
    const snapshot = await store.snapshot()
    const job = await jobs.take('orders', 60_000)
    for (const year of [2, 3]) {
      const { epoch } = store
      await books.update(1, { year })
      await books.insert(book({ year }))
      await users.delete(1)
      await sessions.revoke('a', Date.now() + 60_000)
      await store.restore(snapshot)
      t.match(await all(books), [{ id: 1, year: 1, version: 1 }])
      t.match(await sessions.find('a', 1), { name: 'Ann' })
      t.not(store.epoch, epoch, 'a tag of before fits nothing')
    }
    t.equal(job?.lost.aborted, true)
    t.match(await books.insert(book()), { id: 2 })
    await snapshot.discard()
  })

  test('a fork keeps its files, whatever becomes of them elsewhere', async (t, store) => {
    const received = await store.files.receive(Readable.from([Buffer.from('content')]))
    const { sha256, size } = received
    await store.scans.insert({ file: { sha256, size }, authorId: null })
    await received.release()
    const fork = await store.fork()
    const snapshot = await store.snapshot()
    await store.scans.delete(1)
    await t.rejects(store.files.read(sha256), MissingContent)
    t.equal(await text(await fork.files.read(sha256)), 'content')
    await fork.close()
    await store.restore(snapshot)
    t.equal(await text(await store.files.read(sha256)), 'content')
    await snapshot.discard()
    t.equal(await text(await store.files.read(sha256)), 'content')
  })

  test('forks of forks do what copies of plain arrays do', async (t, store) => {
    const step = fc.record({ view: fc.nat(), isFork: fc.nat(6), operation })
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 120 }), async (steps) => {
        const views = [{ store: await store.fork(), model: newModel() }]
        for (const { view, isFork, operation } of steps) {
          const { store, model } = views[view % views.length] ?? raise()
          if (isFork === 0) {
            const records = [...model.records]
            views.push({ store: await store.fork(), model: { ...model, records } })
          }
          const expected = operation.onModel(model)
          const actual = await outcome(() => operation.onStore(store.books))
          if (JSON.stringify(actual) !== JSON.stringify(expected)) {
            throw new Error(`${JSON.stringify(actual)} instead of ${JSON.stringify(expected)}`)
          }
        }
        for (const { store, model } of views) {
          t.strictSame(JSON.stringify(await all(store.books)), JSON.stringify(byId(model)))
        }
      }),
      { numRuns: 60 },
    )
  })
}

type Books = Store['books']
type Book = RecordIn<(typeof declarations)['books']>

/** What a store is, at its plainest: a list that is looked through for everything. */
interface BookModel {
  records: Book[]
  highestId: number
}

const newModel = (): BookModel => ({ records: [], highestId: 0 })

const byId = ({ records }: BookModel) => [...records].sort((a, b) => a.id - b.id)

function raise(): never {
  throw new Error('There is no such view')
}

/** A source that fails after its first bytes. */
function brokenSource(): Readable {
  return Readable.from(
    (function* () {
      yield Buffer.from('some')
      throw new Error('broken')
    })(),
  )
}

interface Operation {
  onStore(books: Books): Promise<unknown>
  onModel(model: BookModel): unknown
}

/** A result or the name of a refusal. */
async function outcome(run: () => Promise<unknown>): Promise<unknown> {
  try {
    return await run()
  } catch (error) {
    return error instanceof Error ? error.name : error
  }
}

const shelf = fc.constantFrom('A', 'B')
const place = fc.constantFrom(null, 1, 2)
const year = fc.integer({ min: 2000, max: 2003 })
const id = fc.integer({ min: 1, max: 8 })

function isTaken(model: BookModel, wanted: Pick<Book, 'shelf' | 'place'>, except?: number) {
  return model.records.some(
    (each) =>
      each.id !== except &&
      each.place !== null &&
      each.place === wanted.place &&
      each.shelf === wanted.shelf,
  )
}

const insertion = fc.record({ shelf, place, year }).map(
  (values): Operation => ({
    onStore: (books) => books.insert(book(values)),
    onModel: (model) => {
      if (isTaken(model, values)) return 'UniqueViolation'
      model.highestId += 1
      const { shelf, place, year } = values
      const record: Book = {
        id: model.highestId,
        version: 1,
        title: 'A title',
        shelf,
        place,
        year,
        authorId: null,
        tags: [],
      }
      model.records.push(record)
      return record
    },
  }),
)

const change = fc
  .record({
    id,
    change: fc.record({ shelf, place, year }, { requiredKeys: [] }),
    versions: fc.option(fc.constantFrom([1], [2], [1, 2]), { nil: undefined }),
  })
  .map(
    ({ id, change, versions }): Operation => ({
      onStore: (books) => books.update(id, change, { versions }),
      onModel: (model) => {
        const index = model.records.findIndex((each) => each.id === id)
        const old = model.records[index]
        if (!old) return undefined
        if (versions && !versions.some((version) => version === old.version))
          return 'VersionMismatch'
        const version = Object.keys(change).length > 0 ? old.version + 1 : old.version
        const record = { ...old, ...change, version }
        if (isTaken(model, record, id)) return 'UniqueViolation'
        model.records[index] = record
        return record
      },
    }),
  )

const deletion = id.map(
  (id): Operation => ({
    onStore: (books) => books.delete(id),
    onModel: (model) => {
      const index = model.records.findIndex((each) => each.id === id)
      return index < 0 ? undefined : model.records.splice(index, 1)[0]
    },
  }),
)

const listing = fc
  .record({
    where: fc.constantFrom({}, { shelf: 'A' }, { shelf: 'B' }),
    sort: fc.constantFrom([], newest),
    offset: fc.nat(5),
    limit: fc.nat(5),
  })
  .map(
    ({ where, sort, offset, limit }): Operation => ({
      onStore: (books) => books.find({ where: equal(where), sort, offset, limit }),
      onModel: ({ records }) => {
        const matches = records
          .filter((each) => !('shelf' in where) || each.shelf === where.shelf)
          .sort((a, b) => (sort === newest ? b.year - a.year || b.id - a.id : a.id - b.id))
        return { items: matches.slice(offset, offset + limit), total: matches.length }
      },
    }),
  )

const lookup = fc.record({ shelf, place: fc.constantFrom(1, 2) }).map(
  (key): Operation => ({
    onStore: (books) => books.getBy(key),
    onModel: ({ records }) =>
      records.find((each) => each.shelf === key.shelf && each.place === key.place),
  }),
)

const operation = fc.oneof(
  { arbitrary: insertion, weight: 4 },
  { arbitrary: change, weight: 3 },
  { arbitrary: deletion, weight: 1 },
  { arbitrary: listing, weight: 2 },
  { arbitrary: lookup, weight: 1 },
)
