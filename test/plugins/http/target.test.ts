import { once } from 'node:events'
import { type IncomingMessage, request } from 'node:http'
import { text } from 'node:stream/consumers'
import t from 'tap'
import { THEN } from '../../../plugins/faults/rule.js'
import { originForm } from '../../../plugins/http/target.js'
import { startApp } from '../../fixtures/app.js'

t.test('targets without what is in front of their path', (t) => {
  for (const [target, path] of [
    ['/a?b', '/a?b'],
    ['http://localhost:3000/a?b', '/a?b'],
    ['HTTPS://localhost/~a/b', '/~a/b'],
    ['http://localhost', '/'],
    ['http://localhost?a', '/?a'],
    ['*', '*'],
    ['/http://localhost/a', '/http://localhost/a'],
  ] as const)
    t.equal(originForm(target), path)
  t.end()
})

t.test('an address as the target is what its path is', async (t) => {
  const app = await startApp(t)
  const origin = await app.listen({ host: '127.0.0.1', port: 0 })
  const get = async (path: string) => {
    const sent = request(origin, { path: origin + path }).end()
    const [answer]: IncomingMessage[] = await once(sent, 'response')
    return { status: answer?.statusCode, body: answer ? await text(answer) : '' }
  }
  t.equal((await get('/~a/api/ships/1')).status, 200)
  t.equal(app.worlds.size, 1)
  t.equal((await get('/~a/api/ships/1?__code=503')).status, 503)

  const fault = { match: {}, [THEN]: { status: 503 } }
  await app.inject({ method: 'POST', url: '/~a/__slipway/faults', payload: fault })
  t.equal((await get('/~a/__slipway/clock')).status, 200)
  const [newest, ...older] = JSON.parse((await get('/~a/__slipway/requests/har')).body).log.entries
  t.equal(newest.request.url, `${origin}/~a/api/ships/1`)
  t.equal(older.length, 1)
})
