import t from 'tap'
import { isError, startApp } from '../../fixtures/app.js'
import { FORM, JSON_BODY, startOwn } from '../../fixtures/own.js'
import { finish, startProcess } from '../../fixtures/process.js'

const POSTS = [
  { id: 1, title: 'One', views: 1, at: '2026-01-05', meta: { a: 1 } },
  { id: 2, title: 'Two', views: 2, at: '2026-01-06', meta: { a: 2, b: 'x' } },
]
const MERGE = { 'content-type': 'application/merge-patch+json' }

t.test('an error says what is wrong, and the way out', async (t) => {
  const { send } = await startOwn(t, { posts: POSTS })
  const table: [string, string, object | undefined, number, string][] = [
    ['GET', '/posts/9', undefined, 404, 'There is no post with the id 9.'],
    ['POST', '/posts', { id: '1' }, 409, 'posts has a record 1 already.'],
    ['PUT', '/posts/1', [], 400, 'The body is not valid: must be object.'],
    [
      'POST',
      '/posts',
      { id: {} },
      400,
      'The body is not valid: /id must be a text with something in it, or a number.',
    ],
    [
      'GET',
      '/pots',
      undefined,
      404,
      'There is nothing at this path. The API reference is at /docs.',
    ],
    ['DELETE', '/posts', undefined, 405, 'This path answers to GET, HEAD, POST, OPTIONS.'],
  ]
  for (const [method, url, body, status, message] of table) {
    isError(t, await send(method, url, body), status, message)
  }
  const type = { 'content-type': 'text/plain' }
  isError(
    t,
    await send('POST', '/posts', 'x', type),
    415,
    'The body has a media type that is not read here. Send application/json or application/x-www-form-urlencoded or multipart/form-data, and say so in Content-Type.',
  )
})

t.test(
  '--enforce refuses what doesn’t fit, each fault with its place, and says how to loosen',
  async (t) => {
    const { send } = await startOwn(t, { posts: POSTS }, { enforce: true })
    const whole = { title: 'x', views: 1, at: '2026-01-07', meta: { a: 1 } }
    const table: [string, string, object, string[]][] = [
      ['POST', '/posts', { title: 'x' }, ['/views', '/at', '/meta']],
      ['POST', '/posts', { ...whole, views: '1', title: null }, ['/title', '/views']],
      ['POST', '/posts', { ...whole, views: 1.5 }, ['/views']],
      ['POST', '/posts', { ...whole, at: 'tomorrow' }, ['/at']],
      ['POST', '/posts', { ...whole, meta: { a: '1' } }, ['/meta/a']],
      ['POST', '/posts', [whole, { ...whole, views: 'x' }], ['/1/views']],
      ['PUT', '/posts/1', { title: 'x', views: 1, at: '2026-01-07' }, ['/meta']],
      ['PATCH', '/posts/1', { views: null, meta: {} }, ['/views', '/meta/a']],
    ]
    for (const [method, url, body, places] of table) {
      const refused = await send(method, url, body)
      const wayOut =
        /posts keeps its shape: start without --enforce, and it follows what is written\.$/
      isError(t, refused, 400, wayOut)
      const { details } = refused.json()
      t.same(
        details.map(({ path }: { path: string }) => path).toSorted(),
        places.toSorted(),
        JSON.stringify(body),
      )
    }
    const taken: [string, string, object][] = [
      ['PATCH', '/posts/1', { views: 5 }],
      ['PATCH', '/posts/1', {}],
      ['PUT', '/posts/1', whole],
      ['POST', '/posts', { ...whole, more: [1] }],
      ['POST', '/posts', [whole, whole]],
    ]
    for (const [method, url, body] of taken) {
      t.ok((await send(method, url, body)).statusCode < 300, `${method} ${JSON.stringify(body)}`)
    }
    isError(t, await send('PATCH', '/posts/2', '{"views":null}', MERGE), 400, /\/views is missing/)
    t.equal((await send('PATCH', '/posts/2', '{"meta":{"b":null}}', MERGE)).statusCode, 200)
    isError(t, await send('POST', '/posts', 'title=x&views=1&at=2026-01-07', FORM), 400)
    t.same((await send('GET', '/__slipway/drift')).json().length, 1, 'what is new is no breach')
  },
)

t.test('a schema of the file’s own is held to, and decides itself what is let in', async (t) => {
  const schema = {
    type: 'object',
    properties: { id: { type: 'integer' }, title: { type: 'string', maxLength: 5 } },
    required: ['id', 'title'],
    additionalProperties: false,
  }
  const data = { $collections: { posts: { schema } }, posts: [{ id: 1, title: 'One' }] }
  const { send } = await startOwn(t, data)
  const wayOut = /posts has a schema in \$collections of the data file\.$/
  for (const body of [{}, { title: 'x'.repeat(6) }, { title: 'x', more: 1 }, { title: 5 }]) {
    isError(t, await send('POST', '/posts', body), 400, wayOut)
  }
  t.same((await send('POST', '/posts', { title: 'Two' })).json(), { title: 'Two', id: 2 })
  isError(t, await send('PATCH', '/posts/1', { more: 1 }), 400, wayOut)
  t.equal((await send('PATCH', '/posts/1', {})).statusCode, 200)
  const bad = { ...data, posts: [{ id: 1, title: 'far too long' }] }
  await t.rejects(startApp(t, { data: bad, apis: 'none' }), {
    message: 'data: /posts/0/title: must NOT have more than 5 characters',
  })
})

t.test(
  'a write that makes the shape wider is in the document from then on, and in the list of drift',
  async (t) => {
    const { send } = await startOwn(t, { posts: POSTS })
    const document = async () => {
      const { body, headers } = await send('GET', '/openapi.json')
      return { post: JSON.parse(body).components.schemas.Post, etag: headers.etag }
    }
    const before = await document()
    t.match(before.post, { properties: { views: { type: 'integer' } }, required: /title/ })
    await send('PATCH', '/posts/1', { views: 7 })
    t.equal((await document()).etag, before.etag, 'what fits changes nothing')
    t.same((await send('GET', '/__slipway/drift')).json(), [])

    await send('POST', '/posts?x=1', { views: 'many', at: 'soon', meta: { a: 1 }, tags: [1] })
    const after = await document()
    t.not(after.etag, before.etag)
    t.same(after.post.properties.views.type.toSorted(), ['integer', 'string'])
    t.notOk(after.post.required.includes('title'))
    t.ok(after.post.properties.tags)
    const drifts: Record<string, string>[] = (await send('GET', '/__slipway/drift')).json()
    const seen = drifts.map(({ path, change }) => `${change} ${path}`)
    t.same(seen.toSorted(), ['format /at', 'new field /tags', 'optional /title', 'type /views'])
    for (const { collection, request, at } of drifts) {
      t.match({ collection, request }, { collection: 'posts', request: 'POST /posts' })
      t.match(at, /^\d{4}-\d\d-\d\dT[\d:.]+Z$/)
    }

    await send('PUT', '/posts/2', {})
    const [newest] = (await send('GET', '/__slipway/drift')).json()
    t.match(newest, { request: 'PUT /posts/2', change: 'optional' })
    const last = await document()
    await send('POST', '/posts', { views: 'x' })
    await send('DELETE', '/posts/1')
    t.equal((await document()).etag, last.etag, 'it never narrows')
  },
)

t.test('and the log has a line for each field', async (t) => {
  const folder = t.testdir({ 'db.json': JSON.stringify({ posts: POSTS }) })
  const { url, child, ended, output } = await startProcess(t, [`${folder}/db.json`])
  const init = { method: 'PATCH', headers: JSON_BODY, body: '{"views":"many","tags":[]}' }
  t.equal((await fetch(`${url}/posts/1?note=secret`, init)).status, 200)
  child.kill('SIGTERM')
  await ended
  const lines = output.stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line))
  const drifts = lines.filter(({ msg }) => msg === 'the shape has widened')
  t.same(
    drifts.map(({ collection, field, change, request }) => ({
      collection,
      field,
      change,
      request,
    })),
    [
      { collection: 'posts', field: '/views', change: 'type', request: 'PATCH /posts/1' },
      { collection: 'posts', field: '/tags', change: 'new field', request: 'PATCH /posts/1' },
    ],
  )
})

t.test('what keeps a start from being one is told in a line', async (t) => {
  const folder = t.testdir({ 'db.json': JSON.stringify({ posts: [{ id: 1 }, { id: 1 }], n: 5 }) })
  const { code, stderr } = await finish(t, [`${folder}/db.json`])
  t.equal(code, 1)
  t.same(stderr.replaceAll(folder, '').trim().split('\n'), [
    'slipway: /db.json:1:34: /n: is 5; a collection is a list of objects, a single resource an object',
    'slipway: /db.json:1:26: /posts/1/id: /posts/0 has this id too',
  ])
  const near = await finish(t, [`${folder}/bd.json`])
  t.equal(near.code, 1)
  t.equal(
    near.stderr.replaceAll(folder, ''),
    `slipway: /bd.json: can't be read (no such file); did you mean "db.json"?\n`,
  )
})
