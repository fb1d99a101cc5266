import fc from 'fast-check'
import type { FastifyInstance } from 'fastify'
import t from 'tap'
import { call, isError, logIn, startApp } from '../../fixtures/app.js'

const FORM = 'application/x-www-form-urlencoded'

async function post(app: FastifyInstance, payload: string | Buffer, type = FORM) {
  const { access: token } = await logIn(app)
  return call(app, 'POST', '/template', { token, payload, headers: { 'content-type': type } })
}

t.test('a form is read as browsers and requests send it', async (t) => {
  const app = await startApp(t)
  const sent: [string, string, string][] = [
    ['title=a+b&url=http://a', FORM, 'a b'],
    ['title=a%20b&url=http://a', FORM, 'a b'],
    ['title=%C3%A9&url=http://a', `${FORM}; charset=UTF-8`, 'é'],
    ['title=é&url=http://a', FORM, 'é'],
    ['title=%2B%26%3D%25&url=http://a', FORM, '+&=%'],
    ['title=a=b&url=http://a', FORM, 'a=b'],
    ['&title=x&&url=http://a&', FORM, 'x'],
  ]
  for (const [payload, type, title] of sent) {
    t.equal((await post(app, payload, type)).statusCode, 200, payload)
    t.equal((await app.store.templates.find({ limit: 1000 })).items.at(-1)?.title, title)
  }
})

t.test('what is not UTF-8 is refused, and nothing is stored', async (t) => {
  const app = await startApp(t)
  for (const title of ['%FF', '%E0%A4%A', '%', '%zz', '%C3', '%ED%A0%80']) {
    const response = await post(app, `title=${title}&url=http://a`)
    isError(t, response, 400, /^The body is not a valid form/)
  }
  const bytes = Buffer.concat([Buffer.from('url=http://a&title='), Buffer.from([0xff])])
  isError(t, await post(app, bytes), 400, /^The body is not a valid form/)
  t.equal((await app.store.templates.find({ limit: 1000 })).total, 5)
})

t.test('a form has a thousand fields at most', async (t) => {
  const app = await startApp(t)
  const form = Array.from({ length: 1000 }, (_, index) => `field${index}=`).join('&')
  isError(t, await post(app, form), 400)
  for (const more of [`${form}&one=more`, 'x=&'.repeat(300_000)]) {
    isError(t, await post(app, more), 413, 'The body has too many fields.')
  }
  isError(t, await post(app, 'x'.repeat(1024 * 1024 + 1)), 413, 'The body is too large.')
})

t.test('other APIs read no forms', async (t) => {
  const app = await startApp(t)
  const headers = { 'content-type': FORM }
  const payload = 'username=user&password=password'
  isError(t, await call(app, 'POST', '/auth/login', { headers, payload }), 415)
  isError(t, await call(app, 'POST', '/login', { headers, payload }), 415)
  const { access: token } = await logIn(app)
  const xml = { 'content-type': 'text/xml' }
  const both = await call(app, 'POST', '/template', { token, headers: xml, payload: '<a/>' })
  isError(t, both, 415, /Send application\/json or application\/x-www-form-urlencoded, and/)
})

t.test('any text comes back as it was sent', async (t) => {
  const app = await startApp(t)
  const { access: token } = await logIn(app)
  const text = fc.string({ unit: 'binary', minLength: 1, maxLength: 100 })
  await fc.assert(
    fc.asyncProperty(text, async (title) => {
      const payload = new URLSearchParams({ title, url: 'http://a' }).toString()
      const headers = { 'content-type': FORM }
      const response = await call(app, 'POST', '/template', { token, headers, payload })
      const { items } = await app.store.templates.find({ limit: 1000 })
      return response.statusCode === 200 && items.at(-1)?.title === title
    }),
  )
})
