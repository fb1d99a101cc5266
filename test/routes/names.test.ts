import type { FastifyInstance } from 'fastify'
import t, { type Test } from 'tap'
import { startOwn } from '../fixtures/accounts.js'
import { call, isError, logIn, startApp } from '../fixtures/app.js'

/** Names that no account is given, and what is wrong with each. */
const REFUSED = {
  'a control character of C1': 'bob\u0085by',
  'a space at its end': 'bobby ',
  'a space at its beginning': ' bobby',
  'an ideographic space at its end': 'bobby\u3000',
  'a space that looks like another': 'bob\u00a0by',
  'the end of a line': 'bob\u2028by',
  'an invisible character': 'bob\u200bby',
  'a soft hyphen': 'bob\u00adby',
  'a byte order mark': '\ufeffbobby',
  'a text that is turned around': 'bob\u202eyb',
  'an isolated text': 'bob\u2066by',
  'a mark of direction': 'bobby\u200f',
  'a filler that is a letter': 'bob\u3164by',
  'an invisible tag': 'bob\u{e0041}by',
}

const COMPOSED = 'Zo\u00eb'
const DECOMPOSED = 'Zoe\u0308'

const basic = (username: string, password: string) => ({
  authorization: `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`,
})

/** What makes an account in each API, and where the name is in it. */
const REGISTRATIONS = [
  ['POST', '/api/users', 'name'],
  ['POST', '/api/v1/user/add', 'username'],
  ['POST', '/user', 'username'],
] as const

function registration(app: FastifyInstance, token: string) {
  return REGISTRATIONS.map(([method, url, field]) => ({
    url,
    field,
    register: (name: string) =>
      call(app, method, url, { token, payload: { [field]: name, password: 'password' } }),
  }))
}

t.test('no account gets a name that can be taken for another', async (t) => {
  const app = await startApp(t)
  const { access } = await logIn(app, 'admin', 'admin')
  for (const { url, field, register } of registration(app, access)) {
    for (const [what, name] of Object.entries(REFUSED)) {
      const response = await register(name)
      isError(t, response, 400)
      const [detail] = response.json().details
      t.match(detail, { in: 'body', path: `/${field}`, message: /invisible/ }, what)
    }
    t.ok((await register(`${url} 山田 😀`)).statusCode < 300)
  }
  isError(
    t,
    await call(app, 'POST', '/register', {
      payload: { username: 'bobby\u0085', password: 'Passw0rd-x' },
    }),
    400,
  )
})

t.test('names that look the same are one, and log in in each way', async (t) => {
  for (const [given, other] of [
    [COMPOSED, DECOMPOSED],
    [DECOMPOSED, COMPOSED],
  ] as const) {
    const app = await startApp(t)
    const { access } = await logIn(app, 'admin', 'admin')
    const payload = { name: given, password: 'password' }
    const { id, name } = (await call(app, 'POST', '/api/users', { payload })).json()
    t.equal(name, given, 'it is shown as it was given')
    for (const { register } of registration(app, access)) {
      for (const spelling of [given, other]) isError(t, await register(spelling), 409)
    }
    for (const spelling of [given, other]) {
      t.type((await logIn(app, spelling)).access, 'string')
      const { statusCode } = await call(app, 'GET', '/login', {
        headers: basic(spelling, 'password'),
      })
      t.equal(statusCode, 200)
    }
    const { access: token } = await logIn(app, given)
    const renamed = { name: other, password: 'password' }
    const response = await call(app, 'PUT', `/api/users/${id}`, { token, payload: renamed })
    t.match(response.json(), { id, name: other }, 'its own name can be written in another way')
    t.type((await logIn(app, given)).access, 'string')
  }
})

t.test('of two at once that look the same one is made', async (t) => {
  const app = await startApp(t)
  const register = (name: string) =>
    call(app, 'POST', '/api/users', { payload: { name, password: 'password' } })
  const responses = await Promise.all([COMPOSED, DECOMPOSED, COMPOSED, DECOMPOSED].map(register))
  t.same(responses.map(({ statusCode }) => statusCode).sort(), [201, 409, 409, 409])
})

t.test('failures are counted for a name however it is written', async (t) => {
  const app = await startApp(t, { loginLimit: 2 })
  const payload = { name: COMPOSED, password: 'password' }
  await call(app, 'POST', '/api/users', { payload })
  await call(app, 'POST', '/api/users', { payload: { ...payload, name: 'Kate' } })
  for (const [name, other] of [
    [COMPOSED, DECOMPOSED],
    // The sign of Kelvin.
    ['Kate', '\u212aate'],
    ["nobody's \u00e9", "nobody's e\u0301"],
  ] as const) {
    const statuses: number[] = []
    for (const spelling of [name, other, other, name]) {
      const { statusCode } = await call(app, 'GET', '/login', { headers: basic(spelling, 'wrong') })
      statuses.push(statusCode)
    }
    t.same(statuses, [401, 401, 429, 429], name)
  }
})

/** A data file with names that no new account could have. */
const OLD = {
  users: [
    { id: 1, name: 'bob\u200b ', password: 'password' },
    { id: 2, name: DECOMPOSED, password: 'decomposed' },
    { id: 3, name: COMPOSED, password: 'composed' },
    { id: 4, name: 'ệ\u0301x', password: 'password' },
    { id: 5, name: 'e\u0323\u0302\u0301x', password: 'password' },
    { id: 6, name: 'e\u0302\u0323\u0301x', password: 'password' },
  ],
}

t.test('accounts that are there go on with the names that they have', async (t) => {
  const app = await startApp(t, {
    data: OLD,
    apis: ['fleet', 'registry', 'memes', 'plans', 'forum'],
  })
  const old = 'bob\u200b '
  const shown = (await call(app, 'GET', '/api/users')).json()
  t.same(
    shown.map(({ name }: { name: string }) => name),
    OLD.users.map(({ name }) => name),
  )
  for (const { name, password } of OLD.users) {
    t.type((await logIn(app, name, password)).access, 'string', 'by its very characters')
    t.equal((await call(app, 'GET', '/login', { headers: basic(name, password) })).statusCode, 200)
  }
  const { access: token } = await logIn(app, old)
  const change = (name: string, password: string) =>
    call(app, 'PUT', '/api/users/1', { token, payload: { name, password } })
  isError(t, await change('bob\u200b', 'another'), 400, /invisible/)
  isError(t, await change(old, 'x'), 400, /password/)
  t.match((await change(old, 'another')).json(), { id: 1, name: old }, 'the name may stay')
  const { access } = await logIn(app, old, 'another')
  const payload = { name: 'bobby', password: 'another' }
  t.match((await call(app, 'PUT', '/api/users/1', { token: access, payload })).json(), {
    name: 'bobby',
  })

  const composed = await logIn(app, COMPOSED, 'composed')
  const same = await call(app, 'PUT', '/api/users/3', {
    token: composed.access,
    payload: { name: COMPOSED, password: 'changed' },
  })
  t.match(same.json(), { id: 3, name: COMPOSED }, 'though another has it too')
  for (const name of [COMPOSED, DECOMPOSED]) {
    isError(
      t,
      await call(app, 'POST', '/api/users', { payload: { name, password: 'password' } }),
      409,
    )
  }
})

/** Registers with accounts that are records, in each way there is. */
async function ownRefusals(t: Test, app: FastifyInstance) {
  for (const url of ['/auth/register', '/register', '/users']) {
    for (const [what, username] of Object.entries(REFUSED)) {
      for (const more of [{}, { email: 'bob@example.com' }]) {
        const payload = { username, ...more, password: 'password' }
        const response = await call(app, 'POST', url, { payload })
        isError(t, response, 400)
        const [detail] = response.json().details
        t.match(detail, { path: '/username', message: /invisible/ }, `${url}: ${what}`)
      }
    }
  }
}

t.test('so it is with accounts that are records', async (t) => {
  const users = [
    { id: 1, username: 'bob\u200b', password: 'password', team: 'red' },
    { id: 2, email: 'zoe@example.com', name: COMPOSED, password: 'password' },
  ]
  for (const enforce of [false, true]) {
    const app = await startOwn(t, { users }, { enforce })
    if (!enforce) await ownRefusals(t, app)
    const { access: token } = await logIn(app, 'bob\u200b')
    const payload = { team: 'blue' }
    t.equal((await call(app, 'PATCH', '/users/1', { token, payload })).statusCode, 200)
    const whole = { username: 'bob\u200b', team: 'green', password: 'another' }
    t.equal((await call(app, 'PUT', '/users/1', { token, payload: whole })).statusCode, 200)
    const { access } = await logIn(app, 'bob\u200b', 'another')
    const renamed = { username: 'bob\u200c' }
    isError(t, await call(app, 'PATCH', '/users/1', { token: access, payload: renamed }), 400)
    t.type((await logIn(app, DECOMPOSED)).access, 'string', 'by a name that is no login name')
  }
})

t.test('records that are accounts have one name however it is written', async (t) => {
  const app = await startOwn(t, { users: [{ id: 1, username: DECOMPOSED, password: 'password' }] })
  const register = (username: string) =>
    call(app, 'POST', '/auth/register', { payload: { username, password: 'password' } })
  isError(t, await register(COMPOSED), 409)
  const both = await Promise.all([register('Andre\u0301'), register('Andr\u00e9')])
  t.same(both.map(({ statusCode }) => statusCode).sort(), [201, 409])
  t.type((await logIn(app, 'Andr\u00e9')).access, 'string')
  const display = { email: 'x@example.com', name: 'Ann \u2764\ufe0f ', password: 'password' }
  const shown = await call(app, 'POST', '/auth/register', { payload: display })
  t.match(shown.json().user, { name: display.name }, 'what is no login name can be anything')
})
