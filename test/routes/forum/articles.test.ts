import { setImmediate } from 'node:timers/promises'
import t, { type Test } from 'tap'
import type { Options } from '../../../config.js'
import { countOf } from '../../../store/lookups.js'
import { equal } from '../../../store/query.js'
import { call, isError, logIn, startApp } from '../../fixtures/app.js'

const article = { title: 'A title', text: 'A text' }

/** The app on a data file with `count` articles, the first the oldest, by two users in turn. */
async function startWith(t: Test, count: number, options: Options = {}) {
  const users = ['first', 'second'].map((name) => ({ name, password: 'password' }))
  const articles = Array.from({ length: count }, (_, index) => ({
    title: `Title ${index + 1}`,
    text: 'A text',
    user_id: 1 + (index % 2),
    date_posted: new Date(index * 1000).toISOString(),
  }))
  const folder = t.testdir({ 'data.json': JSON.stringify({ users, articles }) })
  return startApp(t, { dataFile: `${folder}/data.json`, ...options })
}

interface Listed {
  readonly articles: { readonly id: number }[]
  readonly next: boolean
}

async function listed(app: Awaited<ReturnType<typeof startApp>>, url: string) {
  const response = await call(app, 'GET', url)
  const { articles, next }: Listed = response.json()
  return { status: response.statusCode, ids: articles.map(({ id }) => id), next }
}

t.test('listArticles gives pages, the newest first', async (t) => {
  const app = await startWith(t, 25)
  t.same(await listed(app, '/articles'), {
    status: 200,
    ids: [25, 24, 23, 22, 21, 20, 19, 18, 17, 16],
    next: true,
  })
  t.same(await listed(app, '/articles?page=2'), {
    status: 200,
    ids: [15, 14, 13, 12, 11, 10, 9, 8, 7, 6],
    next: true,
  })
  t.same(await listed(app, '/articles?page=3'), { status: 200, ids: [5, 4, 3, 2, 1], next: false })
  for (const page of ['4', '1000', '9007199254740991']) {
    t.same(await listed(app, `/articles?page=${page}`), { status: 200, ids: [], next: false })
  }
  const { articles } = (await call(app, 'GET', '/articles')).json()
  t.same(articles[0], {
    id: 25,
    title: 'Title 25',
    user_id: 1,
    'author.username': 'first',
    date_posted: '1970-01-01T00:00:24.000Z',
  })
})

t.test('a page that is full to the end has no next', async (t) => {
  const app = await startWith(t, 4, { forumPageSize: 2 })
  t.same(await listed(app, '/articles'), { status: 200, ids: [4, 3], next: true })
  t.same(await listed(app, '/articles?page=2'), { status: 200, ids: [2, 1], next: false })
})

t.test('of articles of one moment the one with the highest id comes first', async (t) => {
  const date_posted = '2026-01-01T00:00:00Z'
  const articles = [5, 9, 7].map((id) => ({ id, ...article, date_posted }))
  const folder = t.testdir({ 'data.json': JSON.stringify({ articles }) })
  const app = await startApp(t, { dataFile: `${folder}/data.json` })
  t.same((await listed(app, '/articles')).ids, [9, 7, 5])
})

t.test('an empty forum has an empty page', async (t) => {
  const app = await startWith(t, 0)
  t.same((await call(app, 'GET', '/articles')).json(), { articles: [], next: false })
})

t.test('a page is a whole number from 1', async (t) => {
  const app = await startWith(t, 1)
  const refused = ['0', '-1', '1.5', 'abc', '', '1e3', '0x1', '01', '1&page=2', '9007199254740992']
  for (const page of refused) {
    const response = await call(app, 'GET', `/articles?page=${page}`)
    isError(t, response, 400, /^The query is not valid: \/page /)
    t.equal(response.json().error, response.json().message)
    isError(t, await call(app, 'GET', `/users/1/articles?page=${page}`), 400)
  }
})

t.test('listArticlesOfUser', async (t) => {
  const app = await startWith(t, 25)
  t.same(await listed(app, '/users/2/articles'), {
    status: 200,
    ids: [24, 22, 20, 18, 16, 14, 12, 10, 8, 6],
    next: true,
  })
  t.same(await listed(app, '/users/2/articles?page=2'), { status: 200, ids: [4, 2], next: false })
  const response = await call(app, 'GET', '/users/99/articles')
  isError(t, response, 404, 'User with id=99 was not found')
  t.equal(response.json().error, 'User with id=99 was not found')
  isError(t, await call(app, 'GET', '/users/abc/articles'), 400)
})

t.test('getArticle', async (t) => {
  const app = await startWith(t, 1)
  const response = await call(app, 'GET', '/articles/1')
  t.equal(response.statusCode, 200)
  t.same(response.json(), {
    id: 1,
    title: 'Title 1',
    text: 'A text',
    user_id: 1,
    'author.username': 'first',
    date_posted: '1970-01-01T00:00:00.000Z',
  })
  const missing = await call(app, 'GET', '/articles/222')
  isError(t, missing, 404, 'Article with id=222 was not found')
  t.equal(missing.json().error, 'Article with id=222 was not found')
  isError(t, await call(app, 'GET', '/articles/abc'), 400)
})

t.test('the ETag of an article changes with it, and with the name of its author', async (t) => {
  const app = await startWith(t, 1)
  const { access: token } = await logIn(app, 'first')
  const get = async (known = '') => {
    const headers = { 'if-none-match': known }
    const { statusCode, headers: answered } = await call(app, 'GET', '/articles/1', { headers })
    return { statusCode, etag: `${answered.etag}` }
  }
  const first = await get()
  t.equal((await get(first.etag)).statusCode, 304)
  const payload = { name: 'renamed', password: 'password' }
  t.equal((await call(app, 'PUT', '/api/users/1', { token, payload })).statusCode, 200)
  const second = await get(first.etag)
  t.equal(second.statusCode, 200)
  const edited = await call(app, 'PUT', '/articles/1/edit', {
    token,
    payload: article,
    headers: { 'if-match': first.etag },
  })
  t.equal(edited.statusCode, 200, 'the name is no part of what is edited')
  t.equal((await get(second.etag)).statusCode, 200)
  t.equal((await get(`${edited.headers.etag}`)).statusCode, 304)
})

t.test('createArticle', async (t) => {
  const app = await startApp(t)
  const { access: token } = await logIn(app)
  const before = Date.now()
  const response = await call(app, 'POST', '/articles/new', {
    payload: { ...article, 'access-token': token },
  })
  t.equal(response.statusCode, 200)
  const { date_posted, ...rest } = response.json()
  t.same(rest, { id: 13, ...article, user_id: 1, 'author.username': 'user' })
  t.match(date_posted, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/)
  t.ok(Date.parse(date_posted) >= before && Date.parse(date_posted) <= Date.now())
  t.same((await call(app, 'GET', '/articles/13')).json(), response.json())
  t.equal((await listed(app, '/articles')).ids[0], 13)
  const byBearer = await call(app, 'POST', '/articles/new', { token, payload: article })
  t.equal(byBearer.statusCode, 200)
})

t.test('an article without a title or a text is refused in the words of the forum', async (t) => {
  const app = await startApp(t)
  const { access: token } = await logIn(app)
  const { total } = await app.store.articles.find({ limit: 1000 })
  const refused: [object | string | undefined, string | RegExp][] = [
    [{ text: 'A text' }, 'Article title is missing'],
    [{ title: 'A title' }, 'Article text is missing'],
    [{}, 'Article title is missing'],
    [undefined, 'Article title is missing'],
    [{ title: '', text: 'A text' }, 'Article title is missing'],
    [{ title: 'A title', text: '' }, 'Article text is missing'],
    [{ ...article, title: 5 }, 'The body is not valid: /title must be string.'],
    [{ ...article, title: null }, 'The body is not valid: /title must be string.'],
    [{ ...article, title: 'x'.repeat(201) }, /^The body is not valid: \/title must NOT have more/],
    [
      { ...article, text: 'x'.repeat(100_001) },
      /^The body is not valid: \/text must NOT have more/,
    ],
    [{ ...article, user_id: 2 }, 'The body is not valid: /user_id is not known here.'],
    [{ ...article, id: 2 }, 'The body is not valid: /id is not known here.'],
    [{ ...article, date_posted: '' }, 'The body is not valid: /date_posted is not known here.'],
    [[], 'The body is not valid: must be object.'],
  ]
  for (const [payload, message] of refused) {
    for (const [method, url] of [
      ['POST', '/articles/new'],
      ['PUT', '/articles/2/edit'],
    ] as const) {
      const response = await call(app, method, url, { token, ...(payload ? { payload } : {}) })
      isError(t, response, 400, message)
      t.equal(response.json().error, response.json().message)
    }
  }
  t.equal((await app.store.articles.find({ limit: 1000 })).total, total)
})

const guarded = [
  ['POST', '/articles/new', article],
  ['PUT', '/articles/2/edit', article],
  ['DELETE', '/articles/2/delete', {}],
  ['POST', '/verify-token', {}],
] as const

for (const [method, url, payload] of guarded) {
  t.test(`${method} ${url} needs a token, in the body or as Bearer`, async (t) => {
    const app = await startApp(t)
    const { access, refresh } = await logIn(app)
    const other = await logIn(app, 'guest', 'guest')
    const send = (token?: unknown, bearer?: string) =>
      call(app, method, url, {
        payload: { ...payload, ...(token === undefined ? {} : { 'access-token': token }) },
        ...(bearer === undefined ? {} : { token: bearer }),
      })
    for (const missing of [await send(), await send('')]) {
      isError(t, missing, 401, 'Access-token is missing. Log in, please')
      t.equal(missing.json().error, 'Access-token is missing. Log in, please')
      t.equal(missing.headers['www-authenticate'], 'Bearer realm="slipway"')
    }
    for (const token of ['abc', refresh, 5, {}, [access]]) {
      const invalid = await send(token)
      isError(t, invalid, 401, 'Invalid access-token. Log in please')
      t.equal(invalid.json().error, 'Invalid access-token. Log in please')
      t.match(invalid.headers['www-authenticate'], 'error="invalid_token"')
    }
    isError(t, await send(undefined, refresh), 401, 'Invalid access-token. Log in please')
    const different = 'The request carries tokens of different users.'
    isError(t, await send(access, other.access), 400, different)
    isError(t, await send('abc', access), 401, 'Invalid access-token. Log in please')
    isError(t, await send(access, 'abc'), 401, 'Invalid access-token. Log in please')
    const headers = { 'x-access-token': access, token: access }
    isError(t, await call(app, method, url, { payload, headers }), 401)
    t.equal((await send(access, access)).statusCode, 200, 'the same token twice is one')
  })
}

t.test('a revoked token is refused in a body too', async (t) => {
  const app = await startApp(t)
  const { access: token } = await logIn(app)
  await call(app, 'DELETE', '/auth/logout', { token })
  const payload = { ...article, 'access-token': token }
  isError(t, await call(app, 'POST', '/articles/new', { payload }), 401)
})

t.test('editArticle', async (t) => {
  const app = await startApp(t)
  const { access: token } = await logIn(app)
  const old = (await call(app, 'GET', '/articles/2')).json()
  const payload = { title: 'Edited', text: 'Hello world, edited', 'access-token': token }
  const response = await call(app, 'PUT', '/articles/2/edit', { payload })
  t.equal(response.statusCode, 200)
  t.same(response.json(), { ...old, title: 'Edited', text: 'Hello world, edited' })
  t.same((await call(app, 'GET', '/articles/2')).json(), response.json())
})

t.test('editArticle and deleteArticle are for the author alone', async (t) => {
  const app = await startApp(t)
  const { access: token } = await logIn(app)
  const admin = await logIn(app, 'admin', 'admin')
  const requests = [
    ['PUT', 'edit', article],
    ['DELETE', 'delete', {}],
  ] as const
  for (const [method, action, payload] of requests) {
    const send = (id: number | string, headers = {}) =>
      call(app, method, `/articles/${id}/${action}`, { token, payload, headers })
    for (const id of [1, 3, 7]) {
      const refused = await send(id)
      isError(t, refused, 403, `You can ${action} only own article`)
      t.equal(refused.json().error, `You can ${action} only own article`)
    }
    isError(t, await send(1, { 'if-match': '"stale"' }), 403)
    isError(t, await send(222), 404, 'Article with id=222 was not found')
    isError(t, await send('abc'), 400)
    const byAdmin = await call(app, method, `/articles/2/${action}`, {
      token: admin.access,
      payload,
    })
    isError(t, byAdmin, 403)
  }
  t.equal((await app.store.articles.find({ limit: 1000 })).total, 12)
})

t.test('deleteArticle', async (t) => {
  const app = await startApp(t)
  const { access: token } = await logIn(app)
  const old = (await call(app, 'GET', '/articles/2')).json()
  const payload = { 'access-token': token }
  const response = await call(app, 'DELETE', '/articles/2/delete', { payload })
  t.equal(response.statusCode, 200)
  t.same(response.json(), old)
  isError(t, await call(app, 'GET', '/articles/2'), 404)
  isError(t, await call(app, 'DELETE', '/articles/2/delete', { payload }), 404)
  const withoutBody = await call(app, 'DELETE', '/articles/5/delete', { token })
  t.equal(withoutBody.statusCode, 200, 'with a Bearer token no body is needed')
})

t.test('If-Match', async (t) => {
  const app = await startApp(t)
  const { access: token } = await logIn(app)
  const { etag } = (await call(app, 'GET', '/articles/2')).headers
  const headers = { 'if-match': `${etag}` }
  const put = () => call(app, 'PUT', '/articles/2/edit', { token, headers, payload: article })
  t.equal((await put()).statusCode, 200)
  isError(t, await put(), 412)
  isError(t, await call(app, 'DELETE', '/articles/2/delete', { token, headers }), 412)
  t.equal((await call(app, 'GET', '/articles/2')).statusCode, 200)
})

t.test('one of two edits that start from the same version at once is refused', async (t) => {
  const app = await startApp(t)
  const { access: token } = await logIn(app)
  const { etag } = (await call(app, 'GET', '/articles/2')).headers
  const headers = { 'if-match': `${etag}` }
  const responses = await Promise.all(
    ['first', 'second'].map((title) =>
      call(app, 'PUT', '/articles/2/edit', { token, headers, payload: { ...article, title } }),
    ),
  )
  t.same(responses.map(({ statusCode }) => statusCode).sort(), [200, 412])
  const winner = responses.find(({ statusCode }) => statusCode === 200)
  t.same((await call(app, 'GET', '/articles/2')).json(), winner?.json())
})

t.test('two edits of one article at once leave one of them, whole', async (t) => {
  const app = await startApp(t)
  const { access: token } = await logIn(app)
  const payloads = ['first', 'second'].map((word) => ({ title: word, text: `the ${word} text` }))
  const responses = await Promise.all(
    payloads.map((payload) => call(app, 'PUT', '/articles/2/edit', { token, payload })),
  )
  t.same(
    responses.map(({ statusCode }) => statusCode),
    [200, 200],
  )
  const { title, text } = (await call(app, 'GET', '/articles/2')).json()
  t.equal(text, `the ${title} text`)
})

t.test('an edit against a deletion ends as one of them came first', async (t) => {
  const app = await startApp(t)
  const { access: token } = await logIn(app)
  for (const id of [2, 5, 8, 11]) {
    const [edit, deletion] = await Promise.all([
      call(app, 'PUT', `/articles/${id}/edit`, { token, payload: article }),
      call(app, 'DELETE', `/articles/${id}/delete`, { token, payload: {} }),
    ])
    t.equal(deletion.statusCode, 200)
    t.ok([200, 404].includes(edit.statusCode), `${edit.statusCode}`)
    isError(t, await call(app, 'GET', `/articles/${id}`), 404)
  }
  t.same((await listed(app, '/users/1/articles')).ids, [])
})

t.test('articles of a deleted user stay, without an author', async (t) => {
  const app = await startApp(t)
  const { access: token } = await logIn(app)
  const { etag } = (await call(app, 'GET', '/articles/2')).headers
  t.equal((await call(app, 'DELETE', '/api/users/1', { token })).statusCode, 204)
  const headers = { 'if-none-match': `${etag}` }
  const response = await call(app, 'GET', '/articles/2', { headers })
  t.match(response.json(), { id: 2, user_id: null, 'author.username': null })
  const { articles } = (await call(app, 'GET', '/articles')).json()
  t.equal(articles.length, 10)
  const own = articles.filter(({ id }: { id: number }) => [5, 8, 11].includes(id))
  t.match(own, Array(3).fill({ user_id: null, 'author.username': null }))
  isError(t, await call(app, 'GET', '/users/1/articles'), 404)
})

t.test('requests of a user who is deleted meanwhile end in a documented answer', async (t) => {
  const app = await startApp(t)
  for (let round = 0; round < 20; round++) {
    const name = `author ${round}`
    const payload = { name, password: 'password' }
    const { id } = (await call(app, 'POST', '/api/users', { payload })).json()
    const { access: token } = await logIn(app, name)
    const posted = await call(app, 'POST', '/articles/new', { token, payload: article })
    const [creation, edit, deletion] = await Promise.all([
      call(app, 'POST', '/articles/new', { token, payload: article }),
      call(app, 'PUT', `/articles/${posted.json().id}/edit`, { token, payload: article }),
      // A different step of the two others each time.
      (async () => {
        for (let turn = 0; turn < round % 5; turn++) await setImmediate()
        return call(app, 'DELETE', `/api/users/${id}`, { token })
      })(),
    ])
    t.equal(deletion.statusCode, 204)
    t.ok([200, 401].includes(creation.statusCode), `${creation.statusCode}`)
    t.ok([200, 401, 403].includes(edit.statusCode), `${edit.statusCode}`)
    t.equal(await countOf(app.store.articles, { where: equal({ userId: id }) }), 0)
  }
})

t.test('/articles/new is a path of its own', async (t) => {
  const app = await startApp(t)
  for (const method of ['GET', 'HEAD', 'PUT', 'PATCH', 'DELETE']) {
    const response = await call(app, method, '/articles/new')
    t.equal(response.statusCode, 405, method)
    t.equal(response.headers.allow, 'POST, OPTIONS')
    if (method === 'HEAD') continue
    t.equal(response.json().error, 'This path answers to POST, OPTIONS.', 'as the forum has it')
  }
})
