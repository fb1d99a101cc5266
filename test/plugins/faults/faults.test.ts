import t from 'tap'
import type { Consequence } from '../../../plugins/faults/rule.js'
import { MAX_VALUES } from '../../../store/free-form.js'
import { call, isError, logIn, startApp } from '../../fixtures/app.js'
import { addFault } from '../../fixtures/faults.js'
import { idsIn, senderTo, startOwn } from '../../fixtures/own.js'
import { SHIP } from '../../fixtures/ships.js'

type App = Awaited<ReturnType<typeof startApp>>

/** The status of an answer, or that there is none. */
async function outcome(app: App, method: string, url: string): Promise<number | 'ended'> {
  const answer = await call(app, method, url).catch(() => undefined)
  return answer?.statusCode ?? 'ended'
}

async function outcomes(app: App, method: string, url: string, count: number) {
  const all: (number | 'ended')[] = []
  for (let at = 0; at < count; at++) all.push(await outcome(app, method, url))
  return all
}

t.test('a request that a fault ends has changed nothing', async (t) => {
  const app = await startApp(t)
  const token = (await logIn(app)).access
  const before = (await call(app, 'GET', '/api/ships')).body
  const ends: Consequence[] = [
    { status: 503 },
    { status: 200 },
    { status: 201, body: { id: 9 } },
    { body: 'done' },
    { abort: 'before' },
    { abort: 'in the body' },
    { abort: 'in the body', status: 500 },
  ]
  for (const then of ends) {
    const id = await addFault(app, { match: { path: '/api/ships/**' } }, then)
    for (const [method, url, payload] of [
      ['POST', '/api/ships', SHIP],
      ['PUT', '/api/ships/1', SHIP],
      ['PATCH', '/api/ships/1', { crew: 99 }],
      ['DELETE', '/api/ships/1', undefined],
    ] as const) {
      await call(app, method, url, { token, ...(payload ? { payload } : {}) }).catch(() => {})
    }
    t.equal((await call(app, 'GET', `/__slipway/faults/${id}`)).json().fired, 4)
    await call(app, 'DELETE', `/__slipway/faults/${id}`)
    t.equal((await call(app, 'GET', '/api/ships')).body, before, JSON.stringify(then))
  }
  const { statusCode } = await call(app, 'POST', '/api/ships', { token, payload: SHIP })
  t.equal(statusCode, 201, 'and without a fault it is done')
})

t.test('a status that the operation has is answered as the document shows it', async (t) => {
  const app = await startApp(t)
  const document = (await call(app, 'GET', '/openapi.json')).json()
  let count = 0
  for (const [path, operations] of Object.entries<Record<string, unknown>>(document.paths)) {
    if (path.startsWith('/__slipway')) continue
    for (const [method, operation] of Object.entries(operations)) {
      const url = path.replace(/\{[^}]+\}/g, '1')
      for (const [status, shown] of Object.entries<object>(Object(operation).responses)) {
        const headers = { prefer: `code=${status}` }
        const answer = await call(app, method.toUpperCase(), url, { headers })
        const about = `${method} ${path} ${status}`
        t.equal(answer.statusCode, Number(status), about)
        const { content = {}, headers: declared = {} } = Object(shown)
        const [type] = Object.keys(content)
        t.equal(answer.headers['content-type']?.toString().replace(/;.*/, ''), type, about)
        if (content[type ?? '']?.example) t.same(answer.json(), content[type ?? ''].example, about)
        for (const [name, header] of Object.entries<object>(declared)) {
          const isThere = answer.headers[name.toLowerCase()] !== undefined
          t.equal(isThere, Object(header).required, `${about} ${name}`)
        }
        count++
      }
    }
  }
  t.ok(count > 300)
})

t.test('what the document does not have is an error in the one shape, or nothing', async (t) => {
  const app = await startApp(t)
  const get = async (url: string, status: number, method = 'GET') =>
    call(app, method, url, { headers: { prefer: `code=${status}` } })
  isError(t, await get('/api/ships/1', 503), 503, /asked for/)
  isError(t, await get('/api/ships/1', 599), 599)
  isError(t, await get('/nowhere', 500), 500)
  isError(t, await get('/healthz', 500), 500)
  isError(t, await get('/api/ships', 405, 'DELETE'), 405)
  const unknown = await get('/api/ships/1', 401)
  isError(t, unknown, 401)
  t.match(unknown.headers['www-authenticate'], /^Bearer/)
  t.ok((await get('/api/ships/1', 405)).headers.allow)
  const forum = (await get('/articles', 503)).json()
  t.equal(forum.error, forum.message, "in an API's own way")
  for (const status of [204, 202, 299, 301]) {
    const answer = await get('/api/ships/1', status)
    t.equal(answer.statusCode, status)
    t.equal(answer.body, '')
  }
  const head = await get('/api/ships/1', 503, 'HEAD')
  t.equal(head.statusCode, 503)
  t.equal(head.body, '')
  t.equal((await get('/api/ships/1', 503, 'OPTIONS')).statusCode, 503)
})

t.test('addresses lead to the server and the workspace that was asked', async (t) => {
  const app = await startApp(t)
  const headers = { prefer: 'code=201', host: 'localhost:4000' }
  const made = await call(app, 'POST', '/~one/api/ships', { headers })
  t.equal(made.headers.location, 'http://localhost:4000/~one/api/ships/1')
  const seen = { prefer: 'code=302', host: 'localhost:4000' }
  const { location } = (await call(app, 'GET', '/~one/', { headers: seen })).headers
  t.match(location, /^http:\/\/localhost:4000\/~one\/./)
})

t.test('a body takes the place of the example', async (t) => {
  const app = await startApp(t)
  const answerTo = async (then: object, url = '/api/ships/1') => {
    const id = await addFault(app, { match: {} }, then)
    const answer = await call(app, 'GET', url)
    await call(app, 'DELETE', `/__slipway/faults/${id}`)
    return answer
  }
  for (const body of [{ odd: [1] }, [], 'text', 0, false, null]) {
    const answer = await answerTo({ status: 200, body })
    t.same(answer.json(), body)
    t.match(answer.headers['content-type'], /^application\/json/)
    t.ok(answer.headers.etag, 'the headers stay')
  }
  const html = { 'Content-Type': 'text/html', 'X-Odd': 'yes' }
  const text = await answerTo({ status: 502, headers: html, body: '<h1>Bad Gateway</h1>' })
  t.equal(text.statusCode, 502)
  t.equal(text.body, '<h1>Bad Gateway</h1>')
  t.match(text.headers, { 'content-type': 'text/html', 'x-odd': 'yes' })
  const problem = { 'content-type': 'application/problem+json' }
  t.equal((await answerTo({ headers: problem, body: 'text' })).body, '"text"')
  t.equal((await answerTo({ body: {} })).statusCode, 200)
  t.equal((await answerTo({ body: {} }, '/nowhere')).statusCode, 200)
  t.equal(
    (await answerTo({ body: { x: 'é' }, headers: { 'Content-Type': 'nonsense' } })).body,
    '{"x":"é"}',
  )
})

t.test('with headers and a delay alone a request goes on', async (t) => {
  const app = await startApp(t)
  const token = (await logIn(app)).access
  const headers = { ETag: 'W/"odd"', 'Content-Type': 'text/plain', 'X-Odd': 'yes' }
  await addFault(app, { match: {} }, { headers, delay: [1, 2] })
  const { id } = (await call(app, 'POST', '/api/ships', { token, payload: SHIP })).json()
  const answer = await call(app, 'GET', `/api/ships/${id}`)
  t.equal(answer.statusCode, 200)
  t.equal(answer.json().id, id)
  t.match(answer.headers, { etag: 'W/"odd"', 'content-type': 'text/plain', 'x-odd': 'yes' })
  t.equal((await call(app, 'GET', '/nowhere')).headers['x-odd'], 'yes', 'an error too')
})

t.test('a stop ends a delay, and the request goes on', async (t) => {
  const app = await startApp(t)
  await addFault(app, { match: {} }, { delay: '60s' })
  await addFault(app, { match: {} }, { delay: 1, status: 500 })
  const answers = [call(app, 'GET', '/api/ships/1'), call(app, 'GET', '/nowhere')]
  while (app.delays.size < 2) await new Promise(setImmediate)
  await app.close()
  t.same(
    (await Promise.all(answers)).map(({ statusCode }) => statusCode),
    [200, 404],
  )
})

t.test('the first rule decides that is about a request, and whose turn it is', async (t) => {
  const app = await startApp(t)
  const path = '/api/ships/1'
  await addFault(app, { match: { path, method: 'POST' } }, { status: 500 })
  await addFault(app, { match: { path }, skip: 1, times: 2 }, { status: 501 })
  await addFault(app, { match: { operation: 'getShip' }, times: 1 }, { abort: 'before' })
  const last = await addFault(app, { match: { path: '/api/*/*' }, skip: 1 }, { status: 503 })
  t.same(await outcomes(app, 'GET', path, 6), ['ended', 501, 501, 200, 503, 503])
  t.equal(await outcome(app, 'GET', '/api/users/1'), 503)
  t.equal(await outcome(app, 'GET', '/api/ships'), 200)
  const faults = (await call(app, 'GET', '/__slipway/faults')).json()
  t.same(
    faults.map(({ fired }: { fired: number }) => fired),
    [0, 2, 1, 3],
  )
  await call(app, 'DELETE', `/__slipway/faults/${last}`)
  t.same(await outcomes(app, 'GET', path, 2), [200, 200])
})

t.test('the same seed and the same order give the same faults', async (t) => {
  const app = await startApp(t)
  const rule = { match: {}, probability: 0.5 }
  const consequence = { status: 503 }
  const run = async (base: string, seed: number) => {
    await addFault(app, { ...rule, seed }, consequence, base)
    return outcomes(app, 'GET', `${base}/api/ships/1`, 40)
  }
  const first = await run('/~a', 42)
  t.same(await run('/~b', 42), first)
  t.notSame(await run('/~c', 43), first)
  t.ok(first.includes(200) && first.includes(503))
  const expected = '200 200 503 200 503 200 503 200 200 200 503 503 200 200 503 503 200 200 200 200'
  t.equal(first.slice(0, 20).join(' '), expected, 'and they stay from version to version')

  await addFault(app, rule, consequence, '/~d')
  const [{ seed }] = (await call(app, 'GET', '/~d/__slipway/faults')).json()
  t.type(seed, 'number', 'one that was chosen is told')
  const chosen = await outcomes(app, 'GET', '/~d/api/ships/1', 40)
  t.same(await run('/~e', seed), chosen)

  await addFault(app, { ...rule, probability: 0 }, consequence, '/~f')
  t.notOk((await outcomes(app, 'GET', '/~f/api/ships/1', 20)).includes(503))
  await addFault(app, { ...rule, probability: 1 }, consequence, '/~g')
  t.notOk((await outcomes(app, 'GET', '/~g/api/ships/1', 20)).includes(200))
})

t.test('each world has its own, until it is put back', async (t) => {
  const app = await startApp(t)
  await addFault(app, { match: {} }, { status: 503 }, '/~one')
  t.equal(await outcome(app, 'GET', '/~one/api/ships/1'), 503)
  t.equal(await outcome(app, 'GET', '/~two/api/ships/1'), 200)
  t.equal(await outcome(app, 'GET', '/api/ships/1'), 200)
  const { world } = await app.worlds.enter('one')
  await world.reset()
  t.equal(await outcome(app, 'GET', '/~one/api/ships/1'), 200)
  t.same((await call(app, 'GET', '/~one/__slipway/faults')).json(), [])
})

t.test('what steers the server, and what is read about it, is spared', async (t) => {
  const app = await startApp(t)
  await addFault(app, { match: {} }, { status: 503 })
  await addFault(app, { match: { path: '/__slipway/**' } }, { status: 503 })
  for (const url of [
    '/__slipway',
    '/__slipway/faults',
    '/__slipw%61y',
    '/openapi.json',
    '/docs/',
  ]) {
    t.equal(await outcome(app, 'GET', url), 200, url)
  }
  t.equal(await outcome(app, 'GET', '/__slipway/faults?__code=503'), 200)
  isError(t, await call(app, 'GET', '/__slipway/nothing'), 404)
  t.equal(await outcome(app, 'GET', '/healthz'), 503)
})

t.test('a preflight is as ever, but where a rule names its method', async (t) => {
  for (const corsOrigin of ['*', 'https://example.com']) {
    const app = await startApp(t, { corsOrigin })
    const headers = { origin: 'https://example.com', 'access-control-request-method': 'POST' }
    const preflight = async () => (await call(app, 'OPTIONS', '/api/ships', { headers })).statusCode
    const before = await preflight()
    const id = await addFault(app, { match: { path: '/api/ships' }, times: 1 }, { status: 503 })
    t.equal(await preflight(), before)
    t.equal((await call(app, 'GET', `/__slipway/faults/${id}`)).json().fired, 0)
    const answer = await call(app, 'POST', '/api/ships', { headers: { origin: headers.origin } })
    t.equal(answer.statusCode, 503)
    t.equal(answer.headers['access-control-allow-origin'], corsOrigin, 'a page can read it')
    await addFault(app, { match: { method: 'OPTIONS' } }, { status: 500 })
    t.equal(await preflight(), 500)
  }
})

t.test('collections of your own', async (t) => {
  const posts = [
    { id: 1, title: 'a' },
    { id: 2, title: 'b' },
  ]
  const { app, send } = await startOwn(t, { posts })
  const example = (await send('GET', '/posts/1')).json()
  t.same((await send('GET', '/posts?__code=200')).json(), [example])
  t.same((await send('GET', '/posts/2?__code=200')).json(), example)
  const made = await send('POST', '/posts?__code=201', { title: 'c' })
  t.equal(made.statusCode, 201)
  isError(t, await send('DELETE', '/posts/1?__code=404'), 404)
  await addFault(app, { match: { path: '/posts/*', method: 'DELETE' } }, { abort: 'in the body' })
  await t.rejects(send('DELETE', '/posts/1'))
  t.same(idsIn(await send('GET', '/posts')), [1, 2])
})

t.test('a read-only server can have faults', async (t) => {
  const app = await startApp(t, { readOnly: true })
  const send = senderTo(app)
  const id = await addFault(app, { match: { method: 'POST' } }, { status: 503 })
  t.equal((await send('POST', '/api/ships', SHIP)).statusCode, 503)
  t.equal((await send('DELETE', `/__slipway/faults/${id}`)).statusCode, 204)
  t.equal((await send('POST', '/api/ships', SHIP)).statusCode, 403)
})

t.test('a large body of a fault, and many faults', async (t) => {
  const app = await startApp(t)
  const body = Array.from({ length: MAX_VALUES / 2 }, (_, at) => at)
  for (let at = 0; at < 20; at++) {
    await addFault(app, { match: { path: `/${at}` } }, { body })
  }
  t.same((await call(app, 'GET', '/19')).json(), body)
})
