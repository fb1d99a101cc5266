import { execFile } from 'node:child_process'
import { createHash } from 'node:crypto'
import { promisify } from 'node:util'
import t from 'tap'
import { curlTo, json } from '../fixtures/curl.js'
import { startProcess } from '../fixtures/process.js'

const API = '/api/v1'

/** Every route of the registry's document, in its order, with real curl against a real process. */
t.test("the registry document's routes answer as it says", async (t) => {
  const { url } = await startProcess(t)
  const curl = curlTo(url)
  const folder = t.testdir({ 'file.txt': 'the content of a file\n', empty: '' })
  const user = { username: 'somebody', password: 'secret' }

  const added = await curl(`${API}/user/add`, ...json(user))
  t.match(added, { status: 200, body: { id: 4, username: 'somebody' } })
  t.match(await curl(`${API}/user/add`, ...json(user)), {
    status: 409,
    body: { message: 'username is already in use' },
  })
  t.match(await curl(`${API}/user/add`, ...json({ username: 'x' })), { status: 400 })

  const { body: users } = await curl(`${API}/admin/user_list`)
  t.same(users.at(-1), { id: 4, username: 'somebody' })

  const login = await curl(`${API}/user/get_token`, ...json(user))
  t.match(login, { status: 200, body: { token: /^eyJ/ } })
  t.match(await curl(`${API}/user/get_token`, ...json({ ...user, password: 'x' })), { status: 401 })
  t.match(await curl(`${API}/user/get_token`, ...json({ ...user, username: 'nobody' })), {
    status: 404,
  })
  const token = ['-H', `token: ${login.body.token}`]

  const file = ['-F', `file=@${folder}/file.txt;type=text/plain`]
  const odd = (parameters: object) => {
    const filename = JSON.stringify(parameters).replaceAll('"', '\\"')
    return ['-F', `json=@${folder}/empty;filename="${filename}";type=application/json`]
  }
  const uploads: [string, string[]][] = [
    ['packages', [...odd({ package_name: 'pkg', tag: 'one' }), ...file]],
    ['packages', [...file, ...odd({ package_name: 'other', tag: 'one' })]],
    ['pkg', [...odd({ tag: 'two' }), ...file]],
    ['pkg/three', [...odd({}), ...file]],
  ]
  for (const [path, form] of uploads) {
    t.match(await curl(`${API}/${path}`, ...token, ...form), {
      status: 200,
      body: { package_id: Number, tag_id: Number },
    })
    t.match(await curl(`${API}/${path}`, ...token, ...form), { status: 409 })
    t.match(await curl(`${API}/${path}`, ...form), { status: 401 })
  }
  t.match(await curl(`${API}/packages`, ...token, ...odd({ tag: 'x' }), ...file), { status: 400 })

  const all = await curl(`${API}/packages`, ...token)
  t.same(all.body, [
    { id: 1, title: 'pkg' },
    { id: 2, title: 'other' },
  ])
  const found = await curl(`${API}/packages`, '-X', 'GET', ...token, ...json({ search: 'k' }))
  t.same(found.body, [{ id: 1, title: 'pkg' }])
  const tags = await curl(`${API}/pkg`, '-X', 'GET', ...token, ...json({ search: 't' }))
  t.same(tags.body, [
    { id: 3, tag: 'two' },
    { id: 4, tag: 'three' },
  ])
  t.match(await curl(`${API}/none`, ...token), { status: 404 })

  const download = await promisify(execFile)('curl', ['-sS', `${url}${API}/pkg/two`, ...token])
  t.equal(download.stdout, 'the content of a file\n')
  t.match(await curl(`${API}/pkg/none`, ...token), { status: 404, type: /^application\/json/ })

  const revoked = await curl(`${API}/user/invalidate_token`, ...token, ...json(user))
  t.match(revoked, { status: 200, body: { message: 'token has been revoked' } })
  t.match(await curl(`${API}/packages`, ...token), { status: 401 })
})

/** What Python's requests sends for `files={'json': (json.dumps(…), '', 'application/json'), 'file': …}`, byte for byte. */
const bodies: Record<string, string> = {
  'urllib3 2': 'filename="{%22package_name%22: %22pkg%22, %22tag%22: %22one%22}"',
  'urllib3 before 1.25':
    "filename*=utf-8''%7B%22package_name%22%3A%20%22pkg%22%2C%20%22tag%22%3A%20%22one%22%7D",
  'backslashes, as curl before 7.81':
    'filename="{\\"package_name\\": \\"pkg\\", \\"tag\\": \\"one\\"}"',
}
for (const [client, filename] of Object.entries(bodies)) {
  t.test(`the JSON in a filename as ${client} writes it`, async (t) => {
    const { url } = await startProcess(t)
    const post = (path: string, headers: Record<string, string>, body: string) =>
      fetch(`${url}${API}/${path}`, { method: 'POST', headers, body })
    const credentials = JSON.stringify({ username: 'user', password: 'password' })
    const login = await post('user/get_token', { 'content-type': 'application/json' }, credentials)
    const { token } = JSON.parse(await login.text())
    const content = 'bytes\r\n--not the boundary\r\n'
    const body = [
      '--0123456789abcdef',
      `Content-Disposition: form-data; name="json"; ${filename}`,
      'Content-Type: application/json',
      '',
      '',
      '--0123456789abcdef',
      'Content-Disposition: form-data; name="file"; filename="file.bin"',
      'Content-Type: application/octet-stream',
      '',
      content,
      '--0123456789abcdef--',
      '',
    ].join('\r\n')
    const type = 'multipart/form-data; boundary=0123456789abcdef'
    const response = await post('packages', { token, 'content-type': type }, body)
    t.equal(response.status, 200)
    t.same(await response.json(), { package_id: 1, tag_id: 1 })
    const download = await fetch(`${url}${API}/pkg/one`, { headers: { token } })
    t.equal(await download.text(), content)
    const sha256 = createHash('sha256').update(content).digest('hex')
    t.equal(download.headers.get('etag'), `"${sha256}"`)
  })
}
