import t from 'tap'
import { isError } from '../../fixtures/app.js'
import { FORM, idsIn, JSON_BODY, startOwn } from '../../fixtures/own.js'

const POSTS = [
  { id: 1, title: 'One', meta: { a: 1 } },
  { id: 2, title: 'Two', meta: { a: 2 } },
  { id: 3, title: 'Three', meta: { a: 3 } },
]
const MERGE = { 'content-type': 'application/merge-patch+json' }

t.test('a record is created from JSON and from forms', async (t) => {
  const { send } = await startOwn(t, { posts: POSTS })
  const table: [object | string, object, object?][] = [
    [{ title: 'Four' }, { title: 'Four', id: 4 }],
    [{ a: { b: [null, 1.5, 'é'] }, '': 0, constructor: 1 }, {}],
    ['{"a":1,"a":2}', { a: 2, id: 6 }, JSON_BODY],
    ['{}', { id: 7 }, { 'content-type': 'application/json; charset=utf-8' }],
    ['title=a+b&x=%C3%A9&y=1&y=2&z', { title: 'a b', x: 'é', y: ['1', '2'], z: '', id: 8 }, FORM],
    ['', { id: 9 }, JSON_BODY],
    ['', { id: 10 }, FORM],
  ]
  for (const [body, record, headers = {}] of table) {
    const response = await send('POST', '/posts', body, { ...headers })
    t.equal(response.statusCode, 201, JSON.stringify(body))
    t.match(response.json(), record)
    const { id } = response.json()
    t.equal(response.headers.location, `http://localhost:80/posts/${id}`)
    const got = await send('GET', `/posts/${id}`)
    t.same(got.json(), response.json())
    t.equal(got.headers.etag, response.headers.etag)
  }
})

t.test('a list is created as a whole, or not at all', async (t) => {
  const { send } = await startOwn(t, { posts: POSTS })
  const made = await send('POST', '/posts', [{ title: 'a' }, { id: 'x' }])
  t.equal(made.statusCode, 201)
  t.same(made.json(), [{ title: 'a', id: 4 }, { id: 'x' }])
  t.equal(made.headers.location, undefined)
  t.same((await send('POST', '/posts', [])).json(), [])
  const refused: [unknown[], number, RegExp][] = [
    [[{ id: 'y' }, { id: 1 }], 409, /id is taken/],
    [[{ id: 'y' }, { id: 'y' }], 409, /id is taken/],
    [[{ id: 'y' }, 5], 400, /\/1 must be object/],
    [[{ id: 'y' }, { id: null }], 400, /id must be a text/],
    [[{ id: 'y' }, [{}]], 400, /\/1 must be object/],
  ]
  for (const [bodies, status, message] of refused) {
    isError(t, await send('POST', '/posts', bodies), status, message)
  }
  t.same(idsIn(await send('GET', '/posts')), [1, 2, 3, 4, 'x'])
})

t.test('PUT replaces in place, PATCH changes some fields', async (t) => {
  const { send } = await startOwn(t, { posts: POSTS })
  const table: [string, object | string | undefined, object, object?][] = [
    ['PATCH', { title: 'New', meta: { b: 1 } }, { id: 2, title: 'New', meta: { b: 1 } }],
    ['PATCH', { title: null }, { id: 2, title: null, meta: { b: 1 } }],
    ['PATCH', '{"title":null,"meta":{"c":1}}', { id: 2, meta: { b: 1, c: 1 } }, MERGE],
    ['PATCH', 'n=1', { id: 2, meta: { b: 1, c: 1 }, n: '1' }, FORM],
    ['PATCH', {}, { id: 2, meta: { b: 1, c: 1 }, n: '1' }],
    ['PUT', { x: [] }, { id: 2, x: [] }],
    ['PUT', 'n=2', { id: 2, n: '2' }, FORM],
    ['PUT', undefined, { id: 2 }],
  ]
  for (const [method, body, record, headers = {}] of table) {
    const response = await send(method, '/posts/2', body, { ...headers })
    t.equal(response.statusCode, 200)
    t.same(response.json(), record, `${method} ${JSON.stringify(body)}`)
    t.equal((await send('GET', '/posts/2')).headers.etag, response.headers.etag)
  }
  t.same((await send('GET', '/posts')).json(), [POSTS[0], { id: 2 }, POSTS[2]], 'in its place')
})

t.test('DELETE answers with the record that is gone, whatever body it brings', async (t) => {
  const { send } = await startOwn(t, { posts: POSTS })
  t.same((await send('DELETE', '/posts/1')).json(), POSTS[0])
  t.same((await send('DELETE', '/posts/2/', { title: 'Two' })).json(), POSTS[1])
  t.same((await send('DELETE', '/posts/3', '', JSON_BODY)).json(), POSTS[2])
  for (const method of ['DELETE', 'PUT', 'PATCH', 'GET']) {
    isError(t, await send(method, '/posts/1'), 404, 'There is no post with the id 1.')
  }
  t.same((await send('GET', '/posts')).json(), [], 'nothing is created by a PUT')
})

t.test('a change can name the version that it starts from', async (t) => {
  const { send } = await startOwn(t, { posts: POSTS })
  const first = String((await send('GET', '/posts/1')).headers.etag)
  const match = { 'if-match': first }
  const writers = await Promise.all(
    ['a', 'b', 'c'].map((title) => send('PUT', '/posts/1', { title }, match)),
  )
  t.same(writers.map(({ statusCode }) => statusCode).toSorted(), [200, 412, 412])
  for (const [method, body] of [
    ['PUT', {}],
    ['PATCH', {}],
    ['DELETE', undefined],
  ] as const) {
    isError(t, await send(method, '/posts/1', body, match), 412)
  }
  isError(t, await send('PATCH', '/posts/1', {}, { 'if-match': 'W/"*"' }), 412)
  const { headers } = await send('PATCH', '/posts/1', { a: 1 }, { 'if-match': '*' })
  const last = { 'if-match': `"other", ${headers.etag}` }
  t.equal((await send('DELETE', '/posts/1', undefined, last)).statusCode, 200)
})

t.test('what is no object, or no text, is refused and changes nothing', async (t) => {
  const data = { posts: POSTS, comments: [{ id: 1, postId: 1 }] }
  const { send } = await startOwn(t, data)
  const before = (await send('GET', '/db')).body
  const bodies: [string | Buffer, string, number][] = [
    ...['5', 'null', '"x"', 'true', '[1]', '[null]', '[[]]'].map(asJson),
    ...['{bad', '{"a":1,}', "{'a':1}", '{"a":NaN}', '\ufeff'].map(asJson),
    ...['{"__proto__":{"x":1}}', '{"a":[{"__proto__":1}]}'].map(asJson),
    ...['{"constructor":{"prototype":{"x":1}}}', '{"a":1e999}', '{"a":"\\ud800"}'].map(asJson),
    [Buffer.from([0x7b, 0x22, 0xff, 0x22, 0x3a, 0x31, 0x7d]), 'application/json', 400],
    ['__proto__=1', FORM['content-type'], 400],
    ['a=%zz', FORM['content-type'], 400],
    ['a=%ff', FORM['content-type'], 400],
    ['x', 'text/plain', 415],
    ['<a/>', 'application/xml', 415],
    ['{}', 'application/vnd.api+json', 415],
    ['{}', 'nonsense', 415],
  ]
  for (const [method, url] of [
    ['POST', '/posts'],
    ['PUT', '/posts/1'],
    ['PATCH', '/posts/1'],
    ['POST', '/posts/1/comments'],
  ] as const) {
    for (const [body, type, status] of bodies) {
      isError(t, await send(method, url, body, { 'content-type': type }), status)
    }
    const packed = { ...JSON_BODY, 'content-encoding': 'gzip' }
    isError(t, await send(method, url, '{}', packed), 415)
  }
  for (const body of ['5', 'null', '[{}]', '{"__proto__":{}}']) {
    isError(t, await send('PATCH', '/posts/1', body, MERGE), 400)
  }
  t.equal((await send('GET', '/db')).body, before)
})

function asJson(body: string): [string, string, number] {
  return [body, JSON_BODY['content-type'], 400]
}

t.test('a record has a hundred levels and twenty thousand values at most', async (t) => {
  const { send } = await startOwn(t, { posts: [{ id: 1 }] })
  const nested = (levels: number) => `${'{"a":'.repeat(levels)}1${'}'.repeat(levels)}`
  const fields = (count: number) =>
    Object.fromEntries(Array.from({ length: count }, (_, at) => [`f${at}`, at]))
  t.equal((await send('POST', '/posts', nested(100), JSON_BODY)).statusCode, 201)
  isError(t, await send('POST', '/posts', nested(101), JSON_BODY), 400, /deeper than 100 levels/)
  isError(t, await send('POST', '/posts', nested(100_000), JSON_BODY), 400)
  isError(t, await send('POST', '/posts', '['.repeat(100_000), JSON_BODY), 400)
  const made = await send('POST', '/posts', fields(10_000))
  t.equal(made.statusCode, 201)
  t.same((await send('GET', '/posts/3')).json(), { ...fields(10_000), id: 3 })
  t.equal((await send('GET', '/posts?f9999=9999')).json().length, 1)
  t.equal((await send('GET', '/openapi.json')).statusCode, 200)
  isError(t, await send('POST', '/posts', fields(20_001)), 400, /more than 20000 values/)
  const half = Object.fromEntries(Object.entries(fields(15_000)).map(([name]) => [`g${name}`, 1]))
  isError(t, await send('PATCH', '/posts/3', half), 413)
  const deep = { 'content-type': 'application/merge-patch+json' }
  isError(t, await send('PATCH', '/posts/3', JSON.stringify(half), deep), 413)
  t.same((await send('GET', '/posts/3')).json(), { ...fields(10_000), id: 3 })
})

t.test('a path answers to its own methods, and no header makes another of one', async (t) => {
  const data = { posts: POSTS, comments: [{ id: 1, postId: 1 }], profile: {} }
  const { send } = await startOwn(t, data)
  const paths: [string, string, string[]][] = [
    ['/posts', 'GET, HEAD, POST, OPTIONS', ['PUT', 'PATCH', 'DELETE', 'PROPFIND']],
    ['/posts/', 'GET, HEAD, POST, OPTIONS', ['PUT', 'PATCH', 'DELETE']],
    ['/posts/1', 'GET, HEAD, PUT, PATCH, DELETE, OPTIONS', ['POST', 'TRACE']],
    ['/posts/1/comments', 'GET, HEAD, POST, OPTIONS', ['PUT', 'PATCH', 'DELETE']],
    ['/profile', 'GET, HEAD, POST, PUT, PATCH, OPTIONS', ['DELETE']],
    ['/db', 'GET, HEAD, OPTIONS', ['POST', 'PUT', 'DELETE']],
  ]
  for (const [url, allow, methods] of paths) {
    for (const method of methods) {
      const refused = await send(method, url)
      isError(t, refused, 405)
      t.equal(refused.headers.allow, allow, `${method} ${url}`)
    }
    t.equal((await send('OPTIONS', url)).headers.allow, allow)
  }
  const headers = {
    'x-http-method-override': 'DELETE',
    'x-http-method': 'DELETE',
    'x-method-override': 'DELETE',
  }
  t.same((await send('GET', '/posts/1', undefined, headers)).json(), POSTS[0])
  t.equal(
    (await send('POST', '/posts?_method=DELETE', { _method: 'PUT' }, headers)).statusCode,
    201,
  )
  t.same(idsIn(await send('GET', '/posts')), [1, 2, 3, 4])
})
