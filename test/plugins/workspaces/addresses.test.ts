import t, { type Test } from 'tap'
import type { Options } from '../../../config.js'
import { logIn, startApp } from '../../fixtures/app.js'

// Whatever address a workspace gives leads into it again.

/** Starts a server; `go` sends a request to it, and checks every address that its answer has. */
async function start(t: Test, options: Options) {
  const app = await startApp(t, options)
  const origin = await app.listen({ host: '127.0.0.1', port: 0 })
  const base = `${origin}/~one`
  const go = async (path: string, init: RequestInit = {}) => {
    const url = path.startsWith('http') ? path : base + path
    const response = await fetch(url, { redirect: 'manual', ...init })
    t.ok(response.status < 400, `${init.method ?? 'GET'} ${path}: ${response.status}`)
    const text = await response.text()
    const link = response.headers.get('link') ?? ''
    const location = response.headers.get('location')
    if (location !== null) {
      t.match(new URL(location, url).href, new RegExp(`^${base}/`), `${path} leads to ${location}`)
    }
    for (const [address] of `${link}${text}`.matchAll(/https?:\/\/127\.0\.0\.1:\d+[^\s">]*/g)) {
      t.ok(`${address}/`.startsWith(`${base}/`), `${path} has ${address}`)
    }
    return { status: response.status, text, link, location: location ?? '' }
  }
  return { app, origin, base, go }
}

function sent(body: unknown, token?: string, method = 'POST'): RequestInit {
  const authorization = token === undefined ? {} : { authorization: `Bearer ${token}` }
  return {
    method,
    headers: { 'content-type': 'application/json', ...authorization },
    body: JSON.stringify(body),
  }
}

const reading = (token: string) => ({ headers: { authorization: `Bearer ${token}` } })

t.test('of records that the APIs have made', async (t) => {
  const { app, base, go } = await start(t, {})
  const token = (await logIn(app)).access
  const { paths } = JSON.parse((await go('/openapi.json')).text)
  const create = async (path: string, body: object) => {
    const { example } = paths[path].post.requestBody.content['application/json']
    const { status, text, location } = await go(path, sent({ ...example, ...body }, token))
    t.equal(status, 201)
    t.match(location, `${base}${path}/`)
    const { id } = JSON.parse(text)
    await go(location, path === '/api/users' ? {} : reading(token))
    const outside = await fetch(location.replace('/~one', ''), reading(token))
    t.equal(outside.status, 404)
    return id
  }
  await create('/api/ships', {})
  await create('/api/users', { name: 'somebody' })
  const dmp = await create('/dmps', {})
  await create('/tasks', { dmp })
})

const DATA = {
  posts: Array.from({ length: 25 }, (_, index) => ({ id: index + 1, title: `${index}` })),
  comments: [{ id: 1, postId: 1, text: 'x' }],
  profile: { name: 'Ann' },
}

t.test('of one’s own records, their pages and their files', async (t) => {
  for (const options of [{}, { prefix: '/data' }]) {
    const { origin, base, go } = await start(t, { data: DATA, apis: 'none', ...options })
    const at = options.prefix ?? ''
    const post = await go(`${at}/posts`, sent({ title: 'new' }))
    t.equal(post.location, `${base}${at}/posts/26`)
    t.equal(JSON.parse((await go(post.location)).text).title, 'new')
    t.equal((await fetch(post.location.replace('/~one', ''))).status, 404)
    const comment = await go(`${at}/posts/1/comments`, sent({ text: 'y' }))
    t.equal(comment.location, `${base}${at}/comments/2`)
    t.equal((await go(`${at}/profile`, sent({ name: 'Bob' }))).location, `${base}${at}/profile`)

    const { link } = await go(`${at}/posts?_page=2&_limit=5`)
    for (const [, address = ''] of link.matchAll(/<([^>]*)>/g)) {
      t.equal(JSON.parse((await go(address)).text).length, address.includes('=6') ? 1 : 5)
    }
    const form = new FormData()
    form.set('title', 'with a file')
    form.set('file', new Blob(['content']), 'a.txt')
    const upload = await go(`${at}/posts`, { method: 'POST', body: form })
    const { url } = JSON.parse(upload.text).file
    t.equal((await go(url)).text, 'content')
    t.equal((await fetch(url.replace('/~one', ''))).status, 404)
    await go(`${at}/posts`)
    await go(`${at}/db`)

    const inHeader = { 'x-slipway-workspace': 'one' }
    const page = await fetch(`${origin}${at}/posts?_page=2`, { headers: inHeader })
    t.match(page.headers.get('x-total-count'), '27')
    t.notMatch(page.headers.get('link'), '~one', 'who has named it beside the path goes on so')
    const again = await fetch(post.location.replace('/~one', ''), { headers: inHeader })
    t.equal(again.status, 200)
  }
})

t.test('of the document, the pages and the reference', async (t) => {
  const folder = t.testdir({ 'index.html': 'home', sub: { 'index.html': 'sub' } })
  const { base, go } = await start(t, { data: DATA, apis: 'none', static: folder })
  const { servers, components } = JSON.parse((await go('/openapi.json')).text)
  t.match(servers, [{ url: base }])
  t.same(components.securitySchemes.oauth2.flows.password, {
    tokenUrl: '/~one/auth/token',
    refreshUrl: '/~one/auth/token',
    scopes: {},
  })
  t.match((await go('/openapi.yaml')).text, `url: ${base}\n`)
  t.match((await go('/openapi.yaml')).text, 'tokenUrl: /~one/auth/token\n')
  t.equal((await go('/sub')).location, '/~one/sub/')
  t.equal((await go('/sub/')).text, 'sub')
  t.equal((await go('')).text, 'home')

  for (const path of ['/docs', '/docs/']) {
    const { text } = await go(path)
    const assets = [...text.matchAll(/(?:src|href)="([^"]*)"/g)].map(([, address = '']) => address)
    t.ok(assets.length > 5)
    for (const asset of assets) {
      const { href } = new URL(asset, base + path)
      t.ok(href.startsWith(`${base}/docs/static/`), href)
      await go(href)
    }
  }
  t.equal((await go('/docs/static/index.html')).location, '/~one/docs/')
  t.match(JSON.parse((await go('/docs/json')).text).servers, [{ url: '/~one' }])
  t.match((await go('/docs/yaml')).text, 'url: /~one\n')
})

t.test('a workspace alone leads to its reference', async (t) => {
  const html = { headers: { accept: 'text/html' } }
  for (const options of [{ data: DATA, apis: 'none' }, { apis: 'fleet' }, { apis: 'memes' }]) {
    const { go } = await start(t, options)
    for (const path of ['', '/']) t.equal((await go(path, html)).location, '/~one/docs')
  }
})
