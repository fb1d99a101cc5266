import t, { type Test } from 'tap'
import { curlTo, json } from '../fixtures/curl.js'
import { startProcess } from '../fixtures/process.js'

const AUTHOR = { user_id: 1, 'author.username': 'username_axample' }

/** The forum as its document has it: two articles on the first page, three by the second user, of a page size of three. */
async function startForum(t: Test) {
  const users = [
    {
      id: 1,
      username: 'username_axample',
      password: 'password_example',
      date_registered: '2020-02-02T00:17:25.387019Z',
    },
    { id: 2, username: 'another', password: 'password' },
  ]
  const article = (id: number, title: string, date_posted: string, user_id = 1) => ({
    ...{ id, title, text: 'Hello world, firstly', user_id, date_posted },
  })
  const articles = [
    article(1, '1st articlem edited', '2020-02-02T00:17:49.735642Z'),
    article(2, 'Text 2', '2020-02-02T00:17:49.735642Z', 2),
    article(22, '2nd article', '2020-02-04T03:40:00Z'),
    article(23, '2nd article', '2020-02-04T03:44:40.030282Z'),
    article(24, '2nd article', '2020-02-04T03:46:04.264139Z'),
    article(25, '2nd article', '2020-02-04T03:48:45.259224Z'),
  ]
  const folder = t.testdir({ 'forum.json': JSON.stringify({ users, articles }) })
  const { url } = await startProcess(t, [`${folder}/forum.json`], {
    env: { FORUM_PAGE_SIZE: '3' },
  })
  return curlTo(url)
}

/**
 * Every call of the forum's document, in its order, against a real process; the texts are as printed there. Dates have three
 * places after the point and a Z, as the contract settles, and every article names its author.
 */
t.test("the forum document's calls answer as printed", async (t) => {
  const curl = await startForum(t)
  const { body: login } = await curl(
    '/login',
    ...json({ username: 'username_axample', password: 'password_example' }),
  )
  const token = { 'access-token': login['access-token'] }

  const listed = (id: number, date_posted: string) => ({
    ...{ id, title: '2nd article', ...AUTHOR, date_posted },
  })
  const newest = [
    listed(25, '2020-02-04T03:48:45.259Z'),
    listed(24, '2020-02-04T03:46:04.264Z'),
    listed(23, '2020-02-04T03:44:40.030Z'),
  ]

  // 1. GET '/articles?page={n}'
  t.match(await curl('/articles'), { status: 200, type: /^application\/json/ })
  t.same((await curl('/articles')).body, { articles: newest, next: true })
  const { body: second } = await curl('/articles?page=2')
  t.same(
    second.articles.map(({ id }: { id: number }) => id),
    [22, 2, 1],
  )
  t.same(second.next, false)
  t.match(await curl('/articles?page=3'), { status: 200, body: { articles: [], next: false } })

  // 2. GET '/articles/{id}'
  const first = {
    ...{ id: 1, title: '1st articlem edited', text: 'Hello world, firstly', ...AUTHOR },
    date_posted: '2020-02-02T00:17:49.735Z',
  }
  t.same((await curl('/articles/1')).body, first)
  const unknown = { statusCode: 404, error: 'Article with id=222 was not found' }
  t.match(await curl('/articles/222'), { status: 404, body: unknown })

  // 3. POST '/articles/new'
  const article = { title: 'New article title', text: 'New article text' }
  const created = await curl('/articles/new', '-X', 'POST', ...json({ ...article, ...token }))
  t.equal(created.status, 200)
  t.match(created.body, { id: 26, ...article, ...AUTHOR, date_posted: /^\d{4}-.*Z$/ })
  const refused: [object, number, string][] = [
    [{ text: 'New article text', ...token }, 400, 'Article title is missing'],
    [{ title: 'New article title', ...token }, 400, 'Article text is missing'],
    [article, 401, 'Access-token is missing. Log in, please'],
    [
      { ...article, 'access-token': 'access.token.example' },
      401,
      'Invalid access-token. Log in please',
    ],
  ]
  for (const [body, status, error] of refused) {
    t.match(await curl('/articles/new', ...json(body)), { status, body: { error } })
    const edit = ['/articles/1/edit', '-X', 'PUT', ...json(body)] as const
    t.match(await curl(...edit), { status, body: { error } })
  }

  // 4. PUT '/articles/{id}/edit'
  const edition = { title: '1st articlem edited', text: 'Hello world, edited' }
  const put = (id: number) =>
    curl(`/articles/${id}/edit`, '-X', 'PUT', ...json({ ...edition, ...token }))
  t.match(await put(1), { status: 200, body: { ...first, ...edition } })
  t.match(await put(222), { status: 404, body: { error: 'Article with id=222 was not found' } })
  t.match(await put(2), { status: 403, body: { error: 'You can edit only own article' } })

  // 5. DELETE '/articles/{id}/delete'
  const remove = (id: number) => curl(`/articles/${id}/delete`, '-X', 'DELETE', ...json(token))
  t.match(await remove(1), { status: 200, body: { ...first, ...edition } })
  t.match(await remove(1), { status: 404, body: { error: 'Article with id=1 was not found' } })
  t.match(await remove(2), { status: 403, body: { error: 'You can delete only own article' } })

  // 6. POST '/register'
  const registration = { username: 'username_example', password: 'Passw0rd_example' }
  const registered = await curl('/register', '-X', 'POST', ...json(registration))
  t.equal(registered.status, 200)
  t.match(registered.body, { date_registered: /Z$/, id: 3, username: 'username_example' })
  const registrations: [object, number, string][] = [
    [{ password: 'password_example' }, 400, 'Username is missing'],
    [{ username: 'username_example' }, 400, 'Password is missing'],
    [registration, 409, 'User with such username already exists'],
    [{ ...registration, username: 'bad name' }, 400, 'Bad username format'],
    [{ ...registration, password: 'password_example' }, 400, 'Bad password format'],
  ]
  for (const [body, status, error] of registrations) {
    t.match(await curl('/register', ...json(body)), { status, body: { error } })
  }

  // 7. POST '/login'
  t.match(login, { 'access-token': /^eyJ/, user_id: 1, username: 'username_axample' })
  const logins: [object, number, string][] = [
    [{ username: 'username_axample', password: 'x' }, 401, 'Uncorrect username or/and password'],
    [{ password: 'password_example' }, 400, 'Username is missing'],
    [{ username: 'username_axample' }, 400, 'Password is missing'],
  ]
  for (const [body, status, error] of logins) {
    t.match(await curl('/login', '-X', 'POST', ...json(body)), { status, body: { error } })
  }

  // 8. GET '/users/{id}'
  t.same((await curl('/users/1')).body, {
    date_registered: '2020-02-02T00:17:25.387Z',
    id: 1,
    username: 'username_axample',
  })
  const nobody = { status: 404, body: { error: 'User with id=99 was not found' } }
  t.match(await curl('/users/99'), nobody)

  // 9. GET '/users/{id}/articles?page={n}'
  const { body: own } = await curl('/users/1/articles?page=2')
  t.same(own, { articles: [newest[2], listed(22, '2020-02-04T03:40:00.000Z')], next: false })
  t.match(await curl('/users/99/articles'), nobody)

  // 10. POST '/verify-token'
  const verified = await curl('/verify-token', '-X', 'POST', ...json(token))
  t.equal(verified.status, 200)
  t.same(verified.body, { username: 'username_axample', id: 1 })
})
