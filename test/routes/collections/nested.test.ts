import t from 'tap'
import { isError } from '../../fixtures/app.js'
import { FORM, idsIn, startOwn } from '../../fixtures/own.js'

const DATA = {
  posts: [{ id: 1, title: 'One' }, { id: '2' }, { id: 'ä/1' }],
  comments: [
    { id: 1, body: 'a', postId: 1 },
    { id: 2, body: 'b', postId: '1' },
    { id: 3, body: 'c', postId: 2 },
    { id: 4, body: 'd', postId: null },
  ],
  likes: [{ id: 1, commentId: 1 }],
  drafts: [],
  tags: [{ id: 1, name: 'x' }],
  profile: { name: 'me' },
}

t.test('the records that name one are at its path, with all that a query can ask', async (t) => {
  const { send } = await startOwn(t, DATA)
  const table: [string, unknown[]][] = [
    ['/posts/1/comments', [1, 2]],
    ['/posts/2/comments', [3]],
    ['/posts/1/comments?body=b', [2]],
    ['/posts/1/comments?_sort=id&_order=desc', [2, 1]],
    ['/posts/1/comments?q=a', [1]],
    ['/posts/99/comments', []],
    ['/posts/null/comments', []],
    ['/comments/1/likes', [1]],
    ['/posts/1/drafts', []],
    ['/posts/1/tags', []],
    ['/posts/1/posts', []],
    ['/drafts/1/posts', []],
  ]
  for (const [url, ids] of table) t.same(idsIn(await send('GET', url)), ids, url)
  const page = await send('GET', '/posts/1/comments?_page=2&_limit=1&_expand=post')
  t.same(page.json(), [{ ...DATA.comments[1], post: DATA.posts[0] }])
  t.equal(Number(page.headers['x-total-count']), 2)
  t.match(page.headers.link, /\/posts\/1\/comments\?_page=1&_limit=1&_expand=post>; rel="first"/)
  for (const url of ['/posts/1/nothing', '/posts/1/profile', '/profile/1/posts', '/none/1/posts']) {
    t.equal((await send('GET', url)).statusCode, 404, url)
  }
})

t.test('what is created there names its parent by its own id, of its type', async (t) => {
  const { send } = await startOwn(t, DATA)
  const table: [string, object | string, string, object][] = [
    ['/posts/1/comments', { body: 'e' }, '/comments/5', { body: 'e', postId: 1, id: 5 }],
    ['/posts/2/comments', { postId: 77 }, '/comments/6', { postId: '2', id: 6 }],
    ['/posts/%C3%A4%2F1/comments/', {}, '/comments/7', { postId: 'ä/1', id: 7 }],
    ['/posts/1/comments', 'body=f', '/comments/8', { body: 'f', postId: 1, id: 8 }],
    ['/posts/1/drafts', { id: 'x' }, '/drafts/x', { id: 'x', postId: 1 }],
    ['/posts/1/tags', { name: 'y' }, '/tags/2', { name: 'y', postId: 1, id: 2 }],
    ['/posts/1/tags', 'name=z', '/tags/3', { name: 'z', postId: 1, id: 3 }],
    ['/tags/1/tags', {}, '/tags/4', { tagId: 1, id: 4 }],
  ]
  for (const [url, body, location, record] of table) {
    const response = await send('POST', url, body, typeof body === 'string' ? FORM : {})
    t.equal(response.statusCode, 201, url)
    t.same(response.json(), record)
    t.equal(response.headers.location, `http://localhost:80${location}`)
    t.ok(response.headers.etag)
  }
  t.same(idsIn(await send('GET', '/posts/1/tags')), [2, 3], 'from then on it is found')
  t.same(idsIn(await send('GET', '/posts/1/comments')), [1, 2, 5, 8])
  const list = await send('POST', '/posts/1/comments', [{ body: 'g' }, { body: 'h' }])
  t.same(list.json(), [
    { body: 'g', postId: 1, id: 9 },
    { body: 'h', postId: 1, id: 10 },
  ])
})

t.test('nothing is created for a parent that is not there', async (t) => {
  const { send } = await startOwn(t, DATA)
  for (const url of ['/posts/99/comments', '/posts/01/comments', '/posts/99/tags']) {
    isError(t, await send('POST', url, {}), 404, /^There is no post with the id \d+\.$/)
  }
  for (const url of ['/posts/1/nothing', '/posts/1/profile', '/none/1/comments']) {
    isError(t, await send('POST', url, {}), 404, /^There is nothing at this path/)
  }
  isError(t, await send('POST', '/posts/1/comments', { id: 1 }), 409)
  isError(t, await send('POST', '/posts/1/tags', '5', { 'content-type': 'application/json' }), 400)
  const refused = await send('DELETE', '/posts/1/comments')
  isError(t, refused, 405)
  t.equal(refused.headers.allow, 'GET, HEAD, POST, OPTIONS')
  t.same(idsIn(await send('GET', '/comments')), [1, 2, 3, 4])
})

t.test('a deletion takes the children along, theirs too, and nothing else', async (t) => {
  const { send } = await startOwn(t, {
    ...DATA,
    likes: [
      { id: 1, commentId: 1 },
      { id: 2, commentId: 3 },
      { id: 3, commentId: 99 },
      { id: 4, postId: '1', commentId: null },
      { id: 5, postId: null },
    ],
  })
  t.same((await send('DELETE', '/posts/1')).json(), DATA.posts[0])
  t.same(idsIn(await send('GET', '/comments')), [3, 4])
  t.same(idsIn(await send('GET', '/likes')), [2, 3, 5], 'what dangled already stays')
  t.same(idsIn(await send('GET', '/tags')), [1])
  t.equal((await send('DELETE', '/comments/3')).statusCode, 200)
  t.same(idsIn(await send('GET', '/likes')), [3, 5])
  t.same(idsIn(await send('GET', '/posts')), ['2', 'ä/1'], 'and no parent goes')
})

t.test('children that name themselves, or each other in a ring, go too', async (t) => {
  const { send } = await startOwn(t, {
    people: [
      { id: 1, personId: 1 },
      { id: 2, personId: 3 },
      { id: 3, personId: 4 },
      { id: 4, personId: 2 },
      { id: 5, personId: 99 },
    ],
    nodes: [{ id: 'a', leafId: 'b' }],
    leaves: [{ id: 'b', nodeId: 'a' }],
  })
  const self = (await send('GET', '/people/1?_embed=people&_expand=person')).json()
  t.match(self, { id: 1, people: [{ id: 1 }], person: { id: 1 } })
  t.same(idsIn(await send('GET', '/people/1/people')), [1])
  t.same((await send('DELETE', '/people/1')).json(), { id: 1, personId: 1 })
  t.same((await send('DELETE', '/people/2')).json(), { id: 2, personId: 3 })
  t.same(idsIn(await send('GET', '/people')), [5])
  t.equal((await send('DELETE', '/nodes/a')).statusCode, 200)
  t.same((await send('GET', '/leaves')).json(), [])
})

t.test('a long line of children goes in one step', async (t) => {
  const people = Array.from({ length: 5_000 }, (_, at) => ({ id: at + 1, personId: at }))
  const { send } = await startOwn(t, { people })
  t.equal((await send('DELETE', '/people/1')).statusCode, 200)
  t.same((await send('GET', '/people')).json(), [])
})

t.test('$collections says what becomes of those that name what is gone', async (t) => {
  const { send } = await startOwn(t, {
    $collections: { comments: { onDelete: 'set null' }, likes: { onDelete: 'keep' } },
    posts: [{ id: 1 }],
    comments: [{ id: 1, postId: 1 }],
    likes: [{ id: 1, postId: 1 }],
    votes: [{ id: 1, postId: 1 }],
  })
  await send('DELETE', '/posts/1')
  t.same((await send('GET', '/comments')).json(), [{ id: 1, postId: null }])
  t.same((await send('GET', '/likes')).json(), [{ id: 1, postId: 1 }])
  t.same((await send('GET', '/votes')).json(), [])
})

t.test('the suffix of what names another can be another', async (t) => {
  const data = {
    posts: [{ id: 1 }],
    comments: [
      { id: 1, post_id: 1 },
      { id: 2, postId: 1 },
    ],
  }
  const { send } = await startOwn(t, data, { foreignKeySuffix: '_id' })
  t.same(idsIn(await send('GET', '/posts/1/comments')), [1])
  t.match((await send('GET', '/comments/1?_expand=post')).json(), { post: { id: 1 } })
  await send('DELETE', '/posts/1')
  t.same(idsIn(await send('GET', '/comments')), [2])
})
