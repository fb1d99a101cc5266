import t from 'tap'
import { call, isError, logIn, startApp } from '../../fixtures/app.js'

t.test('a token or a password in a query is refused, and told where it belongs', async (t) => {
  const app = await startApp(t)
  const { access } = await logIn(app)
  for (const name of ['access_token', 'token', 'Token', 'refresh_token', 'x-access-token']) {
    for (const [method, url] of [
      ['GET', '/api/ships'],
      ['GET', '/template'],
      ['DELETE', '/auth/logout'],
      ['GET', '/api/v1/packages'],
      ['GET', '/healthz'],
    ] as const) {
      const response = await call(app, method, `${url}?${name}=${access}`, { token: access })
      isError(t, response, 400, /in a query.*send it in a header/)
      t.notMatch(response.body, access)
    }
  }
  const payload = { username: 'user', password: 'password' }
  for (const name of ['password', 'newpassword']) {
    const response = await call(app, 'POST', `/auth/login?${name}=password`, { payload })
    isError(t, response, 400, /A password does not belong in a query/)
  }
  for (const name of ['constructor', 'tokens', '__proto__']) {
    t.equal((await call(app, 'GET', `/api/ships?${name}=x`)).statusCode, 200, name)
  }
  t.equal((await call(app, 'GET', '/nowhere?token=x')).statusCode, 404)
})

t.test('a field of your own that is called so can be asked for', async (t) => {
  const app = await startApp(t, {
    data: {
      colours: [
        { id: 1, token: 'primary', password: 'open sesame' },
        { id: 2, token: 'accent' },
      ],
      posts: [{ id: 1, title: 'Hello' }],
    },
  })
  t.match((await call(app, 'GET', '/colours?token=accent')).json(), [{ id: 2 }])
  t.match((await call(app, 'GET', '/colours?password=open+sesame')).json(), [{ id: 1 }])
  isError(t, await call(app, 'GET', '/colours?access_token=x'), 400, /in a query/)
  isError(t, await call(app, 'GET', '/colours/1?token=x'), 400, /in a query/)
  isError(t, await call(app, 'GET', '/posts?token=x'), 400, /in a query/)
})
