import t, { type Test } from 'tap'
import { blog, range, writeDb } from '../fixtures/blog.js'
import { startProcess } from '../fixtures/process.js'

// What clients of json-server 1.x and of json-server-auth call, as they do it.

interface Answer {
  readonly status: number
  readonly data: unknown
}

/** Calls as a few lines around fetch do, which is what most of these clients have. */
function callerOf(url: string) {
  return async (method: string, path: string, body?: object, token?: string): Promise<Answer> => {
    const response = await fetch(url + path, {
      method,
      headers: {
        ...(body ? { 'Content-Type': 'application/json' } : {}),
        ...(token === undefined ? {} : { Authorization: `Bearer ${token}` }),
      },
      ...(body ? { body: JSON.stringify(body) } : {}),
    })
    return { status: response.status, data: await response.json() }
  }
}

async function setUp(t: Test, data: object) {
  const { url } = await startProcess(t, [writeDb(t, data)])
  return callerOf(url)
}

function ids(data: unknown): unknown[] {
  return Object.values(Object(data)).map((record) => Object(record).id)
}

t.test('lists, as 1.x asks for them', async (t) => {
  const call = await setUp(t, blog())
  const found: Record<string, readonly number[]> = {
    '/posts?views:gt=22': [8, 15],
    '/posts?views:gte=22&authorId:eq=1': [15],
    '/posts?views:lt=2': [1, 19],
    '/posts?id:in=3,5': [3, 5],
    '/posts?title:contains=mast&views:lte=5': [5],
    '/posts?title:startsWith=Harbour&id:ne=4': [9, 14, 19, 24],
    '/posts?title:endsWith=%201': [1],
    '/posts?meta.language:eq=fr&_sort=-views': [4, 3, 2, 5, 1],
    '/posts?_sort=meta.language,-id&_start=0&_end=2': [25, 24],
    '/posts?_sort=-id&_start=2&_limit=2': [23, 22],
    [`/posts?_where=${encodeURIComponent('{"or":[{"views":{"gt":23}},{"title":{"eq":"Sea 1"}}]}')}`]:
      [1, 8],
  }
  for (const [path, expected] of Object.entries(found)) {
    const { status, data } = await call('GET', path)
    t.same([status, ids(data)], [200, expected], path)
  }
})

t.test('a table in pages, as 1.x has them', async (t) => {
  const call = await setUp(t, blog())
  const seen: unknown[] = []
  let page: unknown = 1
  while (page !== null) {
    const { data } = await call('GET', `/posts?_page=${page}&_per_page=10`)
    const { next, items, pages, last } = Object(data)
    t.same([items, pages, last], [25, 3, 3])
    seen.push(...ids(Object(data).data))
    page = next
  }
  t.same(seen, range(1, 25))
})

t.test('records with texts as ids, their children and their parents', async (t) => {
  const call = await setUp(t, {
    posts: [
      { id: '1', title: 'a title', views: 100 },
      { id: '2', title: 'another title', views: 200 },
    ],
    comments: [
      { id: '1', text: 'a comment about post 1', postId: '1' },
      { id: '2', text: 'another comment about post 1', postId: '1' },
    ],
    profile: { name: 'typicode' },
  })
  t.match(await call('GET', '/posts/1?_embed=comments'), {
    data: { title: 'a title', comments: [{ id: '1' }, { id: '2' }] },
  })
  t.match(await call('GET', '/comments?_embed=post'), { data: [{ post: { views: 100 } }, {}] })
  const { status, data } = await call('POST', '/posts', { title: 'new' })
  const { id } = Object(data)
  t.equal(status, 201)
  t.type(id, 'string')
  t.same((await call('PATCH', `/posts/${id}`, { views: 1 })).data, { id, title: 'new', views: 1 })
  t.same((await call('PUT', `/posts/${id}`, { title: 'x' })).data, { id, title: 'x' })
  t.equal((await call('DELETE', '/posts/1?_dependent=comments')).status, 200)
  t.same(await call('GET', '/comments'), { status: 200, data: [] })
  t.same((await call('PUT', '/profile', { name: 'me' })).data, { name: 'me' })
  t.same((await call('PATCH', '/profile', { age: 7 })).data, { name: 'me', age: 7 })
  t.equal((await call('GET', '/posts/99')).status, 404)
})

/** json-server-auth has the guards in front of the path; here they are in the file, and the path leads there. */
const GUARDED = {
  users: [],
  posts: [{ id: 1, title: 'Before', userId: 99 }],
  notes: [{ id: 1, text: 'Secret', userId: 99 }],
  $collections: {
    posts: { access: { create: 'user', change: 'owner' }, owner: 'userId' },
    notes: { access: { read: 'owner', create: 'user', change: 'owner' }, owner: 'userId' },
  },
}

t.test('what a client of json-server-auth does', async (t) => {
  const folder = t.testdir({
    'db.json': JSON.stringify(GUARDED),
    'routes.json': '{ "/644/*": "/$1", "/600/*": "/$1" }',
  })
  const args = [`${folder}/db.json`, '--routes', `${folder}/routes.json`]
  const call = callerOf((await startProcess(t, args)).url)
  const ann = { email: 'ann@example.com', password: 'bestPassw0rd' }
  const registered = await call('POST', '/register', { ...ann, firstname: 'Ann', age: 32 })
  const user = { id: 1, email: ann.email, firstname: 'Ann', age: 32 }
  t.match(registered, { status: 201, data: { accessToken: String, user } })
  t.notMatch(registered.data, { user: { password: /./ } })
  t.equal((await call('POST', '/register', ann)).status, 409)
  t.equal((await call('POST', '/login', { ...ann, password: 'wrong' })).status, 401)
  const login = await call('POST', '/login', ann)
  t.match(login, { status: 200, data: { accessToken: String, user } })
  const token = String(Object(login.data).accessToken)

  // Clients read from the token who it is for.
  const { sub } = JSON.parse(atob(token.split('.')[1] ?? ''))
  t.equal(String(sub), '1')
  t.same((await call('GET', '/600/users/1', undefined, token)).data, user)

  t.equal((await call('GET', '/644/posts')).status, 200)
  t.equal((await call('POST', '/644/posts', { title: 'No' })).status, 401)
  const created = await call('POST', '/644/posts', { title: 'Mine', userId: 1 }, token)
  t.same(created, { status: 201, data: { id: 2, title: 'Mine', userId: 1 } })
  t.equal((await call('PATCH', '/644/posts/2', { title: 'Changed' }, token)).status, 200)
  t.equal((await call('PATCH', '/644/posts/1', { title: 'Theirs' }, token)).status, 403)

  t.equal((await call('GET', '/600/notes')).status, 401)
  t.same(await call('GET', '/600/notes', undefined, token), { status: 200, data: [] })
  t.equal((await call('GET', '/600/notes/1', undefined, token)).status, 404)
  const noted = await call('POST', '/600/notes', { text: 'Hers', userId: 1 }, token)
  t.same((await call('GET', '/600/notes', undefined, token)).data, [noted.data])

  const next = { email: 'ann@example.org', password: 'betterPassw0rd' }
  t.equal((await call('PATCH', '/users/1', next, token)).status, 200)
  t.equal((await call('POST', '/login', ann)).status, 401)
  t.equal((await call('POST', '/login', next)).status, 200)
})
