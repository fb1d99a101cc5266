import t from 'tap'
import { toApiError } from '../../../plugins/http/error-handler.js'
import { type ApiError, errors } from '../../../plugins/http/errors.js'
import { InvalidRecord, ReferenceViolation } from '../../../store/errors.js'
import { call, isError, logIn, startApp } from '../../fixtures/app.js'

t.test('a body that is not what it says is refused', async (t) => {
  const app = await startApp(t)
  const post = (payload: string, type = 'application/json') =>
    call(app, 'POST', '/api/users', { payload, headers: { 'content-type': type } })

  isError(t, await post('{"name":"new us'), 400)
  isError(t, await post(''), 400)
  isError(t, await post('null'), 400)
  isError(t, await post('"text"'), 400)
  isError(t, await post('[]'), 400)
  isError(t, await post('{"__proto__":{"admin":true},"name":"name","password":"secret"}'), 400)
  isError(
    t,
    await post('{"constructor":{"prototype":{"admin":true}},"name":"name","password":"secret"}'),
    400,
  )
  isError(t, await post('['.repeat(100_000) + ']'.repeat(100_000)), 400)
  isError(t, await post(`${'{"a":'.repeat(100_000)}1${'}'.repeat(100_000)}`), 400)
  const form = await post('name=name&password=secret', 'application/x-www-form-urlencoded')
  isError(t, form, 415, /Send application\/json, and say so in Content-Type\.$/)
  isError(t, await post('name', 'text/plain'), 415)
  isError(t, await post('{}', 'no media type'), 415)
  isError(t, await post(`{"name":"${'x'.repeat(1024 * 1024)}"}`), 413)
  t.equal((await call(app, 'GET', '/api/users')).json().length, 3)
})

t.test('a body with a character set is read', async (t) => {
  const app = await startApp(t)
  const response = await call(app, 'POST', '/api/users', {
    payload: '{"name":"Zoë 🚀","password":"secret"}',
    headers: { 'content-type': 'application/json; charset=utf-8' },
  })
  t.equal(response.statusCode, 201)
  t.equal(response.json().name, 'Zoë 🚀')
})

t.test('a body that is not text is refused, since it would be stored as another', async (t) => {
  const app = await startApp(t)
  const post = (payload: Buffer | string) =>
    call(app, 'POST', '/api/users', { payload, headers: { 'content-type': 'application/json' } })
  const latin1 = Buffer.from('{"name":"Zoë","password":"secret"}', 'latin1')
  isError(t, await post(latin1), 400, 'The body is not valid Unicode text.')
  for (const half of ['\\ud83d', '\\ude80', '\\ude80\\ud83d', '\\ud83d\\\\ude80', '\\ud83dx']) {
    isError(t, await post(`{"name":"rocket ${half}","password":"secret"}`), 400, /Unicode/)
  }
  const names = ['whole \\ud83d\\ude80', 'no escape \\\\ud83d', 'another \\\\\\ud83d\\ude80']
  for (const name of names) {
    t.equal((await post(`{"name":"${name}","password":"secret"}`)).statusCode, 201, name)
  }
})

t.test('a body in a coding that is not read is refused', async (t) => {
  const app = await startApp(t)
  const headers = { 'content-type': 'application/json', 'content-encoding': 'gzip' }
  const response = await call(app, 'POST', '/api/users', { payload: 'x', headers })
  isError(t, response, 415, /without Content-Encoding/)
})

t.test('a path that cannot be read is refused like anything else', async (t) => {
  const app = await startApp(t)
  const response = await call(app, 'GET', '/api/ships/%')
  isError(t, response, 400, 'The path has an escape that is none.')
  t.equal(response.headers['x-content-type-options'], 'nosniff')
})

t.test('BODY_LIMIT bounds bodies', async (t) => {
  const app = await startApp(t, { bodyLimit: '1KiB' })
  const payload = { name: 'name', password: 'x'.repeat(1024) }
  isError(t, await call(app, 'POST', '/api/users', { payload }), 413)
})

t.test('JSON that is announced but not sent counts as no body', async (t) => {
  const app = await startApp(t)
  const { access: token } = await logIn(app)
  const headers = { 'content-type': 'application/json' }
  t.equal((await call(app, 'GET', '/api/ships/1', { headers })).statusCode, 200)
  t.equal((await call(app, 'DELETE', '/api/ships/1', { token, headers })).statusCode, 204)
  t.equal((await call(app, 'DELETE', '/auth/logout', { token, headers })).statusCode, 200)
})

t.test('every error of the catalogue is known by its key', async (t) => {
  const made: Record<string, ApiError> = {
    ...{ invalid: errors.invalid('body'), notOwner: errors.notOwner('edit', 'article') },
    ...{ taken: errors.taken(['name']), recordNotFound: errors.recordNotFound('ship', 1) },
    ...{
      methodNotAllowed: errors.methodNotAllowed('GET'),
      tooManyFailures: errors.tooManyFailures(1),
    },
    ...{ rangeNotSatisfiable: errors.rangeNotSatisfiable(1) },
    ...{
      unsupportedMediaType: errors.unsupportedMediaType([]),
      stateInvalid: errors.stateInvalid([]),
    },
  }
  for (const [key, make] of Object.entries(errors)) {
    const { code } = made[key] ?? Reflect.apply(make, undefined, [])
    t.equal(code, key)
  }
})

t.test("what is not a client's fault says nothing of itself", async (t) => {
  t.equal(toApiError(new Error('secret')), undefined)
  t.equal(toApiError(new InvalidRecord('ships', '/crew', 'secret')), undefined)
  t.equal(toApiError(Object.assign(new Error('secret'), { statusCode: 502 })), undefined)
  t.match(toApiError(new ReferenceViolation('ships', 'yardId', 'yards')), { statusCode: 409 })
  t.match(toApiError(new ReferenceViolation('ships', 'userId', 'users')), { statusCode: 401 })
})

t.test('a store that fails makes a 500 that says no more', async (t) => {
  const fail = async () => {
    throw new Error('a secret of the store')
  }
  const app = await startApp(t)
  const { access: token } = await logIn(app)
  t.intercept(app.store.sessions, 'find', { value: fail })
  const response = await call(app, 'DELETE', '/api/ships/1', { token })
  isError(t, response, 500, 'Internal Server Error')
  t.notMatch(response.body, /secret/)
})
