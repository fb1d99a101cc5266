import { symlink } from 'node:fs/promises'
import t, { type Test } from 'tap'
import { call, isError, startApp } from '../../fixtures/app.js'
import { chromiumMissing, startChromium } from '../../fixtures/chromium.js'
import { finish, startProcess } from '../../fixtures/process.js'

const PAGE = `<!doctype html><link rel="stylesheet" href="page.css"><p id="crew"></p>
<script src="page.js"></script><script>document.title = 'inline'</script>`
const SCRIPT = `fetch('/api/ships/1').then((answer) => answer.json())
  .then(({ crew }) => { document.getElementById('crew').textContent = crew })`

async function folderOf(t: Test): Promise<string> {
  const folder = t.testdir({
    'secret.txt': 'secret',
    'site-2': { 'other.txt': 'secret' },
    site: {
      'index.html': PAGE,
      'page.js': SCRIPT,
      'page.css': 'p { color: rgb(1, 2, 3) }',
      'tides é.txt': 'tides',
      '.env': 'secret',
      '.git': { config: 'secret' },
      articles: { 'page.txt': 'page', '1': 'shadowed' },
      sub: { 'index.html': 'sub' },
      bare: {},
    },
  })
  await symlink('../secret.txt', `${folder}/site/out.txt`)
  await symlink('../site-2', `${folder}/site/out`)
  await symlink('page.js', `${folder}/site/in.js`)
  await symlink('site', `${folder}/link`)
  return folder
}

t.test('files are served where no route is', async (t) => {
  const app = await startApp(t, { static: `${await folderOf(t)}/site`, apis: 'fleet,forum' })
  const cases: [string, string, string][] = [
    ['/', PAGE, 'text/html; charset=utf-8'],
    ['/?a=1', PAGE, 'text/html; charset=utf-8'],
    ['/index.html', PAGE, 'text/html; charset=utf-8'],
    ['/page.js', SCRIPT, 'application/javascript; charset=utf-8'],
    ['/in.js', SCRIPT, 'application/javascript; charset=utf-8'],
    ['/tides%20%C3%A9.txt', 'tides', 'text/plain; charset=utf-8'],
    ['/sub/', 'sub', 'text/html; charset=utf-8'],
  ]
  for (const [url, body, type] of cases) {
    const response = await call(app, 'GET', url)
    t.equal(response.statusCode, 200, url)
    t.equal(response.body, body)
    t.match(response.headers, {
      'content-type': type,
      'x-content-type-options': 'nosniff',
      'content-security-policy': /^default-src \*/,
    })
    const head = await call(app, 'HEAD', url)
    t.match(head, { statusCode: 200, body: '' })
    t.equal(head.headers['content-length'], response.headers['content-length'])
  }
  const { headers } = await call(app, 'GET', '/page.js')
  t.match(await call(app, 'GET', '/sub'), { statusCode: 302, headers: { location: '/sub/' } })
  t.match(await call(app, 'GET', '//sub'), { statusCode: 302, headers: { location: '/sub/' } })
  const known = { headers: { 'if-none-match': String(headers.etag) } }
  t.equal((await call(app, 'GET', '/page.js', known)).statusCode, 304)
  const part = { headers: { range: 'bytes=0-4' } }
  t.match(await call(app, 'GET', '/page.js', part), { statusCode: 206, body: 'fetch' })
  const beyond = { headers: { range: 'bytes=9999-' } }
  isError(t, await call(app, 'GET', '/page.js', beyond), 416)
  isError(t, await call(app, 'GET', '/page.js', { headers: { 'if-match': '"1"' } }), 412)
})

t.test('the routes come first, and what is not there is told as ever', async (t) => {
  const app = await startApp(t, { static: `${await folderOf(t)}/link`, apis: 'fleet,forum' })
  t.match((await call(app, 'GET', '/articles/1')).json(), { id: 1 })
  t.equal((await call(app, 'GET', '/healthz')).statusCode, 200)
  t.match((await call(app, 'GET', '/openapi.json')).json().paths['/index.html'], undefined)
  isError(t, await call(app, 'POST', '/index.html'), 404)
  isError(t, await call(app, 'PUT', '/articles'), 405)
  isError(t, await call(app, 'GET', '/register'), 405)
  const none = ['/nowhere', '/nowhere.html', '/bare/', '/page.js/', '/sub/nowhere', '/%00', '/%zz']
  for (const url of none) {
    const response = await call(app, 'GET', url)
    t.ok([400, 404].includes(response.statusCode), url)
    t.match(response.headers['content-security-policy'], "default-src 'none'")
  }
})

t.test('nothing outside the folder is shown, nor what is hidden', async (t) => {
  const app = await startApp(t, { static: `${await folderOf(t)}/site` })
  const hidden = [
    ...['/.env', '/.git/config', '/%2eenv', '/sub/../.env', '/..%2fsecret.txt', '/../secret.txt'],
    ...['/sub/../../secret.txt', '/%2e%2e/secret.txt', '/..%5csecret.txt', '//secret.txt'],
    ...['/out.txt', '/out/other.txt', '/../site-2/other.txt', '/./.env', '/index.html%00.txt'],
  ]
  for (const url of hidden) {
    const response = await call(app, 'GET', url)
    t.ok([400, 404].includes(response.statusCode), url)
    t.notMatch(response.body, 'secret', url)
  }
})

t.test('/ is a home of an API’s own, or the reference, where there is no page', async (t) => {
  const folder = await folderOf(t)
  const memes = await startApp(t, { static: `${folder}/site`, apis: 'memes' })
  isError(t, await call(memes, 'GET', '/'), 401)
  const bare = await startApp(t, { static: `${folder}/site/bare`, apis: 'fleet' })
  t.equal((await call(bare, 'GET', '/')).headers.location, '/docs')
})

t.test('the command line takes public', async (t) => {
  const cwd = t.testdir({ public: { 'a.txt': 'a' }, other: { 'b.txt': 'b' }, 'data.json': '{}' })
  const status = async (args: string[], path: string) => {
    const { url, output } = await startProcess(t, args, { cwd })
    return [(await fetch(url + path)).status, /The files of (\w+) are/.exec(output.stdout)?.[1]]
  }
  t.same(await status([], '/a.txt'), [200, 'public'])
  t.same(await status(['-s', 'other'], '/b.txt'), [200, 'other'])
  t.same(await status(['--static', 'none'], '/a.txt'), [404, undefined])
  const { code, stderr } = await finish(t, ['-s', 'nowhere', '-p', '0'], { cwd })
  t.equal(code, 1)
  t.equal(stderr, 'slipway: there is no folder nowhere to serve files from (--static, STATIC)\n')
})

t.test('a page works in a browser', { skip: chromiumMissing }, async (t) => {
  const app = await startApp(t, { static: `${await folderOf(t)}/site`, apis: 'fleet' })
  const url = await app.listen({ port: 0 })
  const page = await (await startChromium(t)).newPage()
  await page.goto(url)
  const crew = page.locator('#crew', { hasText: '1' })
  await crew.waitFor()
  t.equal(await page.title(), 'inline')
  t.equal(
    await page.evaluate("getComputedStyle(document.getElementById('crew')).color"),
    'rgb(1, 2, 3)',
  )
})
