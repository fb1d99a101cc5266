import { get } from 'node:http'
import t from 'tap'
import { delayAsAsked, delayOf } from '../../../plugins/http/delay.js'
import { call, startApp } from '../../fixtures/app.js'

/** Resolves when an answer has begun to wait. */
async function waiting({ delays }: { delays: { size: number } }): Promise<void> {
  while (delays.size === 0) await new Promise(setImmediate)
}

t.test('each answer waits, errors too, and a stop ends all waiting', async (t) => {
  const app = await startApp(t, { delay: '10s' })
  for (const url of ['/api/ships/1', '/nowhere', '/api/ships/abc']) app.inject(url)
  while (app.delays.size < 3) await new Promise(setImmediate)
  const answer = call(app, 'GET', '/healthz')
  while (app.delays.size < 4) await new Promise(setImmediate)
  await app.close()
  t.equal((await answer).statusCode, 200)
  t.equal(app.delays.size, 0)
})

t.test('a delay ends by itself', async (t) => {
  const app = await startApp(t, { delay: 1 })
  t.equal((await call(app, 'GET', '/healthz')).statusCode, 200)
})

t.test('a delay ends when its client leaves', async (t) => {
  const app = await startApp(t, { delay: 10_000 })
  const request = get(`${await app.listen({ port: 0 })}/healthz`)
  request.on('error', () => {})
  await waiting(app)
  request.destroy()
  while (app.delays.size > 0) await new Promise(setImmediate)
  t.pass('long before its time')
})

t.test('a scope can let its requests ask for a delay', async (t) => {
  const app = await startApp(t)
  app.get('/own', { schema: { hide: true }, onSend: delayAsAsked }, async () => 'done')
  t.equal((await call(app, 'GET', '/own')).body, 'done')
  const answer = call(app, 'GET', '/own?_delay=10000')
  await waiting(app)
  await app.close()
  t.equal((await answer).body, 'done')
})

t.test('what a query can ask for', async (t) => {
  const cases: [object, number][] = [
    [{}, 0],
    [{ _delay: '250' }, 250],
    [{ _delay: ['5', '6'] }, 5],
    [{ _delay: '10001' }, 10_000],
    [{ _delay: '9'.repeat(400) }, 10_000],
    [{ _delay: '-1' }, 0],
    [{ _delay: '1.5' }, 0],
    [{ _delay: 'x' }, 0],
    [{ _delay: '' }, 0],
    [{ _delay: { a: '1' } }, 0],
  ]
  for (const [query, expected] of cases) t.equal(delayOf(query), expected, JSON.stringify(query))
})
