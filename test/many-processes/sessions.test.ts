import t from 'tap'
import { ask, startProcesses, tokensOf } from '../fixtures/many-processes.js'
import { NO_POSTGRES, startPostgres } from '../fixtures/postgres.js'
import { SERVED_BY } from '../fixtures/round-robin.js'

const REVOCATIONS = 1000

t.test('who is logged in is the same for all processes', { skip: NO_POSTGRES }, async (t) => {
  const { url: database } = await startPostgres(t)
  const { proxy, servers } = await startProcesses(t, database)
  const { url } = proxy

  t.test('a token that one ends is refused by the very next call on every other', async (t) => {
    const { refresh } = await tokensOf(url)
    const passed = new Set<string>()
    for (let count = 0; count < REVOCATIONS; count++) {
      const { body } = await ask(`${url}/auth/refresh`, 'POST', { token: refresh })
      const token = String(Object(body).access_token)
      const logout = await ask(`${url}/auth/logout`, 'DELETE', { token })
      if (logout.status !== 200) t.equal(logout.status, 200)
      const calls = [await ask(`${url}/dmps`, 'GET', { token })]
      calls.push(await ask(`${url}/dmps`, 'GET', { token }))
      for (const { status, headers } of calls) {
        if (status !== 401) passed.add(`revocation ${count}: ${status}`)
        t.not(headers.get(SERVED_BY), logout.headers.get(SERVED_BY))
      }
      t.not(calls[0]?.headers.get(SERVED_BY), calls[1]?.headers.get(SERVED_BY))
    }
    t.same([...passed], [])
  })

  t.test('a new password ends the tokens on all of them', async (t) => {
    for (let count = 0; count < servers.length; count++) {
      const username = `sailor${count}`
      await ask(`${url}/api/users`, 'POST', { json: { name: username, password: 'old one' } })
      const { access: token } = await tokensOf(url, username, 'old one')
      const changed = await ask(`${url}/changepassword`, 'PUT', {
        token,
        headers: { newpassword: 'new one' },
      })
      t.equal(changed.status, 200)
      for (const { url } of servers) {
        t.equal((await ask(`${url}/dmps`, 'GET', { token })).status, 401)
      }
      await tokensOf(url, username, 'new one')
    }
  })

  t.test('a user who goes on one is nobody on all', async (t) => {
    for (const { url: one } of servers) {
      const username = 'passenger'
      const { body } = await ask(`${one}/api/users`, 'POST', {
        json: { name: username, password: 'for a day' },
      })
      const { access: token } = await tokensOf(url, username, 'for a day')
      for (const { url } of servers) {
        t.equal((await ask(`${url}/dmps`, 'GET', { token })).status, 200)
      }
      const gone = await ask(`${one}/api/users/${Object(body).id}`, 'DELETE', { token })
      t.equal(gone.status, 204)
      for (const { url } of servers) {
        t.equal((await ask(`${url}/dmps`, 'GET', { token })).status, 401)
        const login = await ask(`${url}/auth/login`, 'POST', {
          json: { username, password: 'for a day' },
        })
        t.equal(login.status, 401)
      }
    }
  })
})
