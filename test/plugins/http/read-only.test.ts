import { once } from 'node:events'
import { request } from 'node:http'
import t from 'tap'
import { call, isError, logIn, startApp } from '../../fixtures/app.js'
import { startProcess } from '../../fixtures/process.js'

const READ_ONLY = /^This server is read-only\. To change something, start it without --read-only/

/** What gives a token, or ends one, or tells of it. */
const SESSIONS = [
  ...['POST /auth/token', 'POST /auth/login', 'POST /auth/refresh', 'POST /login', 'POST /refresh'],
  ...['DELETE /auth/logout', 'DELETE /auth/logout2', 'DELETE /logout', 'POST /verify-token'],
  ...['POST /api/v1/user/get_token', 'POST /api/v1/user/invalidate_token'],
]

/** What steers the server, and changes no data. */
const STEERING = [
  ...['POST /faults', 'DELETE /faults', 'DELETE /faults/{id}', 'POST /tokens', 'PUT /clock'],
  ...['POST /snapshots', 'DELETE /snapshots/{name}', 'POST /workspaces'],
  ...['DELETE /workspaces/{name}', 'DELETE /requests', 'POST /requests/verify'],
].map((operation) => operation.replace(' ', ' /__slipway'))

t.test('a read-only server refuses every change, and its document says so', async (t) => {
  const app = await startApp(t, { readOnly: true })
  const { paths } = (await call(app, 'GET', '/openapi.json')).json()
  const allowed: string[] = []
  let refused = 0
  for (const [path, operations] of Object.entries<object>(paths)) {
    for (const [method, { responses }] of Object.entries(operations)) {
      if (method === 'get') continue
      const response = await call(app, method.toUpperCase(), path.replace(/\{.+?\}/g, '1'))
      if (response.statusCode !== 403) {
        allowed.push(`${method.toUpperCase()} ${path}`)
        continue
      }
      refused++
      t.match(response.json().message, READ_ONLY, path)
      t.equal(responses[403].description, 'The server is read-only', path)
    }
  }
  t.same(allowed.sort(), [...SESSIONS, ...STEERING].sort())
  t.ok(refused > 20)
})

t.test('it can be read, logged in to and out of', async (t) => {
  const app = await startApp(t, { readOnly: true })
  const { access } = await logIn(app)
  const ship = { payload: { crew: 2 }, token: access }
  isError(t, await call(app, 'PATCH', '/api/ships/1', ship), 403, READ_ONLY)
  t.equal((await call(app, 'GET', '/api/ships/1')).json().crew, 1)
  t.equal((await call(app, 'HEAD', '/api/ships/1')).statusCode, 200)
  t.equal((await call(app, 'OPTIONS', '/api/ships/1')).statusCode, 204)
  isError(t, await call(app, 'PATCH', '/nothing'), 404)
  isError(t, await call(app, 'PUT', '/api/ships'), 405)
  t.equal((await call(app, 'DELETE', '/auth/logout', { token: access })).statusCode, 200)
  isError(t, await call(app, 'DELETE', '/auth/logout', { token: access }), 401)
})

t.test('the words are those of each API, and a program’s own routes are refused too', async (t) => {
  const app = await startApp(t, { readOnly: true })
  app.post('/own', { schema: { hide: true } }, async () => 'done')
  isError(t, await call(app, 'POST', '/own'), 403, READ_ONLY)
  t.match((await call(app, 'POST', '/articles/new')).json().error, READ_ONLY)
})

t.test('a change is refused before its body is there', async (t) => {
  const { url } = await startProcess(t, ['--ro'])
  const upload = request(`${url}/api/v1/packages`, {
    method: 'POST',
    headers: { 'content-type': 'multipart/form-data; boundary=x', 'content-length': 1e6 },
  })
  upload.on('error', () => {})
  upload.flushHeaders()
  const [response] = await once(upload, 'response')
  t.equal(response.statusCode, 403)
  upload.destroy()
})
