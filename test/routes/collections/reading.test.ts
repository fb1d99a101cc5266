import t, { type Test } from 'tap'
import { idsIn, type Send, startOwn } from '../../fixtures/own.js'

const POSTS = [
  { id: 1, title: 'Hello World', views: 100, authorId: 'a1', tags: ['a', 'b'] },
  { id: 2, title: 'hello', views: 9, authorId: 'a2', rating: null },
  { id: '3', title: 'Zebra (x)', views: 20, authorId: 'a1', meta: { lang: 'en' } },
  { id: 4, title: 'émile', views: 15, authorId: 'none', rating: 4 },
  { id: 7, title: '', views: 0, authorId: null, rating: 3 },
]
const COMMENTS = [
  { id: 'c1', body: 'one', postId: 1 },
  { id: 'c2', body: 'two', postId: '1' },
  { id: 'c3', body: 'three', postId: 3 },
  { id: 'c4', body: 'four' },
]
const DATA = {
  posts: POSTS,
  comments: COMMENTS,
  authors: [
    { id: 'a1', name: 'Ann' },
    { id: 'a2', name: 'Bob' },
  ],
  likes: [{ id: 1, commentId: 'c1' }],
}

/** A list of so many records. */
const many = (count: number) => Array.from({ length: count }, (_, at) => ({ id: at + 1, n: at }))

/** What each query finds, by the ids in the answer. */
async function finds(
  t: Test,
  send: Send,
  table: readonly (readonly [query: string, ids: string])[],
): Promise<void> {
  for (const [query, ids] of table) {
    const response = await send('GET', `/posts?${query}`)
    t.equal(response.statusCode, 200, query)
    t.equal(idsIn(response).join(','), ids, query)
  }
}

t.test('a list is filtered, sorted, cut and related in that order', async (t) => {
  const { send } = await startOwn(t, DATA)
  await finds(t, send, [
    ['', '1,2,3,4,7'],
    ['authorId=a1', '1,3'],
    ['authorId=a1&views=20', '3'],
    ['views=9&views=20', '2,3'],
    ['views[]=9&views[]=20', '2,3'],
    ['views=09', ''],
    ['title=Hello+World', '1'],
    ['title=Hello%20World', '1'],
    ['title=', '7'],
    ['rating=null', ''],
    ['tags=a,b', '1'],
    ['tags.0=a', '1'],
    ['meta.lang=en', '3'],
    ['unknown=1&_=2&callback=x', '1,2,3,4,7'],
    ['__proto__=1&constructor=1&constructor.prototype=1&__proto__.x=1', '1,2,3,4,7'],
    ['_sort=__proto__,constructor,toString', '1,2,3,4,7'],
    ['views_gte=15&views_lte=20', '3,4'],
    ['views_ne=100&views_ne=9', '3,4,7'],
    ['title_like=HELLO', '1,2'],
    ['title_like=(', '3'],
    ['q=HELLO', '1,2'],
    ['q=en', '3'],
    ['q=lang', ''],
    ['views:gt=15', '1,3'],
    ['title:startsWith=hello', '1,2'],
    ['_where={"or":[{"views":{"eq":9}},{"title":{"contains":"zebra"}}]}', '2,3'],
    ['_sort=views&_order=desc', '1,3,4,2,7'],
    ['_sort=-views', '1,3,4,2,7'],
    ['_sort=rating,views&_order=desc', '3,1,2,4,7'],
    ['_sort=rating', '7,4,2,1,3'],
    ['_start=1&_end=3', '2,3'],
    ['_start=1&_limit=2', '2,3'],
    ['_start=2', '1,2,3,4,7'],
    ['_page=2&_limit=2', '3,4'],
    ['_page=2&_limit=2&_end=1', '3,4'],
    ['_page=0&_limit=2', '1,2'],
    ['_page=9', ''],
    ['_sort=-views&views_lte=20&_page=1&_limit=2', '3,4'],
  ])
})

t.test('a part of a list is told how many there are, and where the others are', async (t) => {
  const { send } = await startOwn(t, { posts: many(25) })
  const origin = 'http://localhost:80/posts'
  const table: [string, number | undefined, string | undefined][] = [
    ['', undefined, undefined],
    ['_start=3', undefined, undefined],
    ['_limit=3', 25, undefined],
    ['_end=3', 25, undefined],
    ['n_gte=20&_limit=3', 5, undefined],
    ['_page=3&n_gte=20', 5, undefined],
    [
      '_page=2&x=%C3%A9+b',
      25,
      `<${origin}?_page=1&x=%C3%A9+b>; rel="first", <${origin}?_page=1&x=%C3%A9+b>; rel="prev", <${origin}?_page=3&x=%C3%A9+b>; rel="next", <${origin}?_page=3&x=%C3%A9+b>; rel="last"`,
    ],
    ['_page=9', 25, undefined],
    ['_page=1e9', 25, undefined],
    ['_limit=1e9', 25, undefined],
  ]
  for (const [query, total, link] of table) {
    for (const method of ['GET', 'HEAD']) {
      const { headers, body } = await send(method, `/posts?${query}`)
      const count = headers['x-total-count']
      t.equal(count === undefined ? undefined : Number(count), total, `${method} ${query}`)
      t.equal(headers.link, link, `${method} ${query}`)
      if (method === 'HEAD') t.equal(body, '')
    }
  }
  const { headers } = await send('GET', '/posts?_limit=1', undefined, { origin: 'http://a.test' })
  const exposed = String(headers['access-control-expose-headers']).split(', ')
  for (const name of ['X-Total-Count', 'Link', 'Location', 'ETag']) t.ok(exposed.includes(name))
})

t.test('a page has 10,000 records at most, and a list as a whole all', async (t) => {
  const { send } = await startOwn(t, { posts: many(10_001) })
  t.equal(idsIn(await send('GET', '/posts')).length, 10_001)
  for (const query of ['_limit=1e9', '_end=1e9', '_page=1&_limit=1e9', '_start=1&_end=10001']) {
    const response = await send('GET', `/posts?${query}`)
    t.equal(idsIn(response).length, 10_000, query)
    t.equal(Number(response.headers['x-total-count']), 10_001)
  }
  const { data, pages } = (await send('GET', '/posts?_page=2&_per_page=1e9')).json()
  t.same([data.length, pages], [1, 2])
})

t.test('a page in an envelope', async (t) => {
  const { send } = await startOwn(t, { ...DATA, posts: many(25) })
  t.same((await send('GET', '/posts?_page=2&_per_page=2&n_gte=20')).json(), {
    first: 1,
    prev: 1,
    next: 3,
    last: 3,
    pages: 3,
    items: 5,
    data: many(25).slice(22, 24),
  })
  const past = (await send('GET', '/posts?_page=9&_per_page=10&_embed=comments')).json()
  t.match(past, { prev: 2, next: null, pages: 3 })
  t.equal(past.data.length, 5, 'past the end is the last one')
  t.ok(past.data.every(({ comments }: { comments: unknown }) => Array.isArray(comments)))
})

t.test('children and parents come along where they are asked for', async (t) => {
  const { send } = await startOwn(t, DATA)
  const [first, , third, , last] = POSTS
  const [one, two, three] = COMMENTS
  const table: [string, unknown][] = [
    ['/posts/1?_embed=comments', { ...first, comments: [one, two] }],
    ['/posts/3?_embed=comments', { ...third, comments: [three] }],
    ['/posts/7?_embed=comments&_expand=author', { ...last, comments: [] }],
    ['/posts/1?_expand=author', { ...first, author: DATA.authors[0] }],
    ['/posts/1?_embed=author', { ...first, author: DATA.authors[0] }],
    [
      '/posts/1?_expand=author&_embed=comments',
      { ...first, comments: [one, two], author: DATA.authors[0] },
    ],
    ['/posts/1?_embed=nothing&_expand=nothing&_embed=&_expand=__proto__', first],
    ['/comments/c1?_expand=post&_embed=likes', { ...one, post: first, likes: DATA.likes }],
    ['/comments/c4?_expand=post', COMMENTS[3]],
    ['/posts?_limit=1&_embed=comments', [{ ...first, comments: [one, two] }]],
    ['/posts?_embed=comments&_start=2&_end=3', [{ ...third, comments: [three] }]],
  ]
  for (const [url, body] of table) t.same((await send('GET', url)).json(), body, url)
})

t.test('what has not changed since is not sent again', async (t) => {
  const { send } = await startOwn(t, { ...DATA, profile: { name: 'me' } })
  const urls = ['/posts', '/posts/1', '/posts?_page=1&_limit=2', '/posts/1?_embed=comments']
  for (const url of [...urls, '/profile', '/posts/1/comments']) {
    const { headers } = await send('GET', url)
    const known = { 'if-none-match': String(headers.etag) }
    t.equal((await send('GET', url, undefined, known)).statusCode, 304, url)
    await send('PATCH', '/posts/1', { views: Math.random() })
    await send('PATCH', '/profile', { seen: Math.random() })
    await send('POST', '/posts/1/comments', {})
    t.equal((await send('GET', url, undefined, known)).statusCode, 200, `${url}, changed`)
  }
})

t.test('a path may end with a slash, and be escaped', async (t) => {
  const { send } = await startOwn(t, { ...DATA, profile: { name: 'me' }, données: [{ id: 'é/1' }] })
  const table: [string, unknown][] = [
    ['/authors/', DATA.authors],
    ['/authors/?_limit=1', [DATA.authors[0]]],
    ['/authors/a1/', DATA.authors[0]],
    ['/posts/3/comments/', [COMMENTS[2]]],
    ['/profile/', { name: 'me' }],
    ['/likes/%31', DATA.likes[0]],
    ['/donn%C3%A9es/%C3%A9%2F1', { id: 'é/1' }],
    ['/donn%c3%a9es/', [{ id: 'é/1' }]],
  ]
  for (const [url, body] of table) t.same((await send('GET', url)).json(), body, url)
  t.same(Object.keys((await send('GET', '/db/')).json()).length, 6)
  for (const url of [
    '/nothing',
    '/posts/99',
    '/posts/01',
    '/posts/1/comments/c1',
    '/comments/C1',
  ]) {
    t.equal((await send('GET', url)).statusCode, 404, url)
  }
  for (const url of ['/posts/%', '/posts/%zz', '/posts/%E9']) {
    t.equal((await send('GET', url)).statusCode, 400, url)
  }
})

t.test('no query is too much', async (t) => {
  const fields = Array.from({ length: 1_000 }, (_, at) => `f${at}`)
  const record = Object.fromEntries(fields.map((name, at) => [name, at]))
  const { send } = await startOwn(t, {
    posts: [
      { id: 1, ...record },
      { id: 2, a: 'a'.repeat(5_000) },
    ],
  })
  const queries: [string, string][] = [
    [`_sort=${fields.slice(0, 100).join(',')}`, '1,2'],
    [`_sort=${fields.join(',')}&_order=desc`, '2,1'],
    [fields.map((name, at) => `${name}=${at}`).join('&'), '1'],
    [fields.map((_, at) => `f5=${at}`).join('&'), '1'],
    [fields.map((name) => `${name}_gte=0`).join('&'), '1'],
    ['a_like=(a%2B)%2B%24', '2'],
    ['a_like=(a%2B)%2Bb', ''],
    ['a_like=(a|aa)*c', ''],
    ['_sort=__proto__,constructor', '1,2'],
    ['_page=-1e999&_limit=1e999', '1,2'],
    ['_page=1e9&_limit=1e9', ''],
  ]
  await finds(t, send, queries)
})

t.test('an answer waits as long as it is asked to', async (t) => {
  const { app, send } = await startOwn(t, { ...DATA, profile: {} })
  for (const query of ['_delay=0', '_delay=', '_delay=soon', '_delay=-5', '_delay=1']) {
    t.equal((await send('GET', `/posts?${query}`)).statusCode, 200, query)
  }
  const urls = ['/posts', '/posts/1', '/posts/1/comments', '/profile', '/db', '/posts/99']
  const answers = urls.map((url) => send('GET', `${url}?_delay=9999`))
  answers.push(
    send('POST', '/posts?_delay=1e9&_delay=5', {}),
    send('POST', '/posts?_delay=10000', {}),
  )
  while (app.delays.size < urls.length + 1) await new Promise(setImmediate)
  app.delays.end()
  for (const answer of answers) t.ok((await answer).statusCode < 500)
})
