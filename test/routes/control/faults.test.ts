import t from 'tap'
import { THEN } from '../../../plugins/faults/rule.js'
import { call, isError, startApp } from '../../fixtures/app.js'
import { addFault } from '../../fixtures/faults.js'
import { senderTo } from '../../fixtures/own.js'

const FAULTS = '/__slipway/faults'
const ABORT = { abort: 'before' } as const

t.test('faults are made, listed, shown and deleted', async (t) => {
  const app = await startApp(t)
  const send = senderTo(app)
  const rule = {
    match: { method: 'POST', path: '/api/ships/*', operation: 'createShip' },
    skip: 1,
    times: 2,
    probability: 0.5,
    seed: 42,
    [THEN]: { delay: [1, 2], status: 503, headers: { 'Retry-After': '1' }, body: { a: [null] } },
  }
  const made = await send('POST', FAULTS, rule)
  t.equal(made.statusCode, 201)
  const { id, ...rest } = made.json()
  t.same(rest, { fired: 0, ...rule }, 'as it was given')
  const other = await addFault(app, { match: {} }, ABORT)
  t.not(other, id)
  t.same((await send('GET', `${FAULTS}/${id}`)).json(), made.json())
  const ids = async (base = '') => {
    const list: { id: string }[] = (await send('GET', base + FAULTS)).json()
    return list.map((fault) => fault.id)
  }
  t.same(await ids(), [id, other])
  t.same(await ids('/~one'), [])
  isError(t, await send('GET', `/~one${FAULTS}/${id}`), 404)
  isError(t, await send('DELETE', `/~one${FAULTS}/${id}`), 404)
  t.equal((await send('DELETE', `${FAULTS}/${id}`)).statusCode, 204)
  isError(t, await send('DELETE', `${FAULTS}/${id}`), 404)
  isError(t, await send('GET', `${FAULTS}/${id}`), 404, new RegExp(id))
  t.same(await ids(), [other])
  await addFault(app, { match: {} }, ABORT)
  t.equal((await send('DELETE', FAULTS)).statusCode, 204)
  t.same(await ids(), [])
  t.equal((await send('DELETE', FAULTS)).statusCode, 204)
})

t.test('what is no rule is refused, with the place', async (t) => {
  const app = await startApp(t)
  const consequence = { status: 503 }
  const rule = { match: {}, [THEN]: consequence }
  const cases: [rule: unknown, path: string][] = [
    [undefined, '/match'],
    [[], ''],
    [{ [THEN]: consequence }, '/match'],
    [{ match: {} }, '/then'],
    [{ ...rule, more: 1 }, '/more'],
    [{ ...rule, skip: -1 }, '/skip'],
    [{ ...rule, times: 0 }, '/times'],
    [{ ...rule, times: 1.5 }, '/times'],
    [{ ...rule, probability: 1.1 }, '/probability'],
    [{ ...rule, seed: 'x' }, '/seed'],
    [{ ...rule, seed: 2 ** 31 }, '/seed'],
    [{ ...rule, match: { path: 'api' } }, '/match/path'],
    [{ ...rule, match: { path: '/a?b' } }, '/match/path'],
    [{ ...rule, match: { path: '/**/a' } }, '/match/path'],
    [{ ...rule, match: { method: 'get' } }, '/match/method'],
    [{ ...rule, match: { url: '/' } }, '/match/url'],
  ]
  const consequences: [consequence: unknown, path: string][] = [
    [{}, '/then'],
    [{ status: 199 }, '/then/status'],
    [{ status: 600 }, '/then/status'],
    [{ status: '503' }, '/then/status'],
    [{ delay: -1 }, '/then/delay'],
    [{ delay: 60_001 }, '/then/delay'],
    [{ delay: '61s' }, '/then/delay'],
    [{ delay: '1m' }, '/then/delay'],
    [{ delay: [1] }, '/then/delay'],
    [{ delay: [1, 2, 3] }, '/then/delay'],
    [{ abort: 'after' }, '/then/abort'],
    [{ headers: { 'a b': '' } }, '/then/headers'],
    [{ headers: { '': '' } }, '/then/headers'],
    [{ headers: { a: 'x\r\ny: z' } }, '/then/headers/a'],
    [{ headers: { a: '€' } }, '/then/headers/a'],
    [{ headers: { a: 1 } }, '/then/headers/a'],
    [{ headers: { 'Content-Length': '1' } }, '/then/headers/Content-Length'],
    [{ headers: { 'transfer-encoding': 'chunked' } }, '/then/headers/transfer-encoding'],
    [{ status: 204, body: 1 }, '/then/body'],
    [{ status: 304, body: null }, '/then/body'],
    [{ body: deep(200) }, `/then/body${'/0'.repeat(98)}`],
    [{ what: 1 }, '/then/what'],
  ]
  for (const [payload, path] of [
    ...cases,
    ...consequences.map(([each, path]) => [{ match: {}, [THEN]: each }, path] as const),
  ]) {
    const answer = await call(app, 'POST', FAULTS, {
      payload: JSON.stringify(payload),
      headers: JSON_TYPE,
    })
    isError(t, answer, 400)
    t.match(answer.json().details, [{ in: 'body', path }], JSON.stringify(payload)?.slice(0, 100))
  }
  const huge = `{"match":{},"then":{"body":${'['.repeat(200_000)}${']'.repeat(200_000)}}}`
  isError(t, await call(app, 'POST', FAULTS, { payload: huge, headers: JSON_TYPE }), 400)
  const payload = { ...rule, match: { operation: 'createShop' } }
  isError(t, await call(app, 'POST', FAULTS, { payload }), 404, /createShop/)
  t.same((await call(app, 'GET', FAULTS)).json(), [])
})

const JSON_TYPE = { 'content-type': 'application/json' }

function deep(levels: number): unknown {
  let value: unknown = []
  for (let at = 0; at < levels; at++) value = [value]
  return value
}

t.test('a world has a bounded number of them, of a bounded size', async (t) => {
  const app = await startApp(t)
  for (let at = 0; at < 100; at++) await addFault(app, { match: {} }, ABORT)
  const payload = { match: {}, [THEN]: ABORT }
  isError(t, await call(app, 'POST', FAULTS, { payload }), 409, /100/)
  const [first] = (await call(app, 'GET', FAULTS)).json()
  await call(app, 'DELETE', `${FAULTS}/${first.id}`)
  await addFault(app, { match: {} }, ABORT)
  await addFault(app, { match: {} }, ABORT, '/~one')

  const body = 'x'.repeat(900_000)
  for (let at = 0; at < 4; at++) await addFault(app, { match: {} }, { body }, '/~two')
  const large = { match: {}, [THEN]: { body } }
  isError(t, await call(app, 'POST', `/~two${FAULTS}`, { payload: large }), 409)
  await call(app, 'DELETE', `/~two${FAULTS}`)
  await addFault(app, { match: {} }, { body }, '/~two')
  const most = { match: {}, [THEN]: { body: 'x'.repeat(2 ** 20) } }
  isError(t, await call(app, 'POST', FAULTS, { payload: most }), 413)
})

t.test('they are there where the server can be steered', async (t) => {
  const controlToken = 'a-control-token-of-more-than-32-bytes'
  const app = await startApp(t, { controlToken })
  isError(t, await call(app, 'GET', FAULTS), 401)
  t.equal((await call(app, 'GET', FAULTS, { token: controlToken })).statusCode, 200)
  const open = await startApp(t, { host: '0.0.0.0' })
  isError(t, await call(open, 'GET', FAULTS), 404)
})
