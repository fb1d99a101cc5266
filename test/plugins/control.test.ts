import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { createServer, request } from 'node:http'
import type { AddressInfo } from 'node:net'
import { networkInterfaces, tmpdir } from 'node:os'
import { join } from 'node:path'
import type { FastifyInstance } from 'fastify'
import { test } from 'tap'
import { call, isError, logIn, startApp } from '../fixtures/app.js'

const TOKEN = 'a-control-token'

const ask = (app: FastifyInstance, headers: Record<string, string>, url = '/__slipway') =>
  call(app, 'GET', url, { headers })

test('this machine may steer the server, at any name that is its own', async (t) => {
  const app = await startApp(t)
  const names = ['localhost', 'localhost:3000', 'LOCALHOST', 'a.localhost', 'localhost.']
  for (const host of [...names, '127.0.0.1:3000', '127.1.2.3', '[::1]:3000']) {
    t.equal((await ask(app, { host })).statusCode, 200, host)
  }
})

test('names of other machines are refused, as a page has one that DNS rebinding leads here', async (t) => {
  const app = await startApp(t)
  const names = ['evil.example', 'localhost.evil.example', '127.0.0.1.evil.example', 'notlocalhost']
  for (const host of [...names, '10.0.0.1', '[::2]', '0.0.0.0']) {
    isError(t, await ask(app, { host }), 403, /ask at localhost\.$/)
  }
  for (const host of ['127.0.0.1@evil.example', 'a b']) {
    isError(t, await ask(app, { host }), 400, /is no host/)
  }
})

test('the name that HOST has is its own', async (t) => {
  const app = await startApp(t, { host: 'LocalHost' })
  t.equal((await ask(app, { host: 'localhost:3000' })).statusCode, 200)
})

test('pages of other origins are refused, and those of its own are not', async (t) => {
  const app = await startApp(t)
  const host = 'localhost:3000'
  const foreign = [
    { origin: 'http://localhost:5173' },
    { origin: 'https://localhost:3000' },
    { origin: 'http://127.0.0.1:3000' },
    { origin: 'null' },
    { origin: '' },
    { 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'no-cors' },
    { 'sec-fetch-site': 'same-site', 'sec-fetch-mode': 'no-cors' },
  ]
  for (const headers of foreign) {
    isError(t, await ask(app, { host, ...headers }), 403, /other origins/)
    const payload = { name: 'foreign' }
    const url = '/__slipway/workspaces'
    isError(t, await call(app, 'POST', url, { headers: { host, ...headers }, payload }), 403)
  }
  t.same((await ask(app, { host }, '/__slipway/workspaces')).json(), [], 'nothing was done')
  for (const headers of [
    { origin: 'http://localhost:3000' },
    { 'sec-fetch-site': 'same-origin', 'sec-fetch-mode': 'cors' },
    { 'sec-fetch-site': 'none', 'sec-fetch-mode': 'navigate' },
    { 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'navigate' },
  ]) {
    t.equal((await ask(app, { host, ...headers })).statusCode, 200, JSON.stringify(headers))
  }
})

for (const corsOrigin of ['*', 'http://localhost:5173']) {
  test(`no answer lets another page have it, with CORS_ORIGIN ${corsOrigin}`, async (t) => {
    const app = await startApp(t, { corsOrigin })
    const origin = 'http://localhost:5173'
    const paths = ['', '/workspaces', '/nothing', '/workspaces/%2f']
    const urls = paths.flatMap((path) => [`/__slipway${path}`, `/%5F_slipway${path}`])
    for (const url of [...urls, ...urls.map((each) => `/~w${each}`), '/~.no/__slipway']) {
      for (const method of ['GET', 'POST', 'OPTIONS']) {
        const preflight = { 'access-control-request-method': 'GET' }
        const headers = { origin, ...(method === 'OPTIONS' ? preflight : {}) }
        const response = await call(app, method, url, { headers })
        t.not(Math.floor(response.statusCode / 100), 2, `${method} ${url}`)
        const names = Object.keys(response.headers).filter((name) => name.startsWith('access-'))
        t.same(names, [], `${method} ${url}`)
        t.equal(response.headers['cross-origin-resource-policy'], 'same-origin')
      }
    }
    const { headers } = await ask(app, { origin }, '/api/ships')
    t.equal(headers['access-control-allow-origin'], corsOrigin, 'the APIs are open as ever')
  })
}

test('where other machines can reach it, and in production, there is nothing to steer by', async (t) => {
  for (const options of [
    { host: '0.0.0.0' },
    { host: '::' },
    { host: '192.0.2.1' },
    { host: 'no-such-machine.invalid' },
    { nodeEnv: 'production' },
  ]) {
    const app = await startApp(t, options)
    isError(t, await ask(app, {}), 404)
    t.notMatch(await app.openapi(), { paths: { '/__slipway': {} } })
  }
})

test('a token steers it from everywhere, and nothing else does', async (t) => {
  for (const options of [{}, { host: '0.0.0.0' }, { nodeEnv: 'production' }]) {
    const app = await startApp(t, { controlToken: TOKEN, ...options })
    const none = await ask(app, {})
    isError(t, none, 401, /CONTROL_TOKEN/)
    t.equal(none.headers['www-authenticate'], 'Bearer realm="slipway control"')
    for (const authorization of ['Bearer no', 'Bearer', `Bearer ${TOKEN}x`, `Basic ${TOKEN}`]) {
      isError(t, await ask(app, { authorization }), 401)
    }
    const user = await logIn(app)
    isError(t, await ask(app, { authorization: `Bearer ${user.access}` }), 401, /another/)
    const authorization = `Bearer ${TOKEN}`
    const anyName = { authorization, host: 'slipway.example' }
    t.equal((await ask(app, anyName)).statusCode, 200)
    isError(t, await ask(app, { ...anyName, origin: 'http://slipway.example:5173' }), 403)
    t.match(await app.openapi(), {
      components: { securitySchemes: { control: { type: 'http', scheme: 'bearer' } } },
      paths: { '/__slipway': { get: { security: [{ control: [] }] } } },
    })
  }
})

test('a server that listens elsewhere than its settings say is steered by nobody', async (t) => {
  const app = await startApp(t)
  await app.listen({ host: '0.0.0.0', port: 0 })
  isError(t, await ask(app, {}), 403, /CONTROL_TOKEN, or have it listen on 127\.0\.0\.1/)
})

test('nor by who comes from another machine to a server that is not the app’s own', async (t) => {
  const all = Object.values(networkInterfaces()).flatMap((each) => each ?? [])
  const other = all.find(({ internal, family }) => !internal && family === 'IPv4')
  if (!other) return t.pass('this machine has no other address')
  const app = await startApp(t)
  await app.ready()
  const server = createServer((incoming, response) => app.routing(incoming, response))
  server.listen(0, '0.0.0.0')
  t.teardown(() => server.close())
  await once(server, 'listening')
  const address: string | AddressInfo | null = server.address()
  const port = typeof address === 'object' ? address?.port : undefined
  const options = { port, host: other.address, headers: { host: 'localhost' }, path: '/__slipway' }
  const sent = request(options).end()
  const [response] = await once(sent, 'response')
  t.equal(response.statusCode, 403)
  response.resume()
})

test('a socket in the file system is this machine’s alone', async (t) => {
  const app = await startApp(t)
  const folder = await mkdtemp(join(tmpdir(), 'slipway-control-'))
  t.teardown(() => rm(folder, { recursive: true }))
  const path = join(folder, 'socket')
  await app.listen({ path })
  const sent = request({ socketPath: path, path: '/__slipway', headers: { host: 'localhost' } })
  const [response] = await once(sent.end(), 'response')
  t.equal(response.statusCode, 200)
  response.resume()
})

test('whether a request to an API may ask for something follows the same switch', async (t) => {
  const may = async (options: object, headers: Record<string, string>) => {
    const app = await startApp(t, { strict: false, ...options })
    let answer: boolean | undefined
    app.addHook('onRequest', async (request) => {
      answer = app.controls.isOn(request)
    })
    await call(app, 'GET', '/api/ships', { headers })
    return answer
  }
  t.equal(await may({}, { origin: 'http://localhost:5173' }), true, 'a page asks for itself')
  t.equal(await may({}, { host: 'evil.example' }), false)
  t.equal(await may({ nodeEnv: 'production' }, {}), false)
  const token = { controlToken: TOKEN }
  t.equal(await may(token, {}), false)
  t.equal(await may(token, { 'x-slipway-control-token': 'no' }), false)
  t.equal(await may(token, { 'x-slipway-control-token': TOKEN, host: 'slipway.example' }), true)
})
