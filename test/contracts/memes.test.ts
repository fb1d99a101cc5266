import t, { type Test } from 'tap'
import { curlTo } from '../fixtures/curl.js'
import { startProcess } from '../fixtures/process.js'

/** The memes API as its document has it: an admin, a user, and two templates. */
async function startMemes(t: Test) {
  const users = [
    {
      id: 1,
      username: 'my username',
      password: 'secretpassword',
      admin: true,
      public_id: 'e9572ee6-4b5e-45e4-a840-58a33b04b8a7',
    },
    { id: 2, username: 'somerandomusername', password: 'password' },
  ]
  const template = {
    title: 'Test thing',
    url: 'https://i.imgur.com/yYGxFJX.jpeg',
    posted: 'Mon, 12 Oct 2020 04:51:27 GMT',
  }
  const templates = [
    {
      ...template,
      id: 26,
      description: 'Done',
      username: 'somerandomusername',
      approved: true,
    },
    { ...template, id: 27, description: null, username: null, approved: false },
  ]
  const folder = t.testdir({ 'memes.json': JSON.stringify({ users, templates }) })
  const { url } = await startProcess(t, [`${folder}/memes.json`])
  return curlTo(url)
}

/** A form as Python's requests sends it for `data={…}`. */
function data(fields: Record<string, string>): string[] {
  return Object.entries(fields).flatMap(([name, value]) => ['--data-urlencode', `${name}=${value}`])
}

/**
 * Every call of the memes' document, in its order, against a real process. The contract settles what differs: no hash is
 * shown, and a template's boolean is `approved`.
 */
t.test("the memes document's calls answer as printed", async (t) => {
  const curl = await startMemes(t)

  const login = await curl('/login', '-u', 'my username:secretpassword')
  t.match(login, { status: 200, type: /^application\/json/, body: { token: /^eyJ/ } })
  const headers = ['-H', `x-access-token: ${login.body.token}`]

  const created = await curl(
    '/user',
    ...headers,
    ...data({ username: 'some usename', password: 'my password' }),
  )
  t.equal(created.status, 200)
  t.same(created.body, { message: 'User created successfully' })

  const users = await curl('/user', ...headers)
  t.equal(users.status, 200)
  const [me, , third] = users.body.users
  t.same(me, {
    admin: true,
    id: 1,
    password: '********',
    public_id: 'e9572ee6-4b5e-45e4-a840-58a33b04b8a7',
    username: 'my username',
  })
  t.match(third, { admin: false, id: 3, public_id: /^[0-9a-f-]{36}$/, username: 'some usename' })

  const user = `/user/${third.public_id}`
  t.same((await curl(user, ...headers)).body, { user: third })

  const promoted = await curl(user, '-X', 'PUT', ...headers)
  t.match(promoted, { status: 200, body: { message: 'The user has been promoted!' } })
  t.equal((await curl(user, ...headers)).body.user.admin, true)

  const deleted = await curl(user, '-X', 'DELETE', ...headers)
  t.match(deleted, { status: 200, body: { message: 'The user has been deleted!' } })
  t.match(await curl(user, ...headers), { status: 404, body: { message: 'no user found' } })

  const fields = data({ title: 'some title', url: 'http:/test.com', description: 'some desc' })
  const posted = await curl('/template', ...headers, ...fields)
  t.match(posted, { status: 200, body: { message: 'Post created' } })

  const templates = await curl('/template', ...headers)
  t.equal(templates.status, 200)
  const [first, second, own] = templates.body.templates
  t.same(first, {
    description: 'Done',
    id: 26,
    posted: 'Mon, 12 Oct 2020 04:51:27 GMT',
    title: 'Test thing',
    url: 'https://i.imgur.com/yYGxFJX.jpeg',
    username: 'somerandomusername',
    user_id: 'somerandomusername',
    approved: true,
  })
  t.match(second, { description: null, id: 27, username: null, user_id: null, approved: false })
  t.match(own, { id: 28, title: 'some title', url: 'http:/test.com', description: 'some desc' })

  const filtered = await curl('/', ...headers)
  t.equal(filtered.status, 200)
  t.same(filtered.body, { templates: [first, own] })

  t.same((await curl('/template/26', ...headers)).body, { template: first })

  const updated = await curl('/template/26', '-X', 'PUT', ...headers, ...fields)
  t.match(updated, { status: 200, body: { message: 'Post Updated' } })

  const removed = await curl('/template/26', '-X', 'DELETE', ...headers)
  t.match(removed, { status: 200, body: { message: 'The post has been deleted' } })

  t.match(await curl('/template'), { status: 401, body: { message: /^A token is needed\./ } })
})
