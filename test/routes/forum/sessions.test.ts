import t from 'tap'
import { call, claimsOf, isError, logIn, startApp } from '../../fixtures/app.js'

t.test('logInToForum', async (t) => {
  const app = await startApp(t)
  const payload = { username: 'guest', password: 'guest' }
  const response = await call(app, 'POST', '/login', { payload })
  t.equal(response.statusCode, 200)
  t.equal(response.headers['cache-control'], 'no-store')
  const { 'access-token': token, ...rest } = response.json()
  t.same(rest, { user_id: 2, username: 'guest' })
  const { exp, iat, type } = claimsOf(token)
  t.same([Number(exp) - Number(iat), type], [30 * 24 * 60 * 60, 'access'])
  t.equal((await call(app, 'DELETE', '/api/ships/1', { token })).statusCode, 204)
})

t.test('logInToForum refuses in the words of the forum', async (t) => {
  const app = await startApp(t)
  const refused: [object | undefined, number, string][] = [
    [{ password: 'password' }, 400, 'Username is missing'],
    [{ username: 'user' }, 400, 'Password is missing'],
    [{}, 400, 'Username is missing'],
    [undefined, 400, 'Username is missing'],
    [{ username: 5, password: 'password' }, 400, 'Bad username format'],
    [{ username: 'user', password: ['password'] }, 400, 'Bad password format'],
    [{ username: 'user', password: 'wrong' }, 401, 'Uncorrect username or/and password'],
    [{ username: 'nobody', password: 'password' }, 401, 'Uncorrect username or/and password'],
    [{ username: 'User', password: 'password' }, 401, 'Uncorrect username or/and password'],
    [{ username: '', password: 'password' }, 400, 'Username is missing'],
    [{ username: 'user', password: '' }, 400, 'Password is missing'],
    [
      { username: 'user', password: 'password', admin: true },
      400,
      'The body is not valid: /admin is not known here.',
    ],
  ]
  for (const [payload, status, message] of refused) {
    const response = await call(app, 'POST', '/login', payload ? { payload } : {})
    isError(t, response, status, message)
    t.equal(response.json().error, message)
  }
})

t.test('logInToForum is limited like every login', async (t) => {
  const app = await startApp(t, { loginLimit: 1 })
  const post = () =>
    call(app, 'POST', '/login', { payload: { username: 'user', password: 'wrong' } })
  isError(t, await post(), 401)
  const refused = await post()
  isError(t, refused, 429)
  t.equal(refused.json().error, refused.json().message)
  t.match(refused.headers['retry-after'], /^\d+$/)
})

t.test('verifyToken', async (t) => {
  const app = await startApp(t)
  const { access: token } = await logIn(app, 'guest', 'guest')
  const payload = { 'access-token': token }
  const response = await call(app, 'POST', '/verify-token', { payload })
  t.equal(response.statusCode, 200)
  t.same(response.json(), { username: 'guest', id: 2 })
  t.same((await call(app, 'POST', '/verify-token', { token })).json(), { username: 'guest', id: 2 })
  isError(t, await call(app, 'POST', '/verify-token', { payload: { ...payload, id: 1 } }), 400)
})
