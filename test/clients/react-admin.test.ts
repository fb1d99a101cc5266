import { fetchUtils } from 'ra-core'
import jsonServerProvider from 'ra-data-json-server'
import t, { type Test } from 'tap'
import { blog, range, writeDb } from '../fixtures/blog.js'
import { startProcess } from '../fixtures/process.js'

// What react-admin's data provider for json-server does, all of it.

async function setUp(t: Test) {
  const { url } = await startProcess(t, [writeDb(t, blog())])
  return { url, provider: jsonServerProvider(url) }
}

function ids(records: readonly { readonly id: unknown }[]): unknown[] {
  return records.map(({ id }) => id)
}

t.test('lists: pages, orders, filters, and how many there are', async (t) => {
  const { provider } = await setUp(t)
  const pagination = { page: 1, perPage: 10 }
  const sort = { field: 'id', order: 'ASC' as const }
  const list = (params: object) =>
    provider.getList('posts', { pagination, sort, filter: {}, ...params })

  const first = await list({})
  t.equal(first.total, 25)
  t.same(ids(first.data), range(1, 10))
  t.same(first.data[0], blog().posts[0])
  const last = await list({ pagination: { page: 3, perPage: 10 } })
  t.same([last.total, ids(last.data)], [25, range(21, 25)])
  const beyond = await list({ pagination: { page: 9, perPage: 10 } })
  t.same(beyond, { data: [], total: 25 })

  const most = await list({ sort: { field: 'views', order: 'DESC' } })
  t.same(
    most.data.map(({ views }) => views),
    range(15, 24).reverse(),
  )
  const inside = await list({ sort: { field: 'meta.language', order: 'DESC' } })
  t.same(ids(inside.data), range(1, 10))

  const counted = async (filter: object) => {
    const { total, data } = await list({ filter })
    return [total, ids(data).slice(0, 3)]
  }
  t.same(await counted({ authorId: 2 }), [12, [2, 4, 6]])
  t.same(await counted({ published: true }), [13, [1, 3, 5]])
  t.same(await counted({ title: 'Tide 3' }), [1, [3]])
  t.same(await counted({ q: 'tide' }), [5, [3, 8, 13]], 'its search input')
  t.same(await counted({ q: '' }), [25, [1, 2, 3]], 'which was emptied')
  t.same(await counted({ title_like: '^s.*1$' }), [3, [1, 11, 21]])
  t.same(await counted({ views_gte: 20, authorId: 1 }), [2, [11, 15]])
  t.same(await counted({ meta: { language: 'fr' } }), [5, [1, 2, 3]], 'a field within')
  t.same(await counted({ id: [3, 5] }), [2, [3, 5]], 'one of several')
  t.same(await counted({ title: undefined, authorId: null }), [0, []])

  const embedded = await list({ meta: { embed: 'comments' } })
  t.same(embedded.data[1]?.comments, [{ id: 3, text: 'Alone', postId: 2 }])
})

t.test('records by their ids, and those that name another', async (t) => {
  const { provider } = await setUp(t)
  t.same((await provider.getOne('posts', { id: 7 })).data, blog().posts[6])
  const { data: tag } = await provider.getOne('tags', { id: 'sea' })
  t.same(tag, { id: 'sea', name: 'Sea' })
  const { data: post } = await provider.getOne('posts', { id: 2, meta: { embed: 'comments' } })
  t.same(ids(post.comments), [3])
  await t.rejects(provider.getOne('posts', { id: 99 }), {
    status: 404,
    message: 'There is no post with the id 99.',
  })

  const { data: some } = await provider.getMany('posts', { ids: [2, 4, 99] })
  t.same(ids(some), [2, 4])

  const reference = await provider.getManyReference('comments', {
    target: 'postId',
    id: 1,
    pagination: { page: 1, perPage: 1 },
    sort: { field: 'id', order: 'DESC' },
    filter: {},
  })
  t.same([reference.total, ids(reference.data)], [2, [2]])
})

t.test('writes: one record, and many', async (t) => {
  const { provider } = await setUp(t)
  const data = { title: 'New', views: 0, published: false, authorId: 1, meta: { language: 'en' } }
  const { data: created } = await provider.create('posts', { data })
  t.same(created, { ...data, id: 26 })

  // The form sends back the whole record, its id too.
  const next = { ...created, title: 'Newer' }
  const { data: updated } = await provider.update('posts', {
    id: 26,
    data: next,
    previousData: created,
  })
  t.same(updated, next)
  t.same((await provider.getOne('posts', { id: 26 })).data, next)

  const many = await provider.updateMany('posts', { ids: [3, 4], data: { title: 'Same' } })
  t.same(many.data, [3, 4])
  t.same((await provider.getMany('posts', { ids: [3, 4] })).data, [
    { id: 3, title: 'Same' },
    { id: 4, title: 'Same' },
  ])

  const { data: gone } = await provider.delete('posts', { id: 26, previousData: next })
  t.same(gone, next)
  t.same((await provider.deleteMany('posts', { ids: [1, 2] })).data, [1, 2])
  t.same((await provider.getMany('posts', { ids: [1, 2, 3, 26] })).data, [{ id: 3, title: 'Same' }])
  await t.rejects(provider.delete('posts', { id: 26 }), {
    name: 'HttpError',
    status: 404,
  })
  await t.rejects(provider.update('posts', { id: 26, data: next, previousData: next }), {
    name: 'HttpError',
    status: 404,
  })
})

t.test('a token, as its own fetch adds it', async (t) => {
  const data = {
    users: [{ id: 1, username: 'ann', password: 'a pass phrase' }],
    posts: [{ id: 1, title: 'Sea' }],
    $collections: { posts: { access: { read: 'user', create: 'user', change: 'user' } } },
  }
  const { url } = await startProcess(t, [writeDb(t, data)])
  const response = await fetchUtils.fetchJson(`${url}/auth/login`, {
    method: 'POST',
    body: JSON.stringify({ username: 'ann', password: 'a pass phrase' }),
  })
  const user = { authenticated: true, token: `Bearer ${response.json.access_token}` }
  const provider = jsonServerProvider(url, (address, options = {}) =>
    fetchUtils.fetchJson(address, { ...options, user }),
  )
  const pagination = { page: 1, perPage: 10 }
  t.same(await provider.getList('posts', { pagination }), { data: data.posts, total: 1 })
  await t.rejects(jsonServerProvider(url).getList('posts', { pagination }), {
    name: 'HttpError',
    status: 401,
  })
})
