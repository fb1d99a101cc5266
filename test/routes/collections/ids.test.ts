import t from 'tap'
import { isError, startApp } from '../../fixtures/app.js'
import { FORM, idsIn, JSON_BODY, startOwn } from '../../fixtures/own.js'

const UUID = '0f3b3a52-5b0e-4c3c-9d2a-6a1f0f7b1c11'
const TEXT = /^[0-9a-f]{16}$/
const AS_UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/

t.test('a new id follows from those that there are', async (t) => {
  const table: [string, unknown[], string | number | RegExp][] = [
    ['none', [], 1],
    ['numbers', [3, 7, 5], 8],
    ['a fraction', [1.5], 2],
    ['below zero', [-5], -4],
    ['texts', ['a', 'b'], TEXT],
    ['texts of digits', ['1', '2'], TEXT],
    ['UUIDs', [UUID], AS_UUID],
    ['both', [1, 'a'], TEXT],
    ['UUIDs and others', [UUID, 'a'], TEXT],
    ['no more numbers', [Number.MAX_SAFE_INTEGER], TEXT],
    // Nobody can count on from such a one, and the others stay numbers.
    ['a number that is no count', [1e300], 1],
    ['one among others', [2, 1e300], 3],
  ]
  for (const [name, ids, expected] of table) {
    const { send } = await startOwn(t, { posts: ids.map((id) => ({ id })) })
    const { id } = (await send('POST', '/posts', {})).json()
    if (expected instanceof RegExp) t.match(id, expected, name)
    else t.equal(id, expected, name)
    const { id: next } = (await send('POST', '/posts', {})).json()
    t.not(next, id, name)
    t.equal((await send('GET', `/posts/${encodeURIComponent(next)}`)).statusCode, 200, name)
  }
})

t.test('records without an id get one at the start', async (t) => {
  const { send } = await startOwn(t, {
    none: [{ a: 1 }, { a: 2 }],
    some: [{ a: 1 }, { id: 7 }, {}],
    texts: [{ id: 'x' }, {}],
  })
  t.same((await send('GET', '/none')).json(), [
    { id: 1, a: 1 },
    { id: 2, a: 2 },
  ])
  t.same(idsIn(await send('GET', '/some')), [8, 7, 9])
  t.match(idsIn(await send('GET', '/texts')), ['x', TEXT])
})

t.test('an id is kept as it came, and found by its text', async (t) => {
  const ids = [7, '8', 'a b', 'a/b', 'é', '?#%', '.', '__proto__', 'constructor', 0, -1, 1.5, 1e21]
  const { send } = await startOwn(t, { posts: [] })
  for (const id of ids) {
    const made = await send('POST', '/posts', { id })
    t.same(made.json(), { id })
    const { pathname } = new URL(String(made.headers.location))
    if (id !== '.') t.same((await send('GET', pathname)).json(), { id }, pathname)
    isError(t, await send('POST', '/posts', { id: String(id) }), 409)
  }
  isError(t, await send('POST', '/posts', { id: 8 }), 409, 'posts has a record 8 already.')
  t.same(idsIn(await send('GET', '/posts')), ids)
  t.equal((await send('GET', '/posts/07')).statusCode, 404)
})

t.test('an id is a text or a number', async (t) => {
  const { send } = await startOwn(t, { posts: [] })
  for (const id of [null, '', true, {}, [1]]) {
    const refused = await send('POST', '/posts', { id })
    isError(t, refused, 400, /\/id must be a text with something in it, or a number/)
    await t.rejects(startApp(t, { data: { posts: [{ id }] }, apis: 'none' }), {
      name: 'SeedError',
      message: 'data: /posts/0/id: an id is a text or a number',
    })
  }
  isError(t, await send('POST', '/posts', '{"id":1e999}', JSON_BODY), 400)
  t.same((await send('GET', '/posts')).json(), [])
})

t.test('two ids alike end the start, of whatever type', async (t) => {
  for (const [first, second] of [
    [1, 1],
    [1, '1'],
    ['a', 'a'],
  ]) {
    const data = { posts: [{ id: 5 }, { id: first }, { id: second }] }
    await t.rejects(startApp(t, { data, apis: 'none' }), {
      name: 'SeedError',
      message: 'data: /posts/2/id: /posts/1 has this id too',
    })
  }
})

t.test('no id is given twice', async (t) => {
  const { send } = await startOwn(t, { posts: [{ id: 1 }, { id: 2 }] })
  await send('DELETE', '/posts/2')
  t.same((await send('POST', '/posts', {})).json(), { id: 3 })
  await send('DELETE', '/posts/3')
  t.same((await send('POST', '/posts', [{}, {}])).json(), [{ id: 4 }, { id: 5 }])
  await send('POST', '/posts', { id: 9 })
  await send('DELETE', '/posts/9')
  t.same((await send('POST', '/posts', {})).json(), { id: 10 })
  isError(t, await send('POST', '/posts', { id: 10 }), 409)
  const made = await Promise.all(Array.from({ length: 50 }, () => send('POST', '/posts', {})))
  const ids = made.map((response) => response.json().id)
  t.equal(new Set(ids).size, 50)
})

t.test('of many who want one id, one gets it', async (t) => {
  const { send } = await startOwn(t, { posts: [] })
  const wanting = Array.from({ length: 50 }, (_, at) =>
    send('POST', '/posts', { id: at % 2 ? 7 : '7', at }),
  )
  const statuses = (await Promise.all(wanting)).map(({ statusCode }) => statusCode)
  t.same(statuses.toSorted(), [201, ...Array.from({ length: 49 }, () => 409)])
  t.equal(idsIn(await send('GET', '/posts')).length, 1)
})

t.test('a write never changes an id', async (t) => {
  const { send } = await startOwn(t, { posts: [{ id: 1 }, { id: '2' }] })
  const table: [string, string, object | string, object][] = [
    ['PUT', '/posts/1', { id: 99, a: 1 }, { id: 1, a: 1 }],
    ['PUT', '/posts/1', { id: null }, { id: 1 }],
    ['PUT', '/posts/2', { id: 2 }, { id: '2' }],
    ['PATCH', '/posts/1', { id: '2', b: 1 }, { id: 1, b: 1 }],
    ['PATCH', '/posts/1', 'id=5&c=1', { id: 1, b: 1, c: '1' }],
  ]
  for (const [method, url, body, record] of table) {
    const response = await send(method, url, body, typeof body === 'string' ? FORM : {})
    t.same(response.json(), record)
  }
  const merge = { 'content-type': 'application/merge-patch+json' }
  t.same((await send('PATCH', '/posts/1', '{"id":null,"b":null}', merge)).json(), { id: 1, c: '1' })
  t.same(idsIn(await send('GET', '/posts')), [1, '2'])
})

t.test('--id names another field', async (t) => {
  const data = { posts: [{ _id: 'a', id: 1 }, { id: 1 }], comments: [{ _id: 1, postId: 'a' }] }
  const { send } = await startOwn(t, data, { id: '_id' })
  t.same((await send('GET', '/posts/a')).json(), { _id: 'a', id: 1 })
  const made = await send('POST', '/comments', { id: 'own' })
  t.same(made.json(), { id: 'own', _id: 2 })
  t.match(made.headers.location, /\/comments\/2$/)
  t.same((await send('PUT', '/comments/2', { _id: 5, id: 6 })).json(), { _id: 2, id: 6 })
  t.match((await send('GET', '/posts/a?_embed=comments')).json(), { comments: [{ _id: 1 }] })
  t.same((await send('POST', '/posts/a/comments', {})).json(), { postId: 'a', _id: 3 })
  isError(t, await send('POST', '/comments', { _id: true }), 400, /\/_id must be/)
})
