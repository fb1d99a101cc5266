import t, { type Test } from 'tap'
import { startProcess } from '../fixtures/process.js'
import { untilEnded } from '../fixtures/tasks.js'

interface Answer {
  readonly status: number
  readonly data: Record<string, unknown>
}

/** Calls as axios makes them: JSON both ways, and what isn't 2xx is thrown with its answer. */
function axiosTo(url: string) {
  return async (method: string, path: string, data?: object, headers = {}): Promise<Answer> => {
    const json = { accept: 'application/json, text/plain, */*', 'content-type': 'application/json' }
    const response = await fetch(url + path, {
      method,
      headers: { ...json, ...headers },
      ...(data ? { body: JSON.stringify(data) } : {}),
    })
    const answer = { status: response.status, data: Object(await response.json()) }
    if (!response.ok) throw Object.assign(new Error('Request failed'), { response: answer })
    return answer
  }
}

/** What a form of the page shows where a call is refused. */
async function errorOf(t: Test, call: Promise<Answer>): Promise<unknown> {
  const error = await call.catch((error: unknown) => error)
  t.type(error, Error)
  return Object(error).response?.data.error
}

t.test('the forum front end: a form, a cookie for a year, pages', async (t) => {
  const { url } = await startProcess(t)
  const axios = axiosTo(url)

  // The form sends its fields as they are, filled in or not.
  const empty = { username: '', password: '' }
  t.equal(await errorOf(t, axios('POST', '/register', empty)), 'Username is missing')
  t.equal(
    await errorOf(t, axios('POST', '/login', { ...empty, username: 'reader' })),
    'Password is missing',
  )
  const account = { username: 'reader_1', password: 'Passw0rd-1' }
  t.match((await axios('POST', '/register', account)).data, { username: 'reader_1', id: Number })
  const login = await axios('POST', '/login', account)

  // The cookie; without one the page sends what it has: nothing.
  const cookie = { 'access-token': String(login.data['access-token']) }
  const noCookie = { 'access-token': '' }
  t.match((await axios('POST', '/verify-token', cookie)).data, { username: 'reader_1' })
  t.equal(
    await errorOf(t, axios('POST', '/verify-token', noCookie)),
    'Access-token is missing. Log in, please',
  )
  const lifetime = lifetimeOf(cookie['access-token'])
  t.equal(lifetime, 30 * 24 * 60 * 60, 'a visit next week needs no login')

  const text = { title: 'A title', text: 'A text' }
  t.equal(
    await errorOf(t, axios('POST', '/articles/new', { ...text, title: '', ...cookie })),
    'Article title is missing',
  )
  const { data: article } = await axios('POST', '/articles/new', { ...text, ...cookie })
  t.match((await axios('GET', '/articles?page=1')).data, {
    articles: [{ id: article.id, 'author.username': 'reader_1' }],
    next: true,
  })
  const edit = { ...text, text: 'Another text', ...cookie }
  t.match((await axios('PUT', `/articles/${article.id}/edit`, edit)).data, {
    text: 'Another text',
  })
  t.equal(
    await errorOf(t, axios('DELETE', '/articles/1/delete', cookie)),
    'You can delete only own article',
  )
  t.equal((await axios('DELETE', `/articles/${article.id}/delete`, cookie)).status, 200)
  t.equal(
    await errorOf(t, axios('GET', `/articles/${article.id}`)),
    `Article with id=${article.id} was not found`,
  )
})

t.test('the plans front end: _id, a task until it is done, files by their names', async (t) => {
  const { url } = await startProcess(t)
  const axios = axiosTo(url)
  const basic = { authorization: `Basic ${btoa('guest:guest')}` }
  const { data: login } = await axios('GET', '/login', undefined, basic)
  t.match(login, { username: 'guest', project: 'none', project_description: '' })
  t.equal(lifetimeOf(String(login.access_token)), 30 * 24 * 60 * 60, 'it never refreshes')
  const headers = { authorization: `Bearer ${login.access_token}` }

  t.match((await axios('POST', '/dmps', { title: 'Tides' }, headers)).data, { ok: true })
  const [plan] = Object.values(Object((await axios('GET', '/dmps', undefined, headers)).data))
  const { _id: id } = Object(plan)
  t.type(id, 'string')

  // A form sends back all that it was given.
  const changed = { ...Object(plan), licence: 'CC0' }
  t.match((await axios('PUT', `/dmps/${id}`, changed, headers)).data, { ok: true })
  t.same((await axios('GET', `/dmps/${id}`, undefined, headers)).data, changed)

  await axios('POST', '/tasks', { dmp: id }, headers)
  const list = () => axios('GET', `/tasks?id_dmp=${id}`, undefined, headers)
  const [task] = Object.values(Object((await list()).data))
  const done = await untilEnded(
    async () => Object(await axios('GET', `/tasks/${Object(task)._id}`, undefined, headers)).data,
  )
  t.equal(done.status, 'done')
  for (const [format, name, start] of [
    ['docx', done.url_docx, 'PK'],
    ['pdf', done.url_pdf, '%PDF'],
  ] as const) {
    const response = await fetch(`${url}/resources/${format}/${name}`, { headers })
    t.equal(response.status, 200)
    t.match(response.headers.get('content-disposition'), `filename="${name}"`)
    t.ok((await response.text()).startsWith(start))
  }
  const ready = await axios('GET', '/tasks?status=done', undefined, headers)
  t.match(ready.data, [{ _id: Object(task)._id }])

  t.match((await axios('DELETE', `/dmps/${id}`, undefined, headers)).data, { ok: true })
  await axios('DELETE', '/logout', undefined, headers)
  t.type(await errorOf(t, axios('GET', '/dmps', undefined, headers)), 'string')
})

/** How long a token lives, in seconds, as a client reads it. */
function lifetimeOf(token: string): number {
  const { iat, exp } = JSON.parse(atob(token.split('.')[1] ?? ''))
  return exp - iat
}
