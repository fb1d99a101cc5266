import { Readable } from 'node:stream'
import { text } from 'node:stream/consumers'
import { Type } from '@sinclair/typebox'
import fc from 'fast-check'
import t, { type Test } from 'tap'
import { declare, type Pointer, type RecordIn, StoredFile } from '../../store/declaration.js'
import {
  type Collection,
  type Engine,
  type ForkableView,
  type ForkingEngine,
  isForkable,
  type RecordEvent,
  type View,
} from '../../store/engine.js'
import {
  ConditionFailed,
  MissingContent,
  UniqueViolation,
  VersionMismatch,
} from '../../store/errors.js'
import { all, countOf } from '../../store/lookups.js'
import { type Selection, type Sort, textOf } from '../../store/query.js'

const fields = {
  number: Type.Union([Type.Number(), Type.Null()]),
  key: Type.String(),
  content: Type.Unsafe<object>({ type: 'object' }),
  files: Type.Union([Type.Array(StoredFile), Type.Null()]),
}

/** Records of any shape, under ids that their owner chose. */
const rules = {
  unique: [['key']],
  sequence: 'number',
  files: ['files'],
  searchable: ['content'],
  scans: true,
} as const

/** A pointer at a record's key, from a path within the content. */
const pointer = (to: string, onDelete: Pointer['onDelete'], ...names: string[]) => ({
  path: ['content', ...names] as const,
  to,
  field: 'key',
  onDelete,
})

const declarations = {
  people: declare(fields, rules),
  posts: declare(fields, {
    ...rules,
    pointers: [
      pointer('people', 'set null', 'personId'),
      pointer('people', 'set null', 'list', '1', '__proto__'),
    ],
  }),
  comments: declare(fields, {
    ...rules,
    scans: false,
    pointers: [
      pointer('posts', 'delete', 'postId'),
      pointer('comments', 'delete', 'commentId'),
      pointer('people', 'keep', 'personId'),
    ],
  }),
}

type Store = View<typeof declarations>
type ForkableStore = ForkableView<typeof declarations>
type Free = RecordIn<(typeof declarations)['posts']>

/** A record as its owner has it: with an id of either type. */
const free = (content: { readonly id: string | number; readonly [field: string]: unknown }) => ({
  number: typeof content.id === 'number' ? content.id : null,
  key: String(content.id),
  content,
  files: null,
})

const keys = async (collection: Collection<Free>, selection?: Selection<keyof Free>) =>
  (await all(collection, selection)).map(({ key }) => key)

/**
 * What every engine must do for collections whose records have any shape.
 * @param name the engine's, for the report
 * @param newEngine opens an empty one
 */
export function testFreeRecords(name: string, newEngine: () => Engine): void {
  const test = (what: string, run: (t: Test, store: Store) => Promise<void>) =>
    t.test(`${name}: ${what}`, async (t) => {
      const engine = newEngine()
      t.teardown(() => engine.close())
      await run(t, await engine.open(declarations))
    })

  test('no number is given out twice', async (t, { posts }) => {
    t.equal(await posts.nextNumber(), 1)
    t.equal(await posts.nextNumber(), 2, 'it was given, though no record has it')
    const { id } = await posts.insert(free({ id: 7.5 }))
    await posts.insert(free({ id: 'abc' }))
    await posts.delete(id)
    t.equal(await posts.nextNumber(), 8)
    const other = await posts.insert(free({ id: 3 }))
    await posts.update(other.id, { number: 20 })
    await posts.replace(other.id, free({ id: 1 }))
    t.equal(await posts.nextNumber(), 21)
    const many = await Promise.all(Array.from({ length: 20 }, () => posts.nextNumber()))
    t.equal(new Set(many).size, 20)
  })

  test('refused insertions leave the sequence as it is', async (t, { posts }) => {
    await posts.insert(free({ id: 1 }))
    await t.rejects(posts.insertMany([free({ id: 50 }), free({ id: '1' })]), UniqueViolation)
    await t.rejects(posts.insert({ ...free({ id: '1' }), number: 60 }), UniqueViolation)
    t.equal(await posts.nextNumber(), 2)
  })

  test('a sequence ends where numbers can no longer be told apart', async (t, { posts }) => {
    await posts.insert(free({ id: 1e300 }))
    t.equal(await posts.nextNumber(), 1, 'what is larger does not count')
    await posts.insert(free({ id: Number.MAX_SAFE_INTEGER - 1 }))
    t.equal(await posts.nextNumber(), Number.MAX_SAFE_INTEGER)
    t.equal(await posts.nextNumber(), undefined)
    t.equal(await posts.nextNumber(), undefined)
  })

  test('records go with the one that they point at, and theirs with them', async (t, store) => {
    const { comments, posts } = store
    await posts.insertMany([free({ id: 1 }), free({ id: 'two' }), free({ id: '3' })])
    await comments.insertMany([
      free({ id: 1, postId: 1 }),
      free({ id: 2, postId: '1' }),
      free({ id: 3, postId: 'two' }),
      free({ id: 4, postId: null }),
      free({ id: 5 }),
      free({ id: 6, postId: 99 }),
      free({ id: 7, commentId: 2 }),
      free({ id: 8, commentId: '7', postId: 3 }),
      free({ id: 9, postId: { id: 1 } }),
    ])
    t.match(await posts.delete(1), { key: '1' })
    t.same(await keys(comments), ['3', '4', '5', '6', '9'])
    await posts.delete(3)
    t.same(await keys(comments), ['3', '4', '5', '6', '9'])
    await posts.update(2, { key: 'other' })
    await posts.delete(2)
    t.same(await keys(comments), ['3', '4', '5', '6', '9'], 'what leads nowhere stays')
  })

  test('records that point in a circle, at themselves or in a long row go at once', async (t, store) => {
    const { comments } = store
    await comments.insertMany([
      free({ id: 1, commentId: 3 }),
      free({ id: 2, commentId: 1 }),
      free({ id: 3, commentId: 2 }),
      free({ id: 4, commentId: 4 }),
      free({ id: 5 }),
    ])
    await comments.delete(2)
    await comments.delete(4)
    t.same(await keys(comments), ['5'])
    const row = Array.from({ length: 20_000 }, (_, at) => free({ id: at + 6, commentId: at + 5 }))
    await comments.insertMany(row)
    await comments.delete(5)
    t.equal(await countOf(comments), 0)
  })

  test('a pointer can be set to null, in a new record, or kept', async (t, {
    people,
    posts,
    comments,
  }) => {
    await people.insertMany([free({ id: 1 }), free({ id: 2 })])
    const content = JSON.parse('{"id":1,"personId":1,"list":[{},{"a":1,"__proto__":"1"},[]]}')
    const old = await posts.insert(free(content))
    await posts.insert(free({ id: 2, personId: 2, list: 'none' }))
    await comments.insert(free({ id: 1, personId: 1 }))
    await people.delete(1)
    const changed = await posts.get(1)
    t.equal(
      JSON.stringify(changed?.content),
      '{"id":1,"personId":null,"list":[{},{"a":1,"__proto__":null},[]]}',
    )
    t.same(old.content, content, 'the old record stays what it was')
    t.equal(changed?.version, 3, 'two values have changed')
    t.match(await posts.get(2), { version: 1, content: { personId: 2 } })
    t.match(await comments.get(1), { version: 1, content: { personId: 1 } })
  })

  test('what a refused insertion takes back pulls nothing along', async (t, {
    comments,
    posts,
  }) => {
    await comments.insert(free({ id: 1, postId: 7 }))
    await t.rejects(posts.insertMany([free({ id: 7 }), free({ id: 7 })]), UniqueViolation)
    t.equal(await countOf(comments), 1)
  })

  test('a pointer and a unique text answer what a value is', async (t, { comments }) => {
    await comments.insertMany([
      free({ id: 10, postId: 1 }),
      free({ id: 'b', postId: '1' }),
      free({ id: 3, postId: 2, commentId: 10 }),
      free({ id: 4, commentId: '10' }),
    ])
    const are = (value: string[], ...names: string[]) =>
      keys(comments, { where: { path: ['content', ...names], op: 'is', value } })
    t.same(await are(['1'], 'postId'), ['10', 'b'])
    t.same(await are(['2', '1', '2', 'x'], 'postId'), ['10', 'b', '3'])
    t.same(await are(['10'], 'commentId'), ['3', '4'])
    t.same(await are([], 'commentId'), [])
    await comments.update(1, { content: { id: 10, postId: 2 } })
    t.same(await are(['1'], 'postId'), ['b'])
    t.same(await are(['2'], 'postId'), ['10', '3'])
    await comments.delete(3)
    t.same(await are(['2'], 'postId'), ['10'])
    const where = { path: 'key', op: 'is', value: ['4', 'b', '4', 'none'] } as const
    t.match(await comments.find({ where, limit: 1 }), { items: [{ key: 'b' }], total: 2 })
    const both = [where, { path: ['content', 'postId'], op: 'is', value: ['1'] }] as const
    t.same(await keys(comments, { where: { and: both } }), ['b'])
    await t.rejects(are(['x'], 'other'), /comments has no index/)
  })

  test('what a value is needs no index, and is right through every change', async (t, store) => {
    const many = Array.from({ length: 2000 }, (_, id) =>
      free({ id, n: id % 10, tags: [id % 3, 'x'] }),
    )
    await store.posts.insertMany(many)
    const n = (...value: string[]) => ({ path: ['content', 'n'], op: 'is', value }) as const
    const tags = (value: string) =>
      ({ path: ['content', 'tags'], op: 'is', value: [value] }) as const
    const first = Promise.all([
      countOf(store.posts, { where: n('3') }),
      countOf(store.posts, { where: n('3', '4', '3') }),
      countOf(store.posts, { where: { and: [tags('1,x'), n('4', 'none')] } }),
      store.posts.insert(free({ id: 'new', n: '3' })),
      store.posts.delete(1),
    ])
    t.match((await first)[2], 67)
    const check = async ({ posts }: Store) => {
      const everything = await all(posts)
      for (const where of [n('3'), n('4', 'x', '3'), n('none'), n(''), n(), tags('2,x')]) {
        const expected = everything.filter(({ content }) => {
          const text = textOf(Reflect.get(content, where.path[1]))
          return text !== undefined && where.value.some((value) => value === text)
        })
        const { items, total } = await posts.find({ where, offset: 5, limit: 7 })
        t.same([items, total], [expected.slice(5, 12), expected.length], JSON.stringify(where))
        t.same(await all(posts, { where }), expected)
      }
    }
    await check(store)
    // Another state of it, or this one again.
    const other = isForkable(store) ? await store.fork() : store
    for (const id of [14, 24, 34]) await store.posts.update(id, { content: { n: 'x' } })
    await store.posts.delete(44)
    await other.posts.replace(54, free({ id: 53, tags: '2,x', n: null }))
    await store.posts.insertMany([free({ id: 5000, n: '' }), free({ id: 5001, n: [4] })])
    await t.rejects(
      other.posts.insertMany([free({ id: 6000, n: 3 }), free({ id: 2 })]),
      UniqueViolation,
    )
    await check(store)
    await check(other)
    const long = 'x'.repeat(300)
    await store.posts.insert(free({ id: 7000, n: long }))
    t.equal(await countOf(store.posts, { where: n(long) }), 1)
    t.equal(await countOf(store.posts, { where: n(long, '') }), 2)
  })

  test('an order can put null last, then what is absent, and says what decides between equals', async (t, store) => {
    const { posts } = store
    const values = [3, undefined, 'b', null, 1, 3, 'B', undefined]
    await posts.insertMany(
      values.map((n, at) => free(n === undefined ? { id: at + 1 } : { id: at + 1, n })),
    )
    const n = { path: ['content', 'n'], nulls: 'last' } as const
    const order = async (...sort: Sort<keyof Free>[]) => (await keys(posts, { sort })).join('')
    t.equal(await order(n), '51673428')
    t.equal(await order({ ...n, descending: true }), '82437615')
    t.equal(await order({ ...n, descending: true }, { path: 'id' }), '28437165')
    t.equal(await order({ path: n.path }, { path: 'id', descending: true }), '82456173')
    t.equal(await order({ path: ['id'] }), '12345678')
    t.equal(await order({ path: 'id', descending: true }, n), '87654321')
    t.equal(await order({ path: ['content', '__proto__'] }), '12345678')
    t.equal(await order({ path: ['content', 'constructor', 'name'], nulls: 'last' }), '12345678')
    const many = Array.from({ length: 100 }, (_, at) => ({ path: ['content', `${at}`] }) as const)
    t.equal(await order(...many, n), '51673428')
  })

  test('far pages and streams of many records are in order too', async (t, { posts }) => {
    const many = Array.from({ length: 20_000 }, (_, id) => free({ id, n: (id * 7919) % 5003 }))
    await posts.insertMany(many)
    const sort = [{ path: ['content', 'n'] }, { path: 'id', descending: true }] as const
    const where = { path: ['content', 'n'], op: 'lt', value: 5000 } as const
    const expected = many
      .map((each, at) => ({ key: each.key, id: at, n: (at * 7919) % 5003 }))
      .filter(({ n }) => n < 5000)
      .sort((a, b) => a.n - b.n || b.id - a.id)
      .map(({ key }) => key)
    t.same(await keys(posts, { where, sort }), expected)
    for (const offset of [0, 990, 15_000, 19_990, 30_000]) {
      const { items, total } = await posts.find({ where, sort, offset, limit: 20 })
      t.same(
        [items.map(({ key }) => key), total],
        [expected.slice(offset, offset + 20), expected.length],
      )
    }
    t.match(await posts.find({ where, sort, limit: 0 }), { items: [], total: expected.length })
  })

  test('a search looks at every value, at no name, and within one value only', async (t, store) => {
    const { posts } = store
    await posts.insertMany([
      free({ id: 1, title: 'Éclair au Chocolat', tags: ['one', { two: 'Deep\nLine' }] }),
      free({ id: 2, title: 'null', nothing: null, n: 12.5, yes: true }),
      free({ id: 'abc', chocolat: 'x', list: [] }),
      free(JSON.parse('{"id":4,"__proto__":"hidden","toString":{"constructor":"Found"}}')),
    ])
    const found = async (value: string, ...names: string[]) => {
      const where = { path: ['content', ...names], op: 'contains', value } as const
      const inOr = await keys(posts, { where: { or: [where] } })
      t.same(await keys(posts, { where }), inOr, value)
      return inOr.join()
    }
    t.equal(await found('chocolat'), '1')
    t.equal(await found('éCLAIR'), '1')
    t.equal(await found('deep\nline'), '1')
    t.equal(await found('one\ndeep'), '')
    t.equal(await found('two'), '')
    t.equal(await found('null'), '2')
    t.equal(await found('2.5'), '2')
    t.equal(await found('TRUE'), '2')
    t.equal(await found('hidden'), '4')
    t.equal(await found('found'), '4')
    t.equal(await found('object'), '')
    t.equal(await found('BC'), 'abc')
    t.equal(await found(''), '1,2,abc,4')
    t.equal(await found('line', 'tags'), '1')
    t.equal(await found('o', 'tags', '0'), '1')
    t.equal(await found('2', 'n'), '', 'a number by itself is no text')
    t.equal(await found('', 'list'), '', 'there is no value in it')
  })

  test('a search finds its way through long texts too', async (t, { posts }) => {
    const long = 'Word '.repeat(2000)
    await posts.insertMany(
      Array.from({ length: 300 }, (_, id) => free({ id, long, last: id === 77 ? 'the END' : 'x' })),
    )
    const where = { path: 'content', op: 'contains', value: 'the end' } as const
    t.same(await keys(posts, { where }), ['77'])
    const both = { and: [where, { path: ['content', 'last'], op: 'eq', value: 'x' }] } as const
    t.same(await keys(posts, { where: both }), [])
  })

  test('a text can be compared with others, or with a pattern', async (t, { posts }) => {
    await posts.insertMany([
      free({ id: 1, n: 7, tags: ['a', 'b'] }),
      free({ id: 2, n: '007', tags: [] }),
      free({ id: 3, n: null, tags: {} }),
      free({ id: 4, n: true }),
      free({ id: 5, n: '', tags: ['A', null, ['x']] }),
    ])
    const are = async (name: string, op: 'is' | 'isNot', ...value: string[]) =>
      (await keys(posts, { where: { path: ['content', name], op, value } })).join('')
    t.equal(await are('n', 'is', '7'), '1')
    t.equal(await are('n', 'is', 'true', '007', ''), '245')
    t.equal(await are('n', 'is'), '')
    t.equal(await are('n', 'isNot', '7', 'true'), '25')
    t.equal(await are('n', 'isNot'), '1245')
    t.equal(await are('tags', 'is', 'a,b'), '1')
    t.equal(await are('tags', 'is', 'A,,x', ''), '25')
    t.equal(await are('tags', 'is', '[object Object]'), '3')
    t.equal(await are('__proto__', 'isNot', 'x'), '')
    t.equal(await are('toString', 'isNot', 'x'), '')
    const match = async (name: string, value: string) =>
      (await keys(posts, { where: { path: ['content', name], op: 'matches', value } })).join('')
    t.equal(await match('n', '7'), '12')
    t.equal(await match('n', '^0*7$'), '12')
    t.equal(await match('n', 'TRUE|^$'), '45')
    t.equal(await match('n', ''), '1245')
    t.equal(await match('tags', 'a,.?'), '15')
    await t.rejects(match('n', '('), RangeError)
  })

  test('whoever watches hears of each change in its order, and of no other', async (t, store) => {
    const { comments, people, posts } = store
    const heard: string[] = []
    const hear =
      (name: string) =>
      ({ kind, before, record: { key, version } }: RecordEvent<Free>) => {
        heard.push([name, kind, key, ...(before ? [before.version] : []), version].join(' '))
      }
    const since = () => heard.splice(0).join(', ')
    const ends = [
      comments.watch(hear('comment')),
      posts.watch(hear('post')),
      people.watch(hear('person')),
    ]
    await people.insert(free({ id: 'ann' }))
    await posts.insertMany([free({ id: 1, personId: 'ann' }), free({ id: 2, personId: 'ann' })])
    t.equal(since(), 'person created ann 1, post created 1 1, post created 2 1')
    await comments.insertMany([free({ id: 7, postId: 1 }), free({ id: 8, commentId: 7 })])
    since()
    await posts.update(2, { number: 2 })
    await posts.replace(2, free({ id: 2, personId: 'ann' }))
    t.equal(since(), 'post updated 2 1 2, post updated 2 2 3')
    await people.delete(1)
    t.equal(since(), 'person deleted ann 1, post updated 1 1 2, post updated 2 3 4')
    await posts.delete(1)
    t.equal(since(), 'post deleted 1 2, comment deleted 7 1, comment deleted 8 1')

    await t.rejects(posts.insertMany([free({ id: 9 }), free({ id: 2 })]), UniqueViolation)
    await t.rejects(posts.update(2, { key: 'x' }, { versions: [1] }), VersionMismatch)
    await t.rejects(posts.insert(free({ id: 2 })), UniqueViolation)
    t.equal(await posts.delete(99), undefined)
    t.equal(since(), '', 'refusals tell nothing')
    await posts.insert(free({ id: 10 }))
    t.equal(since(), 'post created 10 1')
    for (const end of ends) end()
    await posts.insert(free({ id: 11 }))
    t.equal(since(), '')
  })

  test('a listener can do what it likes', async (t, { comments, posts }) => {
    const heard: string[] = []
    const writes: Promise<unknown>[] = []
    const endOther = posts.watch(() => {
      throw new Error('A listener that fails')
    })
    const end = posts.watch(({ record: { key } }) => {
      heard.push(`post ${key}`)
      end()
      endOther()
      posts.watch(({ record }) => heard.push(`later ${record.key}`))
      writes.push(comments.insert(free({ id: 1 })), posts.insert(free({ id: 3 })))
      writes.push(t.rejects(posts.insert(free({ id: 2 }))))
    })
    comments.watch(({ record: { key } }) => heard.push(`comment ${key}`))
    t.match(await posts.insertMany([free({ id: 1 }), free({ id: 2 })]), [
      { key: '1' },
      { key: '2' },
    ])
    await Promise.all(writes)
    t.same(heard.slice(0, 2), ['post 1', 'later 2'])
    t.same(new Set(heard.slice(2)), new Set(['comment 1', 'later 3']))
  })

  test('a change can expect anything of what is in a record', async (t, { posts }) => {
    await posts.insert(free(JSON.parse('{"id":1,"userId":7,"__proto__":"x"}')))
    const test = (value: string, name = 'userId') =>
      ({ path: ['content', name], op: 'is', value: [value] }) as const
    const number = 5
    await t.rejects(posts.update(1, { number }, { test: test('8') }), ConditionFailed)
    await t.rejects(posts.replace(1, free({ id: 2 }), { test: test('8') }), ConditionFailed)
    const both = { test: test('8'), versions: [] }
    await t.rejects(posts.delete(1, both), ConditionFailed, 'this comes first')
    await t.rejects(posts.delete(1, { test: test('7'), versions: [] }), VersionMismatch)
    await t.rejects(posts.delete(1, { test: { or: [] } }), ConditionFailed)
    const proto = { test: test('x', '__proto__'), versions: [1] }
    t.match(await posts.update(1, { number }, proto), { version: 2 })
    const updates = ['7', '8'].map((value) =>
      posts.update(1, ({ content }) => ({ content: { ...content, userId: 8 } }), {
        test: test(value),
      }),
    )
    await Promise.allSettled(updates)
    t.match(await posts.get(1), { content: { userId: 8 } })
    t.match(await posts.delete(1, { test: test('8') }), { key: '1' })
  })

  test('a record can have several files, and each stays while records refer to it', async (t, store) => {
    const { files, posts } = store
    const receive = async (text: string) => {
      const { sha256, size, release } = await files.receive(Readable.from([Buffer.from(text)]))
      return { file: { sha256, size }, release }
    }
    const read = async ({ sha256 }: StoredFile) => text(await files.read(sha256))
    const [a, b, c] = [await receive('a'), await receive('b'), await receive('c')]
    await posts.insert({ ...free({ id: 1 }), files: [a.file, b.file, a.file] })
    await posts.insert({ ...free({ id: 2 }), files: [b.file] })
    await posts.insert({ ...free({ id: 3 }), files: [] })
    for (const { release } of [a, b]) await release()
    t.equal(await read(a.file), 'a')
    await posts.update(1, { files: [a.file, c.file] })
    await c.release()
    t.same(await Promise.all([a, b, c].map(({ file }) => read(file))), ['a', 'b', 'c'])
    await posts.delete(2)
    await t.rejects(read(b.file), MissingContent)
    await t.rejects(posts.insert({ ...free({ id: 4 }), files: [a.file, b.file] }), MissingContent)
    await posts.update(1, { files: [a.file] })
    t.equal(await read(a.file), 'a')
    await t.rejects(read(c.file), MissingContent)
    await posts.update(1, { files: null })
    await t.rejects(read(a.file), MissingContent)
  })

  test('whatever happens, a pointer finds what a look at each record finds', async (t) => {
    const ids = fc.integer({ min: 1, max: 4 })
    const personId = fc.oneof(ids, ids.map(String), fc.constantFrom(null, undefined, 'x'))
    const step = fc.record({
      kind: fc.constantFrom('add', 'add', 'put', 'delete', 'person', 'no person', 'fork'),
      id: fc.integer({ min: 1, max: 12 }),
      personId,
      view: fc.nat(),
    })
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 60 }), async (steps) => {
        const engine = newEngine()
        const store = await engine.open(declarations)
        const views: Store[] = [store]
        let count = 0
        for (const { kind, id, personId, view } of steps) {
          const chosen = views[view % views.length] ?? store
          const { people, posts } = chosen
          const content = { id: `${kind}${count++}`, personId }
          if (kind === 'add') await posts.insert(free(content))
          else if (kind === 'put') await posts.replace(id, free(content))
          else if (kind === 'delete') await posts.delete(id)
          else if (kind === 'fork') {
            if (isForkable(chosen)) views.push(await chosen.fork())
          } else if (kind === 'person')
            await people.insert(free({ id: (id % 4) + 1 })).catch(() => {})
          else {
            const gone = await people.getBy({ key: String((id % 4) + 1) })
            if (!gone) continue
            await people.delete(gone.id)
            const where = { path: ['content', 'personId'], op: 'is', value: [gone.key] } as const
            t.equal(await countOf(posts, { where }), 0)
          }
        }
        for (const { posts } of views) {
          for (const value of [['1'], ['2', '3', 'x'], ['null', '']]) {
            const where = { path: ['content', 'personId'], op: 'is', value } as const
            t.same(await all(posts, { where }), await all(posts, { where: { or: [where] } }))
          }
        }
        await engine.close()
      }),
      { numRuns: 60 },
    )
  })

  t.test(`${name}: a pointer leads to a unique text that is there`, async (t) => {
    const engine = newEngine()
    t.teardown(() => engine.close())
    const open = (to: string, field: string) =>
      engine.open({
        posts: declare(fields, rules),
        comments: declare(fields, { pointers: [{ path: 'key', to, field, onDelete: 'keep' }] }),
      })
    await t.rejects(open('posts', 'number'), /\["key"\] of comments names no unique text/)
    await t.rejects(open('toString', 'key'), /names no unique text/)
    await t.resolves(open('posts', 'key'))
  })
}

/**
 * What every engine must do that can keep several states.
 * @param newEngine opens an empty one
 */
export function testFreeStates(name: string, newEngine: () => ForkingEngine): void {
  const test = (what: string, run: (t: Test, store: ForkableStore) => Promise<void>) =>
    t.test(`${name}: ${what}`, async (t) => {
      const engine = newEngine()
      t.teardown(() => engine.close())
      await run(t, await engine.open(declarations))
    })

  test('forks and snapshots go on with the sequence as it was', async (t, store) => {
    await store.posts.insert(free({ id: 5 }))
    const snapshot = await store.snapshot()
    const fork = await store.fork()
    t.equal(await store.posts.nextNumber(), 6)
    t.equal(await fork.posts.nextNumber(), 6)
    t.equal(await fork.posts.nextNumber(), 7)
    await store.restore(snapshot)
    t.equal(await store.posts.nextNumber(), 6)
  })

  test('forks point each their own way', async (t, store) => {
    await store.posts.insertMany([free({ id: 1 }), free({ id: 2 })])
    const children = [1, 1, 2].map((postId, id) => free({ id, postId }))
    await store.comments.insertMany(children)
    const fork = await store.fork()
    await fork.comments.insert(free({ id: 3, postId: 1 }))
    await store.comments.update(1, { content: { postId: 2 } })
    await fork.posts.delete(1)
    t.same(await keys(fork.comments), ['2'])
    await store.posts.delete(2)
    t.same(await keys(store.comments), ['1'])
  })

  test('whoever watches goes on after a restoration', async (t, store) => {
    const heard: string[] = []
    store.posts.watch(({ kind, record: { key } }) => heard.push(`${kind} ${key}`))
    await store.posts.insert(free({ id: 1 }))
    const snapshot = await store.snapshot()
    const fork = await store.fork()
    await fork.posts.insert(free({ id: 30 }))
    await store.restore(snapshot)
    t.same(heard.splice(0), ['created 1'], 'other views and restorations tell nothing')
    await store.posts.insert(free({ id: 10 }))
    t.same(heard, ['created 10'])
  })
}
