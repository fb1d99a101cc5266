import { Type } from '@sinclair/typebox'
import fc from 'fast-check'
import t, { type Test } from 'tap'
import { declare } from '../../store/declaration.js'
import type { Engine } from '../../store/engine.js'
import {
  ConditionFailed,
  InvalidRecord,
  ReferenceViolation,
  UniqueViolation,
  VersionMismatch,
} from '../../store/errors.js'

const nullableInteger = Type.Union([Type.Integer(), Type.Null()])

const authors = declare(
  'authors',
  { name: Type.String(), secret: Type.String() },
  { unique: [['name']], hidden: ['secret'] },
)

const books = declare(
  'books',
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
    orders: { newest: [{ field: 'year', descending: true }] },
    indexes: [
      { fields: [], order: 'newest' },
      { fields: ['shelf'], order: 'newest' },
      { fields: ['shelf'], order: 'id' },
    ],
    searchable: ['title'],
    references: { authorId: { collection: 'authors', onDelete: 'set null' } },
  },
)

const reviews = declare(
  'reviews',
  { bookAuthorId: Type.Integer(), text: Type.String() },
  { references: { bookAuthorId: { collection: 'authors', onDelete: 'delete' } } },
)

const answers = declare(
  'answers',
  { reviewId: Type.Integer() },
  { references: { reviewId: { collection: 'reviews', onDelete: 'delete' } } },
)

function open(engine: Engine) {
  return {
    authors: engine.collection(authors),
    books: engine.collection(books),
    reviews: engine.collection(reviews),
    answers: engine.collection(answers),
  }
}

const book = (values: Partial<Parameters<ReturnType<typeof open>['books']['insert']>[0]> = {}) => ({
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
  const test = (what: string, run: (t: Test, store: ReturnType<typeof open>) => Promise<void>) =>
    t.test(`${name}: ${what}`, (t) => run(t, open(newEngine())))

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

  test('records are frozen, all the way down', async (t, { books }) => {
    const tags = ['a']
    const record = await books.insert(book({ tags }))
    t.throws(() => Object.assign(record, { title: 'x' }), TypeError)
    t.throws(() => record.tags.push('b'), TypeError)
    t.throws(() => tags.push('b'), TypeError)
    t.same((await books.get(1))?.tags, ['a'])
  })

  test('a record that is not one is refused', async (t, { books }) => {
    const values: object = { ...book(), year: 'two thousand' }
    await t.rejects(books.insert(Object.assign(book(), values)), InvalidRecord)
    t.same(await books.find(), { items: [], total: 0 })
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

  test('one of fifty inserts of the same key at once succeeds', async (t, { authors }) => {
    const results = await Promise.allSettled(
      Array.from({ length: 50 }, () => authors.insert({ name: 'Ann', secret: 's' })),
    )
    t.equal(results.filter(({ status }) => status === 'fulfilled').length, 1)
    t.equal((await authors.find()).total, 1)
  })

  test('find lists by id, in pages, with the total', async (t, { books }) => {
    for (let year = 1; year <= 7; year++) await books.insert(book({ year }))
    const page = async (offset?: number, limit?: number) => {
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
    const ids = async () => (await books.find({ order: 'newest' })).items.map(({ id }) => id)
    t.same(await ids(), [4, 2, 3, 1])
    await books.update(1, { year: 2004 })
    t.same(await ids(), [1, 4, 2, 3])
    await books.delete(4)
    t.same(await ids(), [1, 2, 3])
    await t.rejects(books.find({ order: 'oldest' }), /no index for all by oldest/)
  })

  test('find filters by an indexed field, and by more fields behind it', async (t, { books }) => {
    await books.insert(book({ shelf: 'A', year: 1 }))
    await books.insert(book({ shelf: 'B', year: 2 }))
    await books.insert(book({ shelf: 'A', year: 3 }))
    const find = async (where: { shelf?: string; year?: number }, order?: string) => {
      const { items, total } = await books.find({ where, order })
      return [items.map(({ id }) => id), total]
    }
    t.same(await find({ shelf: 'A' }), [[1, 3], 2])
    t.same(await find({ shelf: 'A' }, 'newest'), [[3, 1], 2])
    t.same(await find({ shelf: 'A', year: 3 }), [[3], 1])
    t.same(await find({ shelf: 'C' }), [[], 0])
    await books.update(2, { shelf: 'A' })
    t.same(await find({ shelf: 'A' }, 'newest'), [[3, 2, 1], 3])
    t.same(await find({ shelf: 'B' }), [[], 0])
    await t.rejects(books.find({ where: { year: 1 } }), /no index for year/)
  })

  test('search finds a part of the text, letter case aside', async (t, { books }) => {
    await books.insert(book({ title: 'Brave New World', shelf: 'A' }))
    await books.insert(book({ title: 'The New Atlantis', shelf: 'B' }))
    await books.insert(book({ title: 'Utopia', shelf: 'A' }))
    const search = async (text: string, rest: object = {}) => {
      const { items, total } = await books.find({ search: { field: 'title', text }, ...rest })
      return [items.map(({ id }) => id), total]
    }
    t.same(await search('NEW'), [[1, 2], 2])
    t.same(await search('new', { where: { shelf: 'B' } }), [[2], 1])
    t.same(await search('new', { limit: 1, offset: 1 }), [[2], 2])
    t.same(await search(''), [[1, 2, 3], 3])
    t.same(await search('%'), [[], 0])
    await t.rejects(
      books.find({ search: { field: 'shelf', text: 'A' } }),
      /can't be searched by shelf/,
    )
  })

  test('a long search shows the records of one moment, and lets others work', async (t, store) => {
    for (let year = 0; year < 20_000; year++) await store.books.insert(book({ year }))
    const search = store.books.find({ search: { field: 'title', text: 'title' } })
    let turns = 0
    const others = setInterval(() => turns++, 0)
    await store.books.delete(20_000)
    t.equal((await search).total, 20_000)
    clearInterval(others)
    t.ok(turns > 0, 'other work had its turn')
  })

  test('a change can be made from the record as it is when it is changed', async (t, { books }) => {
    await books.insert(book({ tags: ['a'] }))
    const adding = ['b', 'c', 'd'].map((tag) =>
      books.update(1, ({ tags }) => ({ tags: [...tags, tag] })),
    )
    await Promise.all(adding)
    t.match(await books.get(1), { tags: ['a', 'b', 'c', 'd'], version: 4 })

    const refuse = () => {
      throw new RangeError('no more')
    }
    await t.rejects(books.update(1, refuse), RangeError)
    await t.rejects(books.update(1, refuse, { versions: [1] }), VersionMismatch, 'conditions first')
    t.match(await books.get(1), { version: 4 })
  })

  test('onDelete tells of each record that goes, also with another', async (t, store) => {
    const gone: string[] = []
    store.authors.onDelete(({ name }) => gone.push(name))
    store.reviews.onDelete(({ text }) => gone.push(text))
    const { id } = await store.authors.insert({ name: 'Ann', secret: 's' })
    await store.authors.insert({ name: 'Bob', secret: 's' })
    await store.reviews.insert({ bookAuthorId: id, text: 'first' })
    const { id: second } = await store.reviews.insert({ bookAuthorId: id, text: 'second' })
    await store.reviews.delete(second)
    t.same(gone, ['second'])
    await store.authors.delete(id)
    t.same(gone.sort(), ['Ann', 'first', 'second'])
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

    const deletion = authors.delete(1)
    const { items } = await books.find()
    t.same(
      items.map(({ authorId, version }) => [authorId, version]),
      [
        [null, 2],
        [2, 1],
        [null, 2],
      ],
    )
    t.same(
      (await reviews.find()).items.map(({ id }) => id),
      [2],
    )
    t.same(
      (await answers.find()).items.map(({ id }) => id),
      [2],
    )
    t.match(await deletion, { id: 1, name: 'Ann' })
  })

  test('a revoked token stays revoked, others are not', async (t) => {
    const { denylist } = newEngine()
    await denylist.add('a', Date.now() + 60_000)
    await denylist.add('a', Date.now() + 60_000)
    t.equal(await denylist.has('a'), true)
    t.equal(await denylist.has('b'), false)
  })

  test('random operations do what they do in a plain array', async (t) => {
    await fc.assert(
      fc.asyncProperty(fc.array(operation, { maxLength: 80 }), async (operations) => {
        const { books } = open(newEngine())
        const model: BookModel = { records: [], highestId: 0 }
        for (const each of operations) {
          const expected = each.onModel(model)
          const actual = await outcome(() => each.onStore(books))
          if (JSON.stringify(actual) !== JSON.stringify(expected)) {
            throw new Error(`${JSON.stringify(actual)} instead of ${JSON.stringify(expected)}`)
          }
        }
      }),
      { numRuns: 300 },
    )
    t.pass('300 runs')
  })
}

type Books = ReturnType<typeof open>['books']
type Book = NonNullable<Awaited<ReturnType<Books['get']>>>

/** What a store is, at its plainest: a list that is looked through for everything. */
interface BookModel {
  records: Book[]
  highestId: number
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
    order: fc.constantFrom('id', 'newest'),
    offset: fc.nat(5),
    limit: fc.nat(5),
  })
  .map(
    ({ where, order, offset, limit }): Operation => ({
      onStore: (books) => books.find({ where, order, offset, limit }),
      onModel: ({ records }) => {
        const matches = records
          .filter((each) => !('shelf' in where) || each.shelf === where.shelf)
          .sort((a, b) => (order === 'newest' ? b.year - a.year || b.id - a.id : a.id - b.id))
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
