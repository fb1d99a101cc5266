import t from 'tap'
import { isError } from '../../fixtures/app.js'
import { FORM, JSON_BODY, startOwn } from '../../fixtures/own.js'

const DATA = { profile: { name: 'me', nested: { a: 1 } }, posts: [{ id: 1, profileId: 1 }] }
const MERGE = { 'content-type': 'application/merge-patch+json' }

t.test('a single resource is read, replaced and changed', async (t) => {
  const { send } = await startOwn(t, DATA)
  const steps: [string, object | string | undefined, object, number, object?][] = [
    ['GET', undefined, DATA.profile, 200],
    ['PATCH', { b: 1 }, { name: 'me', nested: { a: 1 }, b: 1 }, 200],
    ['PATCH', { nested: { c: 2 } }, { name: 'me', nested: { c: 2 }, b: 1 }, 200],
    ['PATCH', '{"nested":{"d":3},"b":null}', { name: 'me', nested: { c: 2, d: 3 } }, 200, MERGE],
    [
      'PATCH',
      'e=5&f=6&f=7',
      { name: 'me', nested: { c: 2, d: 3 }, e: '5', f: ['6', '7'] },
      200,
      FORM,
    ],
    ['PUT', { x: null }, { x: null }, 200],
    ['GET', undefined, { x: null }, 200],
    ['POST', { id: 5 }, { id: 5 }, 201],
    ['PATCH', { id: 6 }, { id: 6 }, 200],
    ['POST', 'a=b', { a: 'b' }, 201, FORM],
    ['PUT', undefined, {}, 200],
    ['GET', undefined, {}, 200],
  ]
  for (const [method, body, expected, status, headers = {}] of steps) {
    const response = await send(
      method,
      '/profile',
      body,
      Object.fromEntries(Object.entries(headers)),
    )
    t.equal(response.statusCode, status, `${method} ${JSON.stringify(body)}`)
    t.same(response.json(), expected)
    t.ok(response.headers.etag)
    t.equal(response.headers.location, status === 201 ? 'http://localhost:80/profile' : undefined)
  }
})

t.test('it is never gone, and nothing is in it', async (t) => {
  const { send } = await startOwn(t, DATA)
  const refused = await send('DELETE', '/profile')
  isError(t, refused, 405)
  t.equal(refused.headers.allow, 'GET, HEAD, POST, PUT, PATCH, OPTIONS')
  for (const [method, url] of [
    ['GET', '/profile/1'],
    ['GET', '/profile/name'],
    ['PUT', '/profile/1'],
    ['GET', '/profile/1/posts'],
  ] as const) {
    isError(t, await send(method, url), 404)
  }
  t.same((await send('GET', '/posts/1?_expand=profile&_embed=profile')).json(), DATA.posts[0])
  t.same((await send('GET', '/profile?_embed=posts&name=other&_page=2')).json(), DATA.profile)
})

t.test('it takes nothing but an object, and is as it was then', async (t) => {
  const { send } = await startOwn(t, DATA)
  for (const method of ['PUT', 'PATCH', 'POST']) {
    for (const body of ['[]', '5', 'null', '"x"', '{bad', '{"__proto__":{}}', '{"a":1e999}']) {
      isError(t, await send(method, '/profile', body, JSON_BODY), 400)
    }
    isError(t, await send(method, '/profile', 'x', { 'content-type': 'text/plain' }), 415)
  }
  isError(t, await send('PATCH', '/profile', '5', MERGE), 400)
  t.same((await send('GET', '/profile')).json(), DATA.profile)
})

t.test('a change can name the version that it starts from', async (t) => {
  const { send } = await startOwn(t, DATA)
  const first = String((await send('GET', '/profile')).headers.etag)
  const second = String(
    (await send('PUT', '/profile', { a: 1 }, { 'if-match': first })).headers.etag,
  )
  t.not(second, first)
  for (const method of ['PUT', 'PATCH', 'POST']) {
    isError(t, await send(method, '/profile', { b: 1 }, { 'if-match': first }), 412)
  }
  t.equal((await send('PATCH', '/profile', { b: 1 }, { 'if-match': second })).statusCode, 200)
  t.same((await send('GET', '/profile')).json(), { a: 1, b: 1 })
})

t.test('a frozen one is held to its shape', async (t) => {
  const { send } = await startOwn(t, DATA, { enforce: true })
  isError(t, await send('PUT', '/profile', { name: 'me' }), 400, /\/nested is missing/)
  isError(t, await send('PATCH', '/profile', { name: 5 }), 400, /\/name must be string.*--enforce/)
  t.equal((await send('PATCH', '/profile', { more: 5 })).statusCode, 200)
  for (const patch of ['{"name":null}', '{"nested":{"a":null}}', '{"nested":{"a":"x"}}']) {
    isError(t, await send('PATCH', '/profile', patch, MERGE), 400, /\/(name|nested\/a) /)
  }
  const merged = await send('PATCH', '/profile', '{"nested":{"b":1},"more":null}', MERGE)
  t.same(merged.json(), { name: 'me', nested: { a: 1, b: 1 } })
})

t.test('it has twenty thousand values at most, however it comes to them', async (t) => {
  const { send } = await startOwn(t, { profile: {} })
  const fields = (prefix: string) =>
    Object.fromEntries(Array.from({ length: 15_000 }, (_, at) => [`${prefix}${at}`, at]))
  t.equal((await send('PATCH', '/profile', fields('f'))).statusCode, 200)
  isError(t, await send('PATCH', '/profile', fields('g')), 413)
  isError(t, await send('PATCH', '/profile', JSON.stringify(fields('g')), MERGE), 413)
  t.same((await send('GET', '/profile')).json(), fields('f'))
})
