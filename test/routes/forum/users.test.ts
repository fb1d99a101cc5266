import fc from 'fast-check'
import t from 'tap'
import { call, isError, logIn, startApp } from '../../fixtures/app.js'

const good = { username: 'username_example', password: 'Passw0rd-example' }

t.test('register', async (t) => {
  const app = await startApp(t)
  const response = await call(app, 'POST', '/register', { payload: good })
  t.equal(response.statusCode, 200)
  const { date_registered, ...rest } = response.json()
  t.same(rest, { id: 4, username: 'username_example' })
  t.match(date_registered, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/)
  t.type((await logIn(app, good.username, good.password)).access, 'string')
  const again = await call(app, 'POST', '/register', { payload: good })
  isError(t, again, 409, 'User with such username already exists')
  t.equal(again.json().error, 'User with such username already exists')
})

t.test('register refuses in the words of the forum', async (t) => {
  const app = await startApp(t)
  const refused: [object | undefined, string][] = [
    [undefined, 'Username is missing'],
    [{}, 'Username is missing'],
    [{ password: good.password }, 'Username is missing'],
    [{ username: good.username }, 'Password is missing'],
    [{ ...good, username: '' }, 'Username is missing'],
    [{ ...good, password: '' }, 'Password is missing'],
    [{ ...good, username: 'abcd' }, 'Bad username format'],
    [{ ...good, username: 'x'.repeat(21) }, 'Bad username format'],
    [{ ...good, username: 'with space' }, 'Bad username format'],
    [{ ...good, username: 'colon:name' }, 'Bad username format'],
    [{ ...good, username: 'únicode' }, 'Bad username format'],
    [{ ...good, username: 'newline\n' }, 'Bad username format'],
    [{ ...good, username: 5 }, 'Bad username format'],
    [{ ...good, username: null }, 'Bad username format'],
    [{ ...good, password: 'Ab1!' }, 'Bad password format'],
    [{ ...good, password: `Ab1!${'x'.repeat(37)}` }, 'Bad password format'],
    [{ ...good, password: 'ABCDEF1!' }, 'Bad password format'],
    [{ ...good, password: 'abcdef1!' }, 'Bad password format'],
    [{ ...good, password: 'Abcdefg!' }, 'Bad password format'],
    [{ ...good, password: 'Abcdefg1' }, 'Bad password format'],
    [{ ...good, password: 'Abcdef1?' }, 'Bad password format'],
    [{ ...good, password: 'Abcde 1!' }, 'Bad password format'],
    [{ username: 'abc', password: 'abc' }, 'Bad username format'],
    [{ ...good, admin: true }, 'The body is not valid: /admin is not known here.'],
  ]
  for (const [payload, message] of refused) {
    const response = await call(app, 'POST', '/register', payload ? { payload } : {})
    isError(t, response, 400, message)
    t.equal(response.json().error, message)
  }
  t.equal((await app.store.users.find({ limit: 1000 })).total, 3)
})

t.test('register takes what the document allows, to the last character', async (t) => {
  const app = await startApp(t)
  for (const [index, symbol] of [...'!@#$%^&*-_'].entries()) {
    const payload = { username: `abc${index}${symbol}`, password: `Abcdef1${symbol}` }
    t.equal((await call(app, 'POST', '/register', { payload })).statusCode, 200, symbol)
  }
  const longest = { username: 'x'.repeat(20), password: `Ab1!${'x'.repeat(36)}` }
  t.equal((await call(app, 'POST', '/register', { payload: longest })).statusCode, 200)
})

t.test('the document says of a registration what the server does', async (t) => {
  const app = await startApp(t)
  const { components } = (await call(app, 'GET', '/openapi.json')).json()
  const { username, password } = components.schemas.Registration.properties
  t.match(
    [username, password],
    [
      { minLength: 5, maxLength: 20 },
      { minLength: 8, maxLength: 40 },
    ],
  )
  // The document's own words, as the original program would have them.
  const isGood = (text: string, from: number, to: number) =>
    text.length >= from && text.length <= to && /^[!@#$%^&*\-_0-9A-Za-z]*$/.test(text)
  const isPassword = (text: string) =>
    isGood(text, 8, 40) && [/[a-z]/, /[A-Z]/, /[0-9]/, /[!@#$%^&*\-_]/].every((x) => x.test(text))
  const letters = fc.string({ unit: fc.constantFrom(...'aZ5!-_: é\n'), maxLength: 42 })
  const texts = fc.oneof(
    letters,
    letters.map((text) => text.replace(/[^\w!-]/g, '')),
  )
  fc.assert(
    fc.property(texts, (text) => {
      const fits = ({ minLength, maxLength, pattern, not }: typeof username) =>
        text.length >= minLength &&
        text.length <= maxLength &&
        new RegExp(pattern, 'u').test(text) &&
        !(not && new RegExp(not.pattern, 'u').test(text))
      return fits(username) === isGood(text, 5, 20) && fits(password) === isPassword(text)
    }),
  )
})

t.test('the same name registered at once makes one account', async (t) => {
  const app = await startApp(t)
  const responses = await Promise.all(
    Array.from({ length: 10 }, () => call(app, 'POST', '/register', { payload: good })),
  )
  t.same(responses.map(({ statusCode }) => statusCode).sort(), [200, ...Array(9).fill(409)])
  t.equal((await app.store.users.find({ limit: 1000 })).total, 4)
})

t.test('getProfile', async (t) => {
  const app = await startApp(t)
  const response = await call(app, 'GET', '/users/1')
  t.equal(response.statusCode, 200)
  t.match(response.json(), { date_registered: /Z$/, id: 1, username: 'user' })
  t.same(Object.keys(response.json()).sort(), ['date_registered', 'id', 'username'])
  const headers = { 'if-none-match': `${response.headers.etag}` }
  t.equal((await call(app, 'GET', '/users/1', { headers })).statusCode, 304)
  const missing = await call(app, 'GET', '/users/99')
  isError(t, missing, 404, 'User with id=99 was not found')
  t.equal(missing.json().error, 'User with id=99 was not found')
  isError(t, await call(app, 'GET', '/users/abc'), 400)
})
