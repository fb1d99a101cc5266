import { once } from 'node:events'
import { createServer } from 'node:http'
import t, { type Test } from 'tap'
import { chromiumMissing, startChromium } from '../fixtures/chromium.js'
import { startProcess } from '../fixtures/process.js'

/** A front end's own server, on an origin of its own, with an empty page. */
async function startFrontEnd(t: Test): Promise<string> {
  const server = createServer((_request, response) => {
    response.setHeader('content-type', 'text/html').end('<!doctype html><title>Front end</title>')
  })
  t.teardown(() => server.close())
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  return `http://127.0.0.1:${typeof address === 'object' ? address?.port : ''}/`
}

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
