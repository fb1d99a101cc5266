import type { CrudFilter } from '@refinedev/core'
import dataProvider, { axiosInstance } from '@refinedev/simple-rest'
import t, { type Test } from 'tap'
import { blog, range, writeDb } from '../fixtures/blog.js'
import { startProcess } from '../fixtures/process.js'

// What refine's data provider `simple-rest` does, all of it.

interface Post {
  id: number
  title: string
  views: number
}

async function setUp(t: Test, data: object = blog()) {
  const { url } = await startProcess(t, [writeDb(t, data)])
  return { url, provider: dataProvider(url) }
}

function ids(records: readonly { readonly id?: unknown }[]): unknown[] {
  return records.map(({ id }) => id)
}

t.test('lists: pages, sorters, and how many there are', async (t) => {
  const { provider } = await setUp(t)
  const list = (params: object) => provider.getList<Post>({ resource: 'posts', ...params })

  const first = await list({})
  t.same([first.total, ids(first.data)], [25, range(1, 10)])
  const last = await list({ pagination: { currentPage: 3, pageSize: 10 } })
  t.same([last.total, ids(last.data)], [25, range(21, 25)])
  const whole = await list({ pagination: { mode: 'off' } })
  t.same([whole.total, ids(whole.data)], [25, range(1, 25)])

  const sorters = [
    { field: 'authorId', order: 'desc' },
    { field: 'views', order: 'asc' },
  ]
  const { data } = await list({ sorters, pagination: { pageSize: 3 } })
  t.same(ids(data), [12, 16, 2])
})

t.test('filters: every operator that it maps', async (t) => {
  const { provider } = await setUp(t)
  const found = async (...filters: CrudFilter[]) => {
    const { total, data } = await provider.getList<Post>({ resource: 'posts', filters })
    return [total, ids(data).slice(0, 3)]
  }
  t.same(await found({ field: 'authorId', operator: 'eq', value: 2 }), [12, [2, 4, 6]])
  t.same(await found({ field: 'authorId', operator: 'ne', value: 2 }), [13, [1, 3, 5]])
  t.same(await found({ field: 'views', operator: 'gte', value: 24 }), [1, [8]])
  t.same(await found({ field: 'views', operator: 'lte', value: 1 }), [2, [1, 19]])
  t.same(await found({ field: 'title', operator: 'contains', value: 'tide' }), [5, [3, 8, 13]])
  t.same(await found({ field: 'title', operator: 'contains', value: '' }), [25, [1, 2, 3]])
  t.same(await found({ field: 'q', operator: 'eq', value: 'harbour' }), [5, [4, 9, 14]])
  t.same(await found({ field: 'meta.language', operator: 'eq', value: 'fr' }), [5, [1, 2, 3]])
  t.same(await found({ field: 'id', operator: 'in', value: [3, 5] }), [2, [3, 5]])
  t.same(await found({ field: 'title', operator: 'eq', value: undefined }), [25, [1, 2, 3]])
  const both: CrudFilter[] = [
    { field: 'views', operator: 'gte', value: 5 },
    { field: 'views', operator: 'lte', value: 7 },
  ]
  t.same(await found(...both), [3, [2, 9, 16]])
  // What it doesn't map asks for equality.
  t.same(await found({ field: 'title', operator: 'startswith', value: 'Sea' }), [0, []])
})

t.test('records by their ids', async (t) => {
  const { provider } = await setUp(t)
  t.same(await provider.getOne({ resource: 'posts', id: 7 }), { data: blog().posts[6] })
  t.same(ids((await provider.getMany({ resource: 'posts', ids: [2, 4, 99] })).data), [2, 4])
  await t.rejects(provider.getOne({ resource: 'posts', id: 99 }), {
    statusCode: 404,
    message: 'There is no post with the id 99.',
  })
})

t.test('writes: one record, and many as its hooks do them', async (t) => {
  const { provider } = await setUp(t)
  const resource = 'posts'
  const { data: created } = await provider.create({ resource, variables: { title: 'New' } })
  t.same(created, { id: 26, title: 'New' })
  const { data: updated } = await provider.update({
    resource,
    id: 26,
    variables: { views: 1 },
  })
  t.same(updated, { id: 26, title: 'New', views: 1 }, 'it changes, and does not replace')
  t.same((await provider.deleteOne({ resource, id: 26 })).data, updated)
  await t.rejects(provider.deleteOne({ resource, id: 26 }), { name: 'AxiosError', statusCode: 404 })
  // useDelete hands on what it is given, as a body.
  t.same(ids([(await provider.deleteOne({ resource, id: 25, variables: {} })).data]), [25])

  const titles = ['A', 'B', 'C']
  const many = await Promise.all(
    titles.map((title) => provider.create({ resource, variables: { title } })),
  )
  t.same(ids(many.map(({ data }) => data)).sort(), [27, 28, 29])
  await Promise.all(
    [27, 28].map((id) => provider.update({ resource, id, variables: { views: 2 } })),
  )
  t.same(
    (await provider.getMany<Post>({ resource, ids: [27, 28] })).data.map(({ views }) => views),
    [2, 2],
  )
  await Promise.all([27, 28, 29].map((id) => provider.deleteOne({ resource, id })))
  t.same((await provider.getMany({ resource, ids: [27, 28, 29] })).data, [])
})

t.test('calls of any kind', async (t) => {
  const { url, provider } = await setUp(t)
  const { custom } = provider
  const { data: found } = await custom<Post[]>({
    url: `${url}/posts`,
    method: 'get',
    sorters: [{ field: 'views', order: 'desc' }],
    filters: [{ field: 'authorId', operator: 'eq', value: 2 }],
    query: { _limit: 2, _embed: 'comments' },
  })
  t.same(ids(found), [8, 22])
  const { data: created } = await custom({
    url: `${url}/authors`,
    method: 'post',
    payload: { name: 'Cid' },
    headers: { 'X-Anything': 'else' },
  })
  t.same(created, { id: 3, name: 'Cid' })
  const one = `${url}/authors/3`
  const put = await custom({ url: one, method: 'put', payload: { name: 'Cy' } })
  t.same(put.data, { id: 3, name: 'Cy' })
  const patched = await custom({ url: one, method: 'patch', payload: { age: 7 } })
  t.same(patched.data, { id: 3, name: 'Cy', age: 7 })
  t.same((await custom({ url: one, method: 'delete' })).data, patched.data)
})

t.test('a token, of its `meta` and of its axios, and another method', async (t) => {
  const data = {
    users: [{ id: 1, username: 'ann', password: 'a pass phrase' }],
    notes: [{ id: 1, text: 'Sea', userId: 1 }],
    $collections: {
      notes: { access: { read: 'owner', create: 'user', change: 'owner' }, owner: 'userId' },
    },
  }
  const { url, provider } = await setUp(t, data)
  const login = await provider.custom({
    url: `${url}/auth/login`,
    method: 'post',
    payload: { username: 'ann', password: 'a pass phrase' },
  })
  const headers = { Authorization: `Bearer ${login.data.access_token}` }
  const resource = 'notes'
  await t.rejects(provider.getList({ resource }), { name: 'AxiosError', statusCode: 401 })
  t.same((await provider.getList({ resource, meta: { headers } })).data, data.notes)
  const { common } = axiosInstance.defaults.headers
  common.Authorization = headers.Authorization
  t.teardown(() => delete common.Authorization)
  const { data: created } = await provider.create({ resource, variables: { text: 'Sand' } })
  t.same(created, { id: 2, text: 'Sand', userId: 1 })
  const { data: replaced } = await provider.update({
    resource,
    id: 2,
    variables: { text: 'Tide', userId: 1 },
    meta: { method: 'put' },
  })
  t.same(replaced, { id: 2, text: 'Tide', userId: 1 })
})
