import t from 'tap'
import { Relations } from '../../../routes/collections/relations.js'

/** The name of a collection, and the field that points at it, as json-server 0.17.4 has it. */
const KEYS: readonly [string, string][] = [
  ['posts', 'postId'],
  ['people', 'personId'],
  ['children', 'childId'],
  ['categories', 'categoryId'],
  ['leaves', 'leafId'],
  ['news', 'newsId'],
  ['data', 'datumId'],
  ['status', 'statusId'],
  ['Users', 'UserId'],
  ['USERS', 'USERId'],
  ['blog-posts', 'blog-postId'],
  ['blog_posts', 'blog_postId'],
  ['blogPosts', 'blogPostId'],
  ['a/bs', 'a/bId'],
  ['données', 'donnéeId'],
  ['категории', 'категорииId'],
  ['日本', '日本Id'],
  ['__proto__', '__proto__Id'],
  ['constructor', 'constructorId'],
  ['', 'Id'],
]

t.test('a record is pointed at by the singular of its collection', async (t) => {
  const relations = Relations.of(KEYS.map(([name]) => name))
  for (const [name, key] of KEYS) {
    t.equal(relations.get(name)?.key, key, name)
    t.equal(relations.parentAt(key)?.collection, name, key)
  }
})

t.test('what no field points at', async (t) => {
  const relations = Relations.of(['posts'])
  for (const key of ['authorId', 'post', 'Id', 'id', 'postid', '', '__proto__', 'constructorId']) {
    t.equal(relations.parentAt(key), undefined, key)
  }
  t.equal(relations.get('authors'), undefined)
  t.equal(relations.get('toString'), undefined)
})

/** A collection, a name in `_embed` on it, and what that is. */
const EMBEDDED: readonly [string, string, ['children' | 'parent', string, string] | undefined][] = [
  ['posts', 'comments', ['children', 'comments', 'postId']],
  ['posts', 'author', ['parent', 'authors', 'authorId']],
  ['authors', 'posts', ['children', 'posts', 'authorId']],
  ['comments', 'comments', ['children', 'comments', 'commentId']],
  ['comments', 'comment', ['parent', 'comments', 'commentId']],
  ['posts', 'news', ['children', 'news', 'postId']],
  ['posts', 'unknown', undefined],
  ['posts', '__proto__', undefined],
]

t.test('what is embedded is a collection of children, or else a parent', async (t) => {
  const relations = Relations.of(['posts', 'comments', 'authors', 'news'])
  for (const [collection, name, expected] of EMBEDDED) {
    const embedded = relations.embedded(collection, name)
    const is = embedded && [embedded.kind, embedded.collection, embedded.key]
    t.strictSame(is, expected, `${name} of ${collection}`)
    t.equal(embedded?.as, expected && name)
  }
})

t.test('what is expanded is a parent', async (t) => {
  const relations = Relations.of(['posts', 'people', 'leaves', 'cookies', 'status'])
  const parents: [string, string | undefined][] = [
    ['post', 'posts'],
    ['person', 'people'],
    ['leaf', 'leaves'],
    ['leave', 'leaves'],
    ['cookie', 'cookies'],
    ['status', 'status'],
    ['posts', 'posts'],
    ['Post', undefined],
    ['', undefined],
    ['__proto__', undefined],
  ]
  for (const [name, collection] of parents) {
    const expanded = relations.expanded(name)
    t.equal(expanded?.collection, collection, name)
    t.equal(expanded?.key, collection && `${name}Id`, name)
  }
})

t.test('of collections with one singular, the plural is pointed at, in any order', async (t) => {
  for (const names of [
    ['person', 'people'],
    ['people', 'person'],
  ]) {
    const relations = Relations.of(names)
    t.equal(relations.parentAt('personId')?.collection, 'people')
    t.equal(relations.get('person')?.key, 'personId')
  }
  t.equal(Relations.of(['person']).parentAt('personId')?.collection, 'person')
})

t.test('each field that points is there once, with all the singulars of a name', async (t) => {
  const pointers = (...names: string[]) =>
    Relations.of(names).pointers.map(({ key, collection }) => `${key}: ${collection}`)
  t.strictSame(pointers('posts', 'comments'), ['postId: posts', 'commentId: comments'])
  t.strictSame(pointers('cookies'), ['cookyId: cookies', 'cookieId: cookies'])
  t.strictSame(pointers('leaves'), ['leafId: leaves', 'leaveId: leaves'])
  t.strictSame(pointers('person', 'people'), ['personId: people'])
  t.strictSame(pointers('person', 'boss'), ['bossId: boss', 'personId: person'].reverse())
  t.strictSame(pointers('posts', 'posts'), ['postId: posts'])
  t.strictSame(pointers(), [])
})

t.test('another suffix', async (t) => {
  const relations = Relations.of(['posts', 'authors'], '_id')
  t.equal(relations.get('posts')?.key, 'post_id')
  t.equal(relations.parentAt('author_id')?.collection, 'authors')
  t.equal(relations.parentAt('authorId'), undefined)
  t.match(relations.embedded('posts', 'author'), { kind: 'parent', key: 'author_id' })
  t.equal(Relations.of(['posts'], '').parentAt('post')?.collection, 'posts')
})
