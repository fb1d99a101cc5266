import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import t from 'tap'
import { call, startApp } from '../../fixtures/app.js'
import { startOwn } from '../../fixtures/own.js'

const REQUESTS = '/__slipway/requests'

/** What a request's body and path can hold to trick a shell. */
const NASTY = `it's "quoted" $HOME \`id\` $(id) \\ ! # & ; | > \n\r\n\t @file %41 ä 🚢`

/** What is at an address, as JSON. */
async function read(url: string) {
  return JSON.parse(await (await fetch(url)).text())
}

interface Headers {
  readonly connection?: string
  readonly expect?: string
}

t.test('a command sends the same again', async (t) => {
  const { app } = await startOwn(t, { posts: [{ id: 1, title: 'a' }] })
  const url = await app.listen({ port: 0 })
  const json = { 'content-type': 'application/json' }
  const requests: readonly [string, RequestInit][] = [
    ['/posts?title=%27%24(id)&a[b]=%22*', {}],
    ['/posts', { method: 'HEAD' }],
    ['/posts/1', { method: 'PATCH', headers: json, body: JSON.stringify({ title: NASTY }) }],
    ['/posts', { method: 'POST', headers: json, body: NASTY }],
    ['/posts', { method: 'POST', headers: json, body: '@/etc/passwd' }],
    [
      '/posts',
      {
        method: 'POST',
        headers: { ...json, 'x-empty': '' },
        body: Buffer.from([0xff, 0, 0xfe, 0x27]),
      },
    ],
    ['/posts', { method: 'POST', headers: json, body: '{"title":"\0"}' }],
    ['/posts/99', { method: 'DELETE' }],
    ['/~one/posts/', {}],
    ['/~one/posts/', { headers: { 'x-note': `it's; "$(id)" \`id\`` } }],
  ]
  const bases = (path: string) => (path.startsWith('/~one') ? '/~one' : '')
  for (const [path, init] of requests) {
    await fetch(url + path, init)
    const list = `${url}${bases(path)}${REQUESTS}`
    const [first] = await read(`${list}?limit=1`)
    const answer = await fetch(`${list}/${first.id}/curl`)
    t.match(answer.headers.get('content-type'), /^text\/plain/)
    const command = await answer.text()
    await promisify(execFile)('sh', ['-c', command])
    const [again] = await read(`${list}?limit=1`)
    t.equal(again.id, first.id + 1, command)
    for (const key of ['method', 'path', 'operation', 'status'])
      t.equal(again[key], first[key], command)
    const [one, other] = await Promise.all([first, again].map(({ id }) => read(`${list}/${id}`)))
    t.equal(other.request.body, one.request.body)
    t.equal(other.request.encoding, one.request.encoding)
    const kept = ({ connection: _connection, expect: _expect, ...headers }: Headers) => headers
    t.same(kept(other.request.headers), kept(one.request.headers))
  }
})

t.test('secrets stay placeholders, and what is cut off says so', async (t) => {
  const app = await startApp(t)
  const payload = `${JSON.stringify({ password: 'secret' })}${' '.repeat(70_000)}`
  const headers = { 'content-type': 'application/json', authorization: 'Bearer abc' }
  await call(app, 'POST', '/auth/login', { payload, headers })
  const { body } = await call(app, 'GET', `${REQUESTS}/1/curl`)
  t.notMatch(body, /secret|abc/)
  t.match(body, /^# \*\*\* stands for .*\n# The body was longer.*\ncurl /)
  t.match(body, /-H 'authorization: Bearer \*\*\*'/)
})
