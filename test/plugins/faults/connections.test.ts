import { once } from 'node:events'
import { connect } from 'node:net'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { type Consequence, THEN } from '../../../plugins/faults/rule.js'
import { startProcess } from '../../fixtures/process.js'

const POSTS = { posts: [{ id: 1, title: 'x'.repeat(1000) }] }

/** All that comes over a connection of its own until it ends. */
async function received(url: string, request: string): Promise<string> {
  const { hostname, port } = new URL(url)
  const socket = connect(Number(port), hostname)
  let text = ''
  socket.setEncoding('utf8').on('data', (data) => {
    text += data
  })
  // It may be reset.
  socket.on('error', () => {})
  socket.write(request)
  await once(socket, 'close')
  return text
}

function requestOf(method: string, path: string, body = '', headers = ''): string {
  const head = `${method} ${path} HTTP/1.1\r\nHost: localhost\r\n${headers}`
  const length = `Content-Type: application/json\r\nContent-Length: ${body.length}\r\n`
  return `${head}${body === '' ? '' : length}\r\n${body}`
}

async function start(t: Test) {
  const file = join(t.testdir({ 'db.json': JSON.stringify(POSTS) }), 'db.json')
  const { url } = await startProcess(t, [file, '--apis', 'none'])
  const addFault = async (match: object, consequence: Consequence) => {
    const { status } = await fetch(`${url}/__slipway/faults`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ match, [THEN]: consequence }),
    })
    t.equal(status, 201)
  }
  const removeFaults = () => fetch(`${url}/__slipway/faults`, { method: 'DELETE' })
  const count = async (): Promise<number> =>
    Object(await (await fetch(`${url}/posts`)).json()).length
  return { url, addFault, removeFaults, count }
}

t.test('instead of an answer the connection ends', async (t) => {
  const { url, addFault, removeFaults, count } = await start(t)
  await addFault({}, { abort: 'before' })
  for (const [method, path, body] of [
    ['GET', '/posts', ''],
    ['HEAD', '/posts', ''],
    ['OPTIONS', '/posts', ''],
    ['POST', '/posts', '{"id":2}'],
    ['DELETE', '/posts/1', ''],
    ['GET', '/nowhere', ''],
  ] as const) {
    t.equal(await received(url, requestOf(method, path, body)), '', `${method} ${path}`)
  }
  await removeFaults()
  t.equal(await count(), 1)
})

t.test('the connection ends in the body', async (t) => {
  const { url, addFault, removeFaults, count } = await start(t)
  const whole = await (await fetch(`${url}/posts/1`)).text()
  await addFault({}, { abort: 'in the body', headers: { 'X-Odd': 'yes' } })
  const cut = await received(url, requestOf('GET', '/posts/1'))
  const [head = '', part = ''] = cut.split('\r\n\r\n')
  t.match(head, /^HTTP\/1.1 200 OK\r\n/)
  t.match(head, new RegExp(`content-length: ${whole.length}`, 'i'))
  t.match(head, /x-odd: yes/i)
  t.ok(part.length > 0 && part.length < whole.length)
  t.ok(whole.startsWith(part), 'of the answer there would have been')

  const made = await received(url, requestOf('POST', '/posts', '{"title":"b"}'))
  t.match(made, /^HTTP\/1.1 201 Created\r\n/)
  t.match(made, /"title/, 'the example')
  for (const [method, path] of [
    ['HEAD', '/posts/1'],
    ['OPTIONS', '/posts'],
    ['GET', '/posts/1?__code=204'],
  ] as const) {
    // Its headers would be all of it, and say that it was done.
    const text = requestOf(method, path, '', 'Prefer: abort="in the body"\r\n')
    t.equal(await received(url, text), '', `${method} ${path} has no body that could be cut`)
  }
  t.match(await received(url, requestOf('POST', '/nowhere', '{}')), /^HTTP\/1.1 404/)
  await t.rejects((await fetch(`${url}/posts`)).json(), 'a client can tell')

  await removeFaults()
  t.equal(await count(), 1)
})

t.test('a stream of events and one byte are cut too', async (t) => {
  const { url, addFault } = await start(t)
  await addFault({ path: '/posts' }, { abort: 'in the body' })
  await addFault({ path: '/one' }, { abort: 'in the body', status: 200, body: 1 })
  const asking = requestOf('GET', '/posts', '', 'Accept: text/event-stream\r\n')
  const feed = await received(url, asking)
  t.match(feed, /content-type: text\/event-stream/i)
  t.match(feed, /\r\n\r\n1\r\n:\r\n$/, 'without the last chunk')
  const one = await received(url, requestOf('GET', '/one'))
  t.match(one, /^HTTP\/1.1 200 OK\r\n.*content-length: 1\r\n.*\r\n\r\n$/is)
})

t.test('an upload that a fault refuses is not read to its end', async (t) => {
  const { url, addFault, count } = await start(t)
  await addFault({ method: 'POST' }, { status: 503 })
  const head = 'POST /posts HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n'
  const expecting = `${head}Content-Length: 1000000\r\nExpect: 100-continue\r\nConnection: close\r\n\r\n`
  const { hostname, port } = new URL(url)
  const socket = connect(Number(port), hostname)
  t.teardown(() => socket.destroy())
  socket.setEncoding('utf8').write(expecting)
  const [answer] = await once(socket, 'data')
  t.match(answer, /^HTTP\/1.1 503 /, 'and no 100 before it')
  t.equal(await count(), 1)
})

t.test('a client that leaves while it waits finds everything as it was', async (t) => {
  const { url, addFault, removeFaults, count } = await start(t)
  await addFault({ method: 'POST' }, { delay: '60s' })
  const controller = new AbortController()
  const { signal } = controller
  const headers = { 'content-type': 'application/json' }
  const request = fetch(`${url}/posts`, { method: 'POST', headers, body: '{}', signal })
  const fired = async () => Object(await (await fetch(`${url}/__slipway/faults`)).json())[0].fired
  while ((await fired()) === 0);
  controller.abort()
  await t.rejects(request)
  await removeFaults()
  t.equal(await count(), 1)
})

t.test('what comes on the same connection behind an answer is ended in its turn', async (t) => {
  const { url, addFault } = await start(t)
  await addFault({ path: '/posts/1' }, { abort: 'before' })
  const both = requestOf('GET', '/posts') + requestOf('GET', '/posts/1')
  const answers = await received(url, both)
  t.match(answers, /^HTTP\/1.1 200 OK/)
  t.match(answers, /xxx"/, 'the first is whole')
  t.equal(answers.split('HTTP/1.1').length, 2)
})
