import t from 'tap'
import { blog, writeDb } from '../fixtures/blog.js'
import { chromiumMissing, startChromium } from '../fixtures/chromium.js'
import { startFrontEnd } from '../fixtures/front-end.js'
import { startProcess } from '../fixtures/process.js'

/** What the page runs, with the server's address before it: text, since it runs in the browser. */
const CALLS = `
  const json = { 'Content-Type': 'application/json' }
  const login = await fetch(api + '/auth/login', {
    method: 'POST', headers: json, body: JSON.stringify({ username: 'user', password: 'password' }),
  })
  const { access_token } = await login.json()
  const bearer = { Authorization: 'Bearer ' + access_token }

  const ship = await (await fetch(api + '/api/ships/1')).json()
  delete ship.id
  const created = await fetch(api + '/api/ships', {
    method: 'POST', headers: { ...bearer, ...json }, body: JSON.stringify(ship),
  })
  const etag = created.headers.get('ETag')
  const location = created.headers.get('Location')
  const change = (crew) => fetch(location, {
    method: 'PATCH', headers: { ...bearer, ...json, 'If-Match': etag }, body: JSON.stringify({ crew }),
  })
  const changed = await change(2)
  const stale = await change(3)

  const form = new FormData()
  form.append('package_name', 'from a page')
  form.append('tag', '1.0')
  form.append('file', new Blob(['content'], { type: 'text/plain' }), 'note.txt')
  const uploaded = await fetch(api + '/api/v1/packages', {
    method: 'POST', headers: { token: access_token }, body: form,
  })
  const downloaded = await fetch(api + '/api/v1/from%20a%20page/1.0', {
    headers: { token: access_token, Range: 'bytes=0-3' },
  })

  const gone = await fetch(location, { method: 'DELETE', headers: bearer })
  const loggedOut = await fetch(api + '/auth/logout', { method: 'DELETE', headers: bearer })
  const refused = await fetch(api + '/api/v1/packages', { headers: { token: access_token } })
  const statuses = [login, created, changed, stale, uploaded, downloaded, gone, loggedOut, refused]
  return {
    statuses: statuses.map(({ status }) => status),
    location,
    etag,
    conflict: (await stale.json()).statusCode,
    ids: await uploaded.json(),
    text: await downloaded.text(),
    disposition: downloaded.headers.get('Content-Disposition'),
    challenge: refused.headers.get('WWW-Authenticate'),
  }
`

t.test(
  'a page on another origin calls, uploads and downloads',
  { skip: chromiumMissing },
  async (t) => {
    const { url } = await startProcess(t)
    const browser = await startChromium(t)
    const page = await browser.newPage()
    await page.goto(await startFrontEnd(t))
    const result = await page.evaluate(`(async (api) => {${CALLS}})(${JSON.stringify(url)})`)
    t.same(result, {
      statuses: [200, 201, 200, 412, 200, 206, 204, 200, 401],
      location: `${url}/api/ships/16`,
      etag: Object(result).etag,
      conflict: 412,
      ids: { package_id: 1, tag_id: 1 },
      text: 'cont',
      disposition: 'attachment; filename="note.txt"',
      challenge: 'Bearer realm="slipway", error="invalid_token"',
    })
    t.match(Object(result).etag, /^".+-1"$/)
  },
)

/** The same, on collections of the user's own. */
const OWN_CALLS = `
  const json = { 'Content-Type': 'application/json' }
  const page = await fetch(api + '/posts?_page=2&_limit=10')
  const posts = await page.json()
  const created = await fetch(api + '/posts', {
    method: 'POST', headers: json, body: JSON.stringify({ title: 'From a page' }),
  })
  const etag = created.headers.get('ETag')
  const location = created.headers.get('Location')
  const change = (title) => fetch(location, {
    method: 'PATCH', headers: { ...json, 'If-Match': etag }, body: JSON.stringify({ title }),
  })
  const changed = await change('Changed')
  const stale = await change('Again')
  const replaced = await fetch(location, {
    method: 'PUT', headers: json, body: JSON.stringify({ title: 'Replaced' }),
  })
  const form = await fetch(api + '/authors', { method: 'POST', body: new URLSearchParams({ name: 'Cid' }) })
  const gone = await fetch(location, { method: 'DELETE' })
  const absent = await fetch(location)
  return {
    statuses: [page, created, changed, stale, replaced, form, gone, absent].map(({ status }) => status),
    total: page.headers.get('X-Total-Count'),
    link: page.headers.get('Link'),
    location,
    first: posts[0].id,
    record: await gone.json(),
    author: await form.json(),
  }
`

t.test(
  "a page on another origin reads and changes one's own collections",
  { skip: chromiumMissing },
  async (t) => {
    const { url } = await startProcess(t, [writeDb(t, blog())])
    const browser = await startChromium(t)
    const page = await browser.newPage()
    await page.goto(await startFrontEnd(t))
    const result = await page.evaluate(`(async (api) => {${OWN_CALLS}})(${JSON.stringify(url)})`)
    const link = (number: number, name: string) =>
      `<${url}/posts?_page=${number}&_limit=10>; rel="${name}"`
    t.same(result, {
      statuses: [200, 201, 200, 412, 200, 201, 200, 404],
      total: '25',
      link: [link(1, 'first'), link(1, 'prev'), link(3, 'next'), link(3, 'last')].join(', '),
      location: `${url}/posts/26`,
      first: 11,
      record: { title: 'Replaced', id: 26 },
      author: { name: 'Cid', id: 3 },
    })
  },
)
