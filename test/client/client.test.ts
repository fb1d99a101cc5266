import t, { type Test } from 'tap'
import { createClient, type Schemas } from '../../client/index.js'
import { startProcess } from '../fixtures/process.js'

const ship: Schemas['ShipInput'] = {
  affiliation: 'Galactic Republic',
  category: 'Starfighters',
  crew: 1,
  length: 8,
  manufacturer: 'Kuat Systems Engineering',
  model: 'Delta-7',
  roles: ['Interceptor'],
  ship_class: 'Starfighter',
}

t.test('a client of each API, against a server', async (t) => {
  const { url } = await startProcess(t)
  await useClients(t, url)
})

t.test('a client of each API, against a workspace', async (t) => {
  const { url } = await startProcess(t)
  await useClients(t, `${url}/~one`)
  t.test('nothing of it is outside', async (t) => {
    const titlesIn = async (baseUrl: string) => {
      const { data } = await createClient({ baseUrl }).GET('/articles')
      return data?.articles.map(({ title }) => title)
    }
    t.match(await titlesIn(`${url}/~one`), ['A title', 'A title'])
    t.notMatch(await titlesIn(url), ['A title'])
  })
})

async function useClients(t: Test, baseUrl: string): Promise<void> {
  const anyone = createClient({ baseUrl })
  const body = { username: 'user', password: 'password' }
  const { data: pair } = await anyone.POST('/auth/login', { body })
  const token = pair?.access_token ?? ''
  const user = createClient({ baseUrl, token, refreshToken: () => pair?.refresh_token })

  t.test('fleet', async (t) => {
    const refused = await anyone.POST('/api/ships', { body: ship })
    t.equal(refused.response.status, 401)
    t.match(refused.error?.message, 'A token is needed.')

    const { data: created, response } = await user.POST('/api/ships', { body: ship })
    t.match(created, ship)
    const path = { id: created?.id ?? 0 }
    t.equal(response.headers.get('location'), `${baseUrl}/api/ships/${path.id}`)
    const header = { 'If-Match': '"another"' }
    const stale = await user.PATCH('/api/ships/{id}', {
      params: { path, header },
      body: { crew: 2 },
    })
    t.equal(stale.response.status, 412)
    const { data: changed } = await user.PATCH('/api/ships/{id}', {
      params: { path },
      body: { crew: 2 },
    })
    t.equal(changed?.crew, 2)
    t.equal((await user.DELETE('/api/ships/{id}', { params: { path } })).response.status, 204)
    const { error: gone } = await anyone.GET('/api/ships/{id}', { params: { path } })
    t.equal(gone?.message, `There is no ship with the id ${path.id}.`)

    const { data: renewed } = await user.POST('/auth/refresh')
    t.type(renewed?.access_token, 'string')
  })

  t.test('forum', async (t) => {
    const article = { title: 'A title', text: 'A text' }
    const { data: written } = await user.POST('/articles/new', { body: article })
    t.match(written, { title: 'A title', 'author.username': 'user' })
    const inBody = { ...article, 'access-token': token }
    t.equal((await anyone.POST('/articles/new', { body: inBody })).response.status, 200)
    const { data: page } = await anyone.GET('/articles', { params: { query: { page: 1 } } })
    t.match(page?.articles[1], { id: written?.id })
  })

  t.test('memes', async (t) => {
    const login = { username: 'admin', password: 'admin' }
    const { data: tokens } = await createClient({ baseUrl, login }).GET('/login')
    t.equal(tokens?.username, 'admin')
    const admin = createClient({ baseUrl, token: async () => tokens?.token })
    const { data: users } = await admin.GET('/user')
    t.same(
      users?.users.map(({ password }) => password),
      ['********', '********', '********'],
    )
    t.equal((await user.GET('/user')).response.status, 403)
    const template = { title: 'Some title', url: 'http://localhost/picture' }
    const { data: posted } = await user.POST('/template', { body: template })
    t.equal(posted?.message, 'Post created')
    const form = await user.POST('/template', {
      body: { title: 'Another & title', url: 'http://localhost/picture?a=b' },
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
    })
    t.equal(form.data?.message, 'Post created')
    const { data: all } = await admin.GET('/template')
    t.match(all?.templates.at(-1), {
      title: 'Another & title',
      url: 'http://localhost/picture?a=b',
    })
  })

  t.test('registry', async (t) => {
    const bytes = Buffer.from([0, 1, 2, 253, 254, 255])
    const file = new File([bytes], 'bytes.bin', { type: 'application/x-bytes' })
    const { data: uploaded } = await user.POST('/api/v1/packages', {
      body: { package_name: 'client', tag: '1', file },
    })
    t.match(uploaded, { package_id: Number, tag_id: Number })
    const params = { path: { package_name: 'client', tag: '1' } }
    const { data: blob, response } = await user.GET('/api/v1/{package_name}/{tag}', {
      params,
      parseAs: 'blob',
    })
    t.same(Buffer.from(await (blob ?? new Blob([])).arrayBuffer()), bytes)
    t.match(response.headers.get('content-disposition'), 'bytes.bin')
    t.equal(response.headers.get('content-type'), 'application/x-bytes')
    const { data: found } = await user.GET('/api/v1/packages', {
      params: { query: { search: 'CLI' } },
    })
    t.same(
      found?.map(({ title }) => title),
      ['client'],
    )
  })

  t.test('plans', async (t) => {
    const body = { title: 'Tides', licence: 'CC0' }
    const { data: done } = await user.POST('/dmps', { body })
    const params = { path: { dmp_id: done?.id ?? '' } }
    const { data: plan } = await user.GET('/dmps/{dmp_id}', { params })
    t.match(plan, { ...body, user: 'user' })
    const { data: renewed } = await user.GET('/refresh')
    t.type(renewed?.access_token, 'string')
    t.equal((await user.DELETE('/logout')).response.status, 200)
    t.equal((await user.GET('/dmps')).response.status, 401, 'the token is revoked')
  })
}

t.test('a client of another document', async (t) => {
  const { url: baseUrl } = await startProcess(t, ['--apis', 'memes'])
  const document = Object(await (await fetch(`${baseUrl}/openapi.json`)).json())
  const login = { username: 'user', password: 'password' }
  const { data } = await createClient({ baseUrl, document, login }).GET('/login')
  t.equal(data?.username, 'user')
  const token = data?.token ?? ''
  const { response } = await createClient({ baseUrl, document, token }).GET('/template')
  t.equal(response.status, 200)

  // Nothing is known of paths but what the document says.
  interface Paths {
    '/boats': { get: Boats; post: Boats }
    '/template': { get: Boats }
  }
  interface Boats {
    responses: { 200: { content: { 'application/json': { name: string } } } }
  }
  const carried: (string | null)[] = []
  const client = createClient<Paths>({
    baseUrl,
    token,
    document: {
      paths: {
        '/boats': { get: {}, post: { security: [{ other: [] }, { accessBearer: [] }] } },
        '/template': { get: { security: [{ accessHeader: [] }] } },
      },
      components: { securitySchemes: { accessHeader: { name: 'x-boat' }, accessBearer: {} } },
    },
    fetch: async ({ headers }) => {
      carried.push(headers.get('authorization') ?? headers.get('x-boat'))
      return Response.json({ name: 'Dinghy' })
    },
  })
  await client.GET('/boats')
  await client.GET('/template')
  const { data: boat } = await client.POST('/boats')
  t.equal(boat?.name, 'Dinghy')
  t.same(carried, [null, token, `Bearer ${token}`])
})

t.test('each operation gets its own credential, in the header that its API has', async (t) => {
  const sent: Record<string, string> = {}
  const client = createClient({
    baseUrl: 'http://localhost',
    token: 'the-access-token',
    refreshToken: 'the-refresh-token',
    login: { username: 'Zoë', password: 'secret' },
    fetch: async ({ method, url, headers }) => {
      const carried = ['authorization', 'x-access-token', 'token'].filter((name) =>
        headers.has(name),
      )
      const shown = carried.map((name) => `${name}: ${headers.get(name)}`)
      sent[`${method} ${new URL(url).pathname}`] = shown.join(', ')
      return Response.json({})
    },
  })
  await client.GET('/api/ships')
  await client.DELETE('/auth/logout')
  await client.DELETE('/auth/logout2')
  await client.GET('/template')
  await client.GET('/api/v1/packages')
  await client.GET('/login')
  await client.GET('/user', { headers: { 'x-access-token': 'another' } })
  await client.GET('/', { headers: { authorization: 'Bearer another' } })
  t.same(sent, {
    'GET /api/ships': '',
    'DELETE /auth/logout': 'authorization: Bearer the-access-token',
    'DELETE /auth/logout2': 'authorization: Bearer the-refresh-token',
    'GET /template': 'x-access-token: the-access-token',
    'GET /api/v1/packages': 'token: the-access-token',
    'GET /login': `authorization: Basic ${Buffer.from('Zoë:secret').toString('base64')}`,
    'GET /user': 'x-access-token: another',
    'GET /': 'authorization: Bearer another',
  })
})
