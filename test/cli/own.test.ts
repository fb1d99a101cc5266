import { readFile, writeFile } from 'node:fs/promises'
import t, { type Test } from 'tap'
import { faultsIn } from '../fixtures/compiler.js'
import { finish, startProcess } from '../fixtures/process.js'

/** A folder with a data file in it, and commands run there. */
function setUp(t: Test, data: unknown, name = 'db.json') {
  const text = typeof data === 'string' ? data : JSON.stringify(data, null, 2)
  const cwd = t.testdir({ [name]: text })
  return {
    cwd,
    read: () => readFile(`${cwd}/${name}`, 'utf8'),
    run: (...args: string[]) => finish(t, args, { cwd }),
  }
}

const DATA = {
  users: [{ id: 'u1', name: 'ada', password: 'secret', email: 'ada@example.com' }],
  posts: [
    { id: 1, title: 'a', userId: 'u1', tags: ['x', 1], author: { name: 'Ada', site: null } },
    { title: null, userId: 'u1', tags: [], at: '2026-01-31T12:00:00Z', author: { name: 'Bob' } },
  ],
  'blog-comments': [{ id: 1, 'is-new': true, data: [[1.5], []] }],
  données: [{ id: 1, maps: [{ a: 1 }, { b: {} }] }],
  empty: [],
  profile: { name: 'x' },
}

t.test('types prints what the TypeScript compiler takes, and the data has', async (t) => {
  const { run } = setUp(t, DATA)
  const { code, stdout, stderr } = await run('types', 'db.json')
  t.same({ code, stderr }, { code: 0, stderr: '' })
  for (const name of ['User', 'Post', 'BlogComment', 'Donnee', 'Empty', 'Profile', 'Data']) {
    t.match(stdout, new RegExp(`^export (interface|type) ${name} `, 'm'))
  }
  t.match(stdout, '  title: string | null\n')
  t.match(stdout, '  /** @format date-time */\n  at?: string\n')
  t.notMatch(stdout, 'password')
  const { password, ...ada } = DATA.users[0] ?? {}
  const posts = DATA.posts.map((post, index) => ({ id: index + 1, ...post }))
  const data = JSON.stringify({ ...DATA, users: [ada], posts })
  const faults = faultsIn('test', {
    right: `${stdout}\nexport const data: Data = ${data}`,
    wrong: `${stdout}\nexport const post: Post = { id: 'x', title: 5 }`,
  })
  t.same(faults.right, [])
  t.match(faults.wrong, [/Type 'string' is not assignable to type 'number'/])
})

t.test("types follows the file's own schemas", async (t) => {
  const schema = {
    type: 'object',
    description: 'A node of */ a tree\nof nodes',
    properties: {
      kind: { enum: ['leaf', 'branch', 3, null], description: 'What it is' },
      version: { const: 2 },
      parent: { $ref: '#' },
      home: { $ref: '#/$defs/home~1of' },
      pair: {
        type: 'array',
        prefixItems: [{ type: 'string' }, { type: ['null', 'integer'] }],
        items: false,
      },
      any: { anyOf: [{ type: 'string' }, { type: 'number' }, true] },
      one: { oneOf: [{ type: 'string' }, { type: 'number' }] },
      all: { allOf: [{ properties: { a: { type: 'string' } } }, { type: 'object' }] },
      counts: { type: 'object', additionalProperties: { type: 'integer' } },
      never: false,
    },
    required: ['kind'],
    $defs: {
      'home/of': { type: ['object', 'null'], properties: { next: { $ref: '#/$defs/home~1of' } } },
    },
  }
  const { run } = setUp(t, {
    $collections: { nodes: { schema } },
    nodes: [{ kind: 'leaf' }],
    homes: [],
    nodeHomeof: {},
  })
  const { stdout } = await run('types', 'db.json')
  const [, node] = /(\/\*\*\n \* A node.*?\n}\n)/s.exec(stdout) ?? []
  t.equal(
    node,
    `/**
 * A node of *\\/ a tree
 * of nodes
 */
export interface Node {
  id: number
  /** What it is */
  kind: "leaf" | "branch" | 3 | null
  version?: 2
  parent?: Node
  home?: NodeHome1of
  pair?: [string?, (null | number)?]
  any?: string | number | unknown
  one?: string | number
  all?: {
    a?: string
  } & Record<string, unknown>
  counts?: Record<string, number>
  never?: never
}
`,
  )
  t.same(faultsIn('test', { types: stdout }).types, [])
})

t.test('freeze writes schemas that hold from then on', async (t) => {
  const { cwd, run, read } = setUp(t, DATA)
  const before = await read()
  const { code, stdout, stderr } = await run('freeze', 'db.json')
  t.same({ code, stderr }, { code: 0, stderr: '' })
  t.equal(
    stdout,
    'wrote into db.json the schemas of: users, posts, blog-comments, données and profile; without records to learn from: empty\n',
  )
  const after = await read()
  t.equal(after.slice(after.indexOf('\n  "users"')), before.slice(before.indexOf('\n  "users"')))
  const { $collections, ...rest } = JSON.parse(after)
  t.same(rest, DATA)
  t.same($collections.users.schema.required, ['id', 'name', 'email'], 'no password')
  t.equal($collections.empty, undefined)

  const again = await run('freeze', 'db.json')
  t.match(again, { code: 0, stdout: /^nothing to freeze in db\.json; kept as they are: users, / })
  t.equal(await read(), after)
  const { url } = await startProcess(t, ['db.json'], { cwd })
  const post = async (body: object) => {
    const headers = { 'content-type': 'application/json' }
    const options = { method: 'POST', headers, body: JSON.stringify(body) }
    return (await fetch(`${url}/posts`, options)).status
  }
  const good = { title: 'b', userId: 'u1', tags: [], author: { name: 'x' } }
  t.equal(await post(good), 201)
  t.equal(await post({ ...good, title: 5 }), 400)
  t.equal(await post({ ...good, author: {} }), 400)
})

t.test('freeze keeps what is there, comments too', async (t) => {
  const text = `{
  // Who may do what
  "$collections": {
    "posts": { "owner": "userId", /* hers */ },
    "notes": { "schema": { "type": "object" } }
  },
  "posts": [{ "id": 1, "userId": 1 }],
  "notes": [{ "id": 1 }], // none
}
`
  const { run, read } = setUp(t, text, 'db.jsonc')
  t.match(await run('freeze', 'db.jsonc'), {
    code: 0,
    stdout: 'wrote into db.jsonc the schemas of: posts; kept as they are: notes\n',
  })
  const after = await read()
  t.match(after, '  // Who may do what\n')
  t.match(after, '/* hers */ },\n    "notes": { "schema": { "type": "object" } }\n')
  t.match(after, '"owner": "userId", "schema": {"type":"object"')
  t.equal((await run('types', 'db.jsonc')).code, 0)
})

t.test('what they refuse', async (t) => {
  const { cwd, run, read } = setUp(t, { ships: [] })
  const own = /^slipway: db\.json has no collections of your own: .* with --apis none\n$/
  for (const command of ['types', 'freeze']) {
    t.match(await run(command, 'db.json'), { code: 1, stdout: '', stderr: own })
    t.match(await run(command, 'nowhere.json'), { code: 1, stderr: /no such file/ })
    t.match(await run(command, 'db.json', '--apis', 'none', '--id', ''), { code: 2 })
  }
  t.match(await run('types', '-d', 'db.json', '--apis', 'none'), {
    code: 0,
    stdout: /export type Ship = Record<string, unknown>/,
  })
  t.equal(await read(), JSON.stringify({ ships: [] }, null, 2))
  await writeFile(`${cwd}/db.mjs`, 'export default { posts: [{ id: 1 }] }')
  t.match(await run('types', 'db.mjs'), { code: 0, stdout: /export interface Post / })
  t.match(await run('freeze', 'db.mjs'), { code: 1, stderr: /only \.json and \.jsonc files/ })
  const faults = JSON.stringify({ title: 5, posts: [{ id: {} }], $collections: { psts: {} } })
  await writeFile(`${cwd}/bad.json`, faults)
  for (const command of ['types', 'freeze']) {
    const { code, stderr } = await run(command, 'bad.json')
    t.equal(code, 1)
    t.match(stderr, '/title: is 5; a collection is a list of objects, a single resource an object')
    t.match(stderr, '/posts/0/id: ')
    t.match(stderr, 'did you mean "posts"?')
  }
  t.equal(await readFile(`${cwd}/bad.json`, 'utf8'), faults)
})
