import t from 'tap'
import { SeedError } from '../../seed/errors.js'
import { type InferredPart, infer } from '../../seed/infer.js'
import type { FreeForm } from '../../store/free-form.js'

const POSTS = [
  { id: 1, title: 'a', userId: 1 },
  { id: 2, title: 'b', userId: 2 },
]

/** What a file tells of its own parts, by their names. */
async function inferred(file: FreeForm): Promise<ReadonlyMap<string, InferredPart>> {
  const parts = await infer(new Map(Object.entries(file)), { name: 'db.json' }, 'id')
  return new Map(parts.map((each) => [each.part.name, each]))
}

/** What is said of a file, in lines. */
async function linesFor(file: FreeForm): Promise<string> {
  try {
    await inferred(file)
    return 'nothing'
  } catch (error) {
    if (!(error instanceof SeedError)) throw error
    return error.message.replaceAll('db.json: ', '')
  }
}

t.test('every collection and single resource has a shape', async (t) => {
  const descriptions = await inferred({
    $schema: './db.schema.json',
    $comment: 'For the demo',
    posts: POSTS,
    empty: [],
    profile: { name: 'x' },
    données: [{ id: 'a' }],
  })
  t.strictSame([...descriptions.keys()], ['posts', 'empty', 'profile', 'données'])
  const schemaOf = (name: string) => descriptions.get(name)?.shape.toSchema()
  t.match(schemaOf('posts'), { required: ['id', 'title', 'userId'] })
  t.match(schemaOf('profile'), { properties: { name: { type: 'string' } } })
  t.strictSame(Object.keys(descriptions.get('posts') ?? {}), ['part', 'shape'])
})

t.test('$collections says more of them', async (t) => {
  const schema = {
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    type: 'object',
    properties: {
      title: { $ref: '#/$defs/title' },
      tree: { type: 'array', items: { $ref: '#' } },
      kind: { const: { $ref: 'is a value' } },
      unheard: { type: 'string', format: 'unheard', 'x-of': 1 },
    },
    $defs: { title: { type: 'string', minLength: 1 } },
    additionalProperties: true,
  }
  const descriptions = await inferred({
    $collections: {
      posts: {
        schema,
        access: { read: 'anyone', change: 'owner' },
        owner: 'userId',
        onDelete: 'set null',
      },
      profile: { access: { change: 'admin' } },
    },
    posts: POSTS,
    profile: { name: 'x' },
  })
  const posts = descriptions.get('posts')
  t.ok(posts?.shape.has(['userId']))
  t.equal(JSON.stringify(posts?.schema), JSON.stringify(schema))
  t.match(posts, {
    access: { read: 'anyone', change: 'owner' },
    owner: 'userId',
    onDelete: 'set null',
  })
  t.match(descriptions.get('profile'), { access: { change: 'admin' } })
})

t.test('what is no collection has its place', async (t) => {
  const need = 'a collection is a list of objects, a single resource an object'
  const table: readonly [FreeForm, string][] = [
    [{ title: 5 }, `/title: is 5; ${need}`],
    [{ title: 'Hello' }, `/title: is "Hello"; ${need}`],
    [{ title: null }, `/title: is null; ${need}`],
    [{ 'a/b': 'x'.repeat(100) }, `/a~1b: is "${'x'.repeat(39)}…; ${need}`],
    [
      { tags: ['a', {}, [], 7] },
      '/tags/0: is "a"; a record is an object\n/tags/2: is a list; a record is an object\n/tags/3: is 7; a record is an object',
    ],
    [
      { $colections: {}, posts: [] },
      '/$colections: is not known here; did you mean "$collections"?',
    ],
    [{ $other: {} }, '/$other: is not known here'],
  ]
  for (const [file, lines] of table) t.equal(await linesFor(file), lines)
})

t.test('what $collections has wrong, it has in its place', async (t) => {
  const at = (path: string, message: string) => `/$collections${path}: ${message}`
  const table: readonly [unknown, string][] = [
    [5, at('', 'must be object')],
    [[], at('', 'must be object')],
    [{ posts: [] }, at('/posts', 'must be object')],
    [{ psts: {} }, at('/psts', 'names no collection of yours in this file; did you mean "posts"?')],
    [{ toString: {} }, at('/toString', 'names no collection of yours in this file')],
    [{ posts: { acess: {} } }, at('/posts/acess', 'is not known here; did you mean "access"?')],
    [
      { posts: { access: { read: 'everybody' } } },
      at('/posts/access/read', 'must be one of anyone, user, owner, admin'),
    ],
    [
      { posts: { access: { create: 'usr' } } },
      at('/posts/access/create', 'must be one of anyone, user, owner, admin; did you mean "user"?'),
    ],
    [{ posts: { access: { write: 'user' } } }, at('/posts/access/write', 'is not known here')],
    [
      { posts: { access: { create: 'user', change: 'owner' } } },
      at(
        '/posts/owner',
        'is missing: access.change is "owner", and this names the field that has the owner\'s id',
      ),
    ],
    [{ posts: { owner: '' } }, at('/posts/owner', 'must not be empty')],
    [
      { posts: { onDelete: 'null' } },
      at('/posts/onDelete', 'must be one of delete, set null, keep'),
    ],
    [{ posts: { schema: true } }, at('/posts/schema', 'must be object')],
  ]
  for (const [$collections, line] of table) {
    t.equal(await linesFor({ $collections, posts: POSTS }), line)
  }
})

t.test('a schema has to be one, and to need no other', async (t) => {
  const place = 'to a place in this schema, such as #/$defs/author'
  const table: readonly [FreeForm, string, string][] = [
    [
      { type: 'strin' },
      '/type',
      'must be one of array, boolean, integer, null, number, object, string; did you mean "string"?',
    ],
    [{ properties: { a: 5 } }, '/properties/a', 'must be object,boolean'],
    [{ required: 'a' }, '/required', 'must be array'],
    [
      { $schema: 'http://json-schema.org/draft-07/schema#' },
      '/$schema',
      'must be https://json-schema.org/draft/2020-12/schema',
    ],
    [{ $schema: 5 }, '/$schema', 'must be https://json-schema.org/draft/2020-12/schema'],
    [{ $ref: 'https://example.com/post.json' }, '/$ref', `must refer ${place}`],
    [{ items: [] }, '/items', 'must be object,boolean'],
    [{ properties: { a: { $ref: 'other.json#/a' } } }, '/properties/a/$ref', `must refer ${place}`],
    [
      { $id: 'https://example.com/a' },
      '/$id',
      'is not allowed here: refer to a place, such as #/$defs/author',
    ],
    [{ $ref: '#/$defs/nope' }, '', "can't be used: can't resolve reference #/$defs/nope from id #"],
    [
      { properties: { a: { pattern: '(' } } },
      '',
      "can't be used: Invalid regular expression: /(/u: Unterminated group",
    ],
    [{ $async: true }, '/$async', 'is not JSON Schema'],
    [
      JSON.parse(`${'{"not":'.repeat(50_000)}{}${'}'.repeat(50_000)}`),
      '',
      "can't be used: it is nested too deeply",
    ],
  ]
  for (const [schema, path, message] of table) {
    t.equal(
      await linesFor({ $collections: { posts: { schema } }, posts: [] }),
      `/$collections/posts/schema${path}: ${message}`,
    )
  }
})

t.test('the records of the file fit their schema', async (t) => {
  const schema = {
    type: 'object',
    properties: { title: { type: 'string' }, at: { type: 'string', format: 'date' } },
    required: ['title'],
    additionalProperties: false,
  }
  const lines = await linesFor({
    $collections: { posts: { schema }, profile: { schema } },
    posts: [
      { id: 1, title: 'a' },
      { id: 2, title: 5, at: '2026-02-30' },
      { id: 3, titel: 'b' },
    ],
    profile: { id: 1, title: 'a' },
  })
  t.equal(
    lines,
    `/posts/1/title: must be string
/posts/1/at: must match format "date"
/posts/2/title: is missing
/posts/2/titel: is not known here; did you mean "title"?
/profile/id: is not known here`,
  )
})
