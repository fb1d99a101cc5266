import type { FastifyInstance } from 'fastify'
import t from 'tap'
import { call, isError, logIn, startApp } from '../../fixtures/app.js'

const FORM = { 'content-type': 'application/x-www-form-urlencoded' }
const template = { title: 'some title', url: 'http:/test.com', description: 'some desc' }
const form = new URLSearchParams(template).toString()

const asAdmin = async (app: FastifyInstance) => (await logIn(app, 'admin', 'admin')).access
const asGuest = async (app: FastifyInstance) => (await logIn(app, 'guest', 'guest')).access

async function idsAt(app: FastifyInstance, url: string, token: string): Promise<number[]> {
  const { templates } = (await call(app, 'GET', url, { token })).json()
  return templates.map(({ id }: { id: number }) => id)
}

t.test('listTemplates', async (t) => {
  const app = await startApp(t)
  const { access } = await logIn(app)
  const response = await call(app, 'GET', '/template', { headers: { 'x-access-token': access } })
  t.equal(response.statusCode, 200)
  const { templates } = response.json()
  t.equal(templates.length, 5)
  t.same(templates[3], {
    id: 4,
    title: 'One does not simply',
    url: 'https://i.imgflip.com/1bij.jpg',
    description: null,
    posted: 'Mon, 04 May 2026 20:04:58 GMT',
    username: null,
    user_id: null,
    approved: true,
  })
  t.same(templates[4], {
    id: 5,
    title: 'Test thing',
    url: 'https://i.imgur.com/yYGxFJX.jpeg',
    description: "Waits for an admin's approval.",
    posted: 'Mon, 12 Oct 2026 04:51:27 GMT',
    username: 'user',
    user_id: 'user',
    approved: false,
  })
})

t.test('listVisibleTemplates gives what is approved, and your own', async (t) => {
  const app = await startApp(t)
  const { access } = await logIn(app)
  t.same(await idsAt(app, '/', access), [1, 2, 3, 4, 5])
  t.same(await idsAt(app, '/', await asGuest(app)), [1, 2, 3, 4])
  t.same(await idsAt(app, '/', await asAdmin(app)), [1, 2, 3, 4])
  t.same(await idsAt(app, '/template', await asGuest(app)), [1, 2, 3, 4, 5])
})

t.test('a browser that brings no token is sent to the reference', async (t) => {
  const app = await startApp(t)
  const { access } = await logIn(app)
  const chromium =
    'text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8'
  for (const accept of [chromium, 'text/html', ' Text/HTML ; q=1']) {
    const response = await call(app, 'GET', '/', { headers: { accept } })
    t.equal(response.statusCode, 302, accept)
    t.equal(response.headers.location, '/docs')
    t.equal((await call(app, 'GET', '/', { token: access, headers: { accept } })).statusCode, 200)
    const headers = { accept, 'x-access-token': 'abc' }
    isError(t, await call(app, 'GET', '/', { headers }), 401)
    isError(t, await call(app, 'GET', '/template', { headers: { accept } }), 401)
  }
  for (const accept of ['*/*', 'application/json', 'application/json, text/html', 'text/html2']) {
    isError(t, await call(app, 'GET', '/', { headers: { accept } }), 401)
  }
  isError(t, await call(app, 'GET', '/'), 401)
})

t.test('getTemplate', async (t) => {
  const app = await startApp(t)
  const { access: token } = await logIn(app)
  const response = await call(app, 'GET', '/template/1', { token })
  t.equal(response.statusCode, 200)
  t.match(response.json(), { template: { id: 1, username: 'admin', user_id: 'admin' } })
  const headers = { 'if-none-match': `${response.headers.etag}` }
  t.equal((await call(app, 'GET', '/template/1', { token, headers })).statusCode, 304)
  isError(t, await call(app, 'GET', '/template/99', { token }), 404, 'no template found')
  isError(t, await call(app, 'GET', '/template/abc', { token }), 400)
})

t.test('createTemplate takes a form and JSON', async (t) => {
  const app = await startApp(t)
  const { access: token } = await logIn(app)
  const before = Math.floor(Date.now() / 1000) * 1000
  const created = await call(app, 'POST', '/template', { token, headers: FORM, payload: form })
  t.equal(created.statusCode, 200)
  t.same(created.json(), { message: 'Post created' })
  const { title, url } = template
  t.equal(
    (await call(app, 'POST', '/template', { token, payload: { title, url } })).statusCode,
    200,
  )

  const [first, second] = (await call(app, 'GET', '/template', { token })).json().templates.slice(5)
  const { posted, ...rest } = first
  t.same(rest, { id: 6, ...template, username: 'user', user_id: 'user', approved: false })
  t.match(posted, /^\w{3}, \d\d \w{3} \d{4} \d\d:\d\d:\d\d GMT$/)
  t.ok(Date.parse(posted) >= before && Date.parse(posted) <= Date.now())
  t.match(second, { id: 7, description: null })
})

t.test("an admin's template is approved at once", async (t) => {
  const app = await startApp(t)
  const token = await asAdmin(app)
  await call(app, 'POST', '/template', { token, payload: template })
  t.match((await call(app, 'GET', '/template/6', { token })).json(), {
    template: { approved: true },
  })
  t.ok((await idsAt(app, '/', await asGuest(app))).includes(6))
})

t.test('createTemplate and replaceTemplate refuse what is no template', async (t) => {
  const app = await startApp(t)
  const token = await asAdmin(app)
  const refused: [string | object | undefined, string][] = [
    [undefined, '/title'],
    ['', '/title'],
    ['title=x', '/url'],
    ['url=http://a', '/title'],
    ['title=&url=http://a', '/title'],
    ['title=a&title=b&url=http://a', '/title'],
    [`title=${'x'.repeat(201)}&url=http://a`, '/title'],
    ['title=a&url=javascript:alert(1)', '/url'],
    ['title=a&url=file:///etc/passwd', '/url'],
    ['title=a&url=http://a b', '/url'],
    ['title=a&url=http://a%00', '/url'],
    ['title=a&url=', '/url'],
    [`title=a&url=http://${'x'.repeat(2000)}`, '/url'],
    [`title=a&url=http://a&description=${'x'.repeat(2001)}`, '/description'],
    ['title=a&url=http://a&approved=true', '/approved'],
    ['title=a&url=http://a&username=guest', '/username'],
    ['title=a&url=http://a&id=1', '/id'],
    ['title=a&url=http://a&__proto__=x', '/__proto__'],
    [{ ...template, approved: true }, '/approved'],
    [{ ...template, title: 5 }, '/title'],
    [[template], ''],
  ]
  for (const [payload, path] of refused) {
    for (const [method, url] of [
      ['POST', '/template'],
      ['PUT', '/template/1'],
    ] as const) {
      const response = await call(app, method, url, {
        token,
        ...(payload === undefined ? {} : { payload }),
        ...(typeof payload === 'string' ? { headers: FORM } : {}),
      })
      isError(t, response, 400)
      t.match(response.json().details, [{ in: 'body', path }])
    }
  }
  t.equal((await app.store.templates.find({ limit: 1000 })).total, 5)
})

t.test('replaceTemplate replaces the whole, and an admin approves by it', async (t) => {
  const app = await startApp(t)
  const { access: token } = await logIn(app)
  const get = async () => (await call(app, 'GET', '/template/5', { token })).json().template
  const old = await get()

  const own = await call(app, 'PUT', '/template/5', { token, headers: FORM, payload: form })
  t.equal(own.statusCode, 200)
  t.same(own.json(), { message: 'Post Updated' })
  t.same(await get(), { ...old, ...template })
  const { etag } = (await call(app, 'GET', '/template/5', { token })).headers
  t.equal(own.headers.etag, etag)

  const { title, url } = template
  const byAdmin = { token: await asAdmin(app), payload: { title, url } }
  t.equal((await call(app, 'PUT', '/template/5', byAdmin)).statusCode, 200)
  t.same(await get(), { ...old, title, url, description: null, approved: true })
})

t.test('deleteTemplate', async (t) => {
  const app = await startApp(t)
  const { access: token } = await logIn(app)
  const own = await call(app, 'DELETE', '/template/5', { token })
  t.equal(own.statusCode, 200)
  t.same(own.json(), { message: 'The post has been deleted' })
  isError(t, await call(app, 'GET', '/template/5', { token }), 404, 'no template found')
  isError(t, await call(app, 'DELETE', '/template/5', { token }), 404)
  const admin = await asAdmin(app)
  for (const id of [2, 4]) {
    t.equal((await call(app, 'DELETE', `/template/${id}`, { token: admin })).statusCode, 200)
  }
})

t.test("another's template, or one's own that is approved, is refused", async (t) => {
  const app = await startApp(t)
  const { access } = await logIn(app)
  const guest = await asGuest(app)
  const refused: [string, number][] = [
    [access, 1],
    [access, 2],
    [access, 4],
    [guest, 3],
    [guest, 5],
  ]
  for (const [token, id] of refused) {
    const put = await call(app, 'PUT', `/template/${id}`, { token, payload: template })
    isError(t, put, 403, 'You can change only a template of your own, until it is approved.')
    const deletion = await call(app, 'DELETE', `/template/${id}`, { token })
    isError(t, deletion, 403, 'You can delete only a template of your own, until it is approved.')
  }
  t.equal((await app.store.templates.find({ limit: 1000 })).total, 5)
})

t.test('templates need a token', async (t) => {
  const app = await startApp(t)
  const { refresh } = await logIn(app)
  const requests = [
    ['GET', '/'],
    ['GET', '/template'],
    ['POST', '/template'],
    ['GET', '/template/1'],
    ['PUT', '/template/5'],
    ['DELETE', '/template/5'],
  ] as const
  for (const [method, url] of requests) {
    isError(t, await call(app, method, url), 401, 'A token is needed.')
    isError(t, await call(app, method, url, { token: refresh }), 401, 'The token is not valid.')
    isError(t, await call(app, method, url, { headers: { 'x-access-token': 'abc' } }), 401)
  }
})

t.test('If-Match', async (t) => {
  const app = await startApp(t)
  const { access: token } = await logIn(app)
  const { etag } = (await call(app, 'GET', '/template/5', { token })).headers
  const headers = { 'if-match': `${etag}` }
  const put = () => call(app, 'PUT', '/template/5', { token, headers, payload: template })
  t.equal((await put()).statusCode, 200)
  isError(t, await put(), 412)
  isError(t, await call(app, 'DELETE', '/template/5', { token, headers }), 412)
})

t.test('templates of a deleted user stay, without an author', async (t) => {
  const app = await startApp(t)
  const { access } = await logIn(app)
  await call(app, 'DELETE', '/api/users/1', { token: access })
  const token = await asAdmin(app)
  t.match((await call(app, 'GET', '/template/5', { token })).json(), {
    template: { id: 5, username: null, user_id: null, approved: false },
  })
})

t.test("an owner's change against an approval ends as one of them came first", async (t) => {
  const app = await startApp(t)
  const { access: token } = await logIn(app)
  const admin = await asAdmin(app)
  const own = { ...template, title: 'by the owner' }
  const [change, approval] = await Promise.all([
    call(app, 'PUT', '/template/5', { token, payload: own }),
    call(app, 'PUT', '/template/5', { token: admin, payload: template }),
  ])
  t.equal(approval.statusCode, 200)
  t.ok([200, 403].includes(change.statusCode))
  t.match((await call(app, 'GET', '/template/5', { token })).json(), {
    template: { title: template.title, approved: true },
  })
})

t.test(
  'a promotion while its user posts leaves each template as one of the two had it',
  async (t) => {
    const app = await startApp(t)
    const { access: token } = await logIn(app)
    const admin = await asAdmin(app)
    const responses = await Promise.all([
      call(app, 'POST', '/template', { token, payload: template }),
      call(app, 'PUT', '/user/1f190b06-2635-42aa-86e9-460d0aff93d9', { token: admin }),
      call(app, 'POST', '/template', { token, payload: template }),
      call(app, 'PUT', '/template/2', { token, payload: template }),
    ])
    const [first, promotion, second, change] = responses.map(({ statusCode }) => statusCode)
    t.same([first, promotion, second], [200, 200, 200])
    t.ok([200, 403].includes(Number(change)))
    const { approved, title } = (await call(app, 'GET', '/template/2', { token })).json().template
    t.same([approved, title], [true, change === 200 ? template.title : 'Distracted boyfriend'])
    await call(app, 'POST', '/template', { token, payload: template })
    const { templates } = (await call(app, 'GET', '/template', { token })).json()
    t.equal(templates.length, 8)
    t.equal(templates.at(-1).approved, true, 'from now on by an admin')
  },
)
