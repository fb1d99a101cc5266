import t from 'tap'
import { whereOf } from '../../../routes/collections/where.js'
import { postsOf } from '../../fixtures/posts.js'

const POSTS = [
  { id: 1, title: 'Hello', views: 100, author: { name: 'Ann', age: 30 } },
  { id: 2, title: 'hello again', views: 9, author: { name: 'Bob', age: 7 }, rating: null },
  { id: 3, title: 'Zebra', views: 20, author: null, rating: 0, active: true },
  { id: 4, title: '', views: '15', or: 'x', and: 'y', gt: 1 },
]
const ALL = '1,2,3,4'

const posts = await postsOf(POSTS)

/** The ids of what a condition finds; undefined where it is none. */
async function found(condition: unknown): Promise<string | undefined> {
  const where = whereOf(typeof condition === 'string' ? condition : JSON.stringify(condition))
  return where && posts.find({ where })
}

/** A condition, and which posts json-server 1.0.0-beta.15 answers with. */
const AS_JSON_SERVER: readonly [unknown, string][] = [
  [{}, ALL],
  [{ views: { gt: 10 } }, '1,3,4'],
  [{ views: { gt: 10, lt: 50 } }, '3,4'],
  [{ views: { gte: 20 }, title: { contains: 'HELLO' } }, '1'],
  [{ views: { eq: 100 } }, '1'],
  [{ views: { ne: 100 } }, '2,3,4'],
  [{ views: { in: [9, 20] } }, '2,3'],
  [{ views: { in: 9 } }, '2'],
  [{ title: { startsWith: 'HE', endsWith: 'N' } }, '2'],
  [{ active: { eq: true } }, '3'],
  [{ rating: { eq: null } }, '2'],
  [{ rating: { ne: null } }, '3'],
  [{ rating: { in: [null, 0] } }, '2,3'],
  [{ unknown: { eq: 1 } }, ''],
  [{ or: [{ views: { gt: 50 } }, { title: { eq: 'Zebra' } }] }, '1,3'],
  [{ or: [{ or: [{ views: { gt: 50 } }] }, { views: { eq: 9 } }] }, '1,2'],
  [{ or: [{ views: { gt: 50 } }, 5, null, []] }, '1'],
  [{ or: [{ views: { gt: 5 }, title: { eq: 'Zebra' } }], views: { lt: 50 } }, '3'],
  [{ or: [] }, ''],
  [{ or: {} }, ''],
  [{ or: 'x' }, ''],
  [{ views: {} }, ALL],
  [{ views: { gt: {} } }, ''],
]

/** Where 1.x answers with nothing, or with records that have no such value. */
const BEYOND: readonly [unknown, string][] = [
  [{ title: 'Zebra' }, '3'],
  [{ views: 100 }, '1'],
  [{ views: [9, 100] }, '1,2'],
  [{ rating: null }, '2'],
  [{ views: { eq: '100' } }, '1'],
  [{ views: { eq: 15 } }, '4'],
  [{ author: { name: { lt: 'B' } } }, '1'],
  [{ author: { name: 'Bob', age: { lt: 10 } } }, '2'],
  [{ author: { or: [{ name: 'Bob' }, { age: { gt: 20 } }] } }, '1,2'],
  [{ and: [{ views: { gt: 10 } }, { views: { lt: 50 } }] }, '3,4'],
  [{ and: [] }, ALL],
  [{ and: [5] }, ''],
  [{ and: 'y' }, '4'],
  [{ gt: 1 }, '4'],
  [{ views: { unknown: 1 } }, ''],
  [{ title: { like: '^h' } }, '1,2'],
  [{ title: { like: 5 } }, ''],
  [{ title: { ne: [] } }, ALL],
  [JSON.parse('{"__proto__":{"title":"Hello"}}'), ''],
  [JSON.parse('{"constructor":{"name":"Object"}}'), ''],
]

t.test('a condition finds what it finds in json-server 1.x', async (t) => {
  for (const [condition, ids] of AS_JSON_SERVER)
    t.equal(await found(condition), ids, String(condition))
})

t.test('and what anyone would expect, where that is less', async (t) => {
  for (const [condition, ids] of BEYOND)
    t.equal(await found(condition), ids, JSON.stringify(condition))
})

t.test('what is no condition is none', async (t) => {
  const texts = [
    '',
    'nope',
    '{',
    '5',
    'null',
    '"x"',
    '[]',
    '[{"views":{"gt":1}}]',
    '{"views":1e999}',
  ]
  for (const text of texts) t.equal(await found(text), undefined, text)
})

t.test('nor is what is too long, or too deep', async (t) => {
  const nested = (levels: number) => `${'{"a":'.repeat(levels)}1${'}'.repeat(levels)}`
  t.equal(await found(nested(100)), '')
  t.equal(await found(nested(101)), undefined)
  t.equal(await found(nested(1_600)), undefined)
  t.equal(await found({ title: 'x'.repeat(9_000) }), '')
  t.equal(await found({ title: 'x'.repeat(10_000) }), undefined)
})
