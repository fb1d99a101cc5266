import { execFile } from 'node:child_process'
import { readdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import type { FastifyInstance, LightMyRequestResponse } from 'fastify'
import t, { type Test } from 'tap'
import type { Options } from '../../../config.js'
import { call, isError, logIn, startApp } from '../../fixtures/app.js'
import { settleFiles, watchFiles } from '../../fixtures/files.js'
import {
  ask,
  chunk,
  END,
  field,
  folderIn,
  form,
  head,
  openConnection,
  part,
  startRegistry,
  until,
} from '../../fixtures/multipart.js'
import { startProcess } from '../../fixtures/process.js'

const POSTS = [{ id: 1, title: 'One' }]

interface FileValue {
  readonly name: string
  readonly type: string
  readonly size: number
  readonly url: string
}

type Fields = Readonly<Record<string, string | Blob | readonly (string | Blob)[]>>

/** Sends a form as browsers do. */
async function send(
  app: FastifyInstance,
  method: string,
  url: string,
  fields: Fields,
  token?: string,
): Promise<LightMyRequestResponse> {
  const body = new FormData()
  for (const [name, values] of Object.entries(fields)) {
    for (const value of [values].flat()) {
      if (typeof value === 'string') body.append(name, value)
      else body.append(name, value, `${name}.txt`)
    }
  }
  const request = new Request('http://localhost', { method: 'POST', body })
  return call(app, method, url, {
    payload: Buffer.from(await request.arrayBuffer()),
    headers: { 'content-type': `${request.headers.get('content-type')}` },
    ...(token === undefined ? {} : { token }),
  })
}

const text = (content: string, type = 'text/plain') => new Blob([content], { type })
const pathOf = ({ url }: FileValue) => new URL(url).pathname

async function start(t: Test, data: object = { posts: POSTS }, options: Options = {}) {
  const names = watchFiles(t)
  const app = await startApp(t, { data, ...options })
  /** How many files there are on the disk. */
  const kept = async () => {
    await settleFiles(app)
    return (await names()).length
  }
  return { app, kept }
}

t.test('a form with a file creates a record that has it', async (t) => {
  const { app, kept } = await start(t)
  const created = await send(app, 'POST', '/posts', { title: 'Two', photo: text('the photo') })
  t.equal(created.statusCode, 201)
  t.match(created.headers, { location: 'http://localhost:80/posts/2', etag: String })
  const { photo, ...rest } = created.json()
  t.same(rest, { id: 2, title: 'Two' })
  t.match(photo, {
    name: 'photo.txt',
    type: 'text/plain',
    size: 9,
    url: /^http:\/\/localhost:80\/posts\/2\/files\/[0-9a-f]{24}$/,
  })
  t.same((await call(app, 'GET', '/posts/2')).json(), created.json())

  const whole = await call(app, 'GET', pathOf(photo))
  t.equal(whole.statusCode, 200)
  t.equal(whole.body, 'the photo')
  const { etag } = whole.headers
  const known = await call(app, 'GET', pathOf(photo), { headers: { 'if-none-match': `${etag}` } })
  t.equal(known.statusCode, 304)
  const range = await call(app, 'GET', pathOf(photo), { headers: { range: 'bytes=4-' } })
  t.equal(range.statusCode, 206)
  t.equal(range.body, 'photo')
  const beyond = await call(app, 'GET', pathOf(photo), { headers: { range: 'bytes=99-' } })
  isError(t, beyond, 416)
  t.equal((await call(app, 'HEAD', pathOf(photo))).headers['content-length'], '9')
  for (const path of ['/posts/1/files/x', '/posts/99/files/x', pathOf(photo).replace('/2/', '/1/')])
    isError(t, await call(app, 'GET', path), 404)
  t.equal(await kept(), 1)
  await call(app, 'DELETE', '/posts/2')
  isError(t, await call(app, 'GET', pathOf(photo)), 404)
  t.equal(await kept(), 0)
})

t.test('several files of one name are a list, in their order', async (t) => {
  const { app } = await start(t)
  const { photos, tags } = (
    await send(app, 'POST', '/posts', {
      photos: [text('a'), text('b'), text('a')],
      tags: ['x', 'y'],
    })
  ).json()
  t.same(tags, ['x', 'y'])
  const contents = await Promise.all(
    photos.map(async (file: FileValue) => (await call(app, 'GET', pathOf(file))).body),
  )
  t.same(contents, ['a', 'b', 'a'])
})

t.test('a file stays for as long as the record has its address', async (t) => {
  const { app, kept } = await start(t)
  const created = await send(app, 'POST', '/posts', { title: 'Two', photo: text('first') })
  const { photo } = created.json()
  const json = (method: string, payload: object) => call(app, method, '/posts/2', { payload })
  await json('PATCH', { title: 'Dos' })
  await json('PUT', { title: 'Dos', deep: [{ moved: photo }] })
  t.equal((await call(app, 'GET', pathOf(photo))).body, 'first', 'wherever it is')
  const replaced = await send(app, 'PATCH', '/posts/2', { photo: text('second') })
  t.equal(replaced.statusCode, 200)
  t.equal(await kept(), 2)
  const put = await send(app, 'PUT', '/posts/2', { photo: text('third') })
  t.match(put.json(), { id: 2, photo: { size: 5 } })
  t.equal(await kept(), 1)
  isError(t, await call(app, 'GET', pathOf(photo)), 404)
  await json('PATCH', { photo: null })
  t.equal(await kept(), 0)
})

t.test("a file goes with a record that goes with another's", async (t) => {
  const { app, kept } = await start(t, { posts: POSTS, comments: [{ id: 1, postId: 1 }] })
  const nested = await send(app, 'POST', '/posts/1/comments', { file: text('x') })
  t.match(nested.json(), { postId: 1, file: { url: /\/comments\/2\/files\// } })
  t.equal(await kept(), 1)
  await call(app, 'DELETE', '/posts/1')
  t.equal(await kept(), 0)
})

t.test("an address that is forged is no way to another record's file", async (t) => {
  const { app, kept } = await start(t)
  const { photo } = (await send(app, 'POST', '/posts', { photo: text('mine') })).json()
  const forged = { photo: { ...photo, size: 1e9, type: 'text/html' } }
  await call(app, 'PATCH', '/posts/1', { payload: forged })
  isError(t, await call(app, 'GET', pathOf(photo).replace('/2/', '/1/')), 404)
  await call(app, 'PATCH', '/posts/2', { payload: forged })
  const { headers } = await call(app, 'GET', pathOf(photo))
  t.match(headers, { 'content-length': '4', 'content-type': /^text\/plain/ })
  await call(app, 'DELETE', '/posts/1')
  t.equal(await kept(), 1)
  await call(app, 'DELETE', '/posts/2')
  t.equal(await kept(), 0)
})

t.test('what could run in a browser is saved there, and not shown', async (t) => {
  const { app } = await start(t)
  for (const [type, isShown] of [
    ['image/png', true],
    ['text/plain', true],
    ['image/svg+xml', false],
    ['text/html', false],
    ['application/pdf', false],
  ] as const) {
    const { file } = (await send(app, 'POST', '/posts', { file: text('<script>', type) })).json()
    const { headers } = await call(app, 'GET', pathOf(file))
    t.match(headers['content-type'], type)
    t.match(headers['content-disposition'], isShown ? /^inline;/ : /^attachment;/, type)
    t.match(headers['content-security-policy'], isShown ? /default-src 'none'/ : /sandbox/)
    t.equal(headers['x-content-type-options'], 'nosniff')
    t.equal(headers['cross-origin-resource-policy'], 'cross-origin', 'an <img> elsewhere shows it')
  }
})

const file = (content: string | Uint8Array, filename = 'a.txt') =>
  part(
    `Content-Disposition: form-data; name="file"; filename="${filename}"\r\nContent-Type: a b`,
    content,
  )

t.test('what is sent is named safely, or refused', async (t) => {
  const { app, kept } = await start(t)
  const post = (payload: Buffer, type = 'multipart/form-data; boundary=the-boundary') =>
    call(app, 'POST', '/posts', { payload, headers: { 'content-type': type } })
  const odd = (await post(form(file('x', '../a\u202e%22.html')))).json()
  t.match(odd.file, { name: 'a".html', type: 'application/octet-stream' })
  isError(t, await post(form(field('__proto__', 'x'), file('x'))), 400)
  isError(t, await post(form(field('id', ''), file('x'))), 400)
  isError(t, await post(file('x')), 400)
  isError(t, await post(form(file('x')), 'multipart/form-data'), 400)
  isError(t, await post(form(file('x'), field('id', '1'))), 409)
  isError(t, await post(form(file('x'), field('a', 'x'.repeat(65_537)))), 413)
  const many = Array.from({ length: 101 }, () => file('x'))
  isError(t, await post(form(...many)), 413)
  t.same((await post(Buffer.from(END))).statusCode, 201, 'a form with nothing in it')
  const jsonPart = part(
    'Content-Disposition: form-data; name="tags"\r\nContent-Type: application/json',
    '["a",{"b":1}]',
  )
  t.match((await post(form(jsonPart))).json(), { tags: ['a', { b: 1 }] })
  t.equal(await kept(), 1, 'what was refused is not kept')
  for (const [method, path] of [
    ['DELETE', '/posts/1'],
    ['PUT', '/posts'],
  ] as const) {
    const { statusCode } = await send(app, method, path, { file: text('x') })
    t.ok([405, 415].includes(statusCode), `${method} ${path} ${statusCode}`)
  }
})

t.test('a single resource has no files', async (t) => {
  const { app, kept } = await start(t, { profile: { name: 'x' } })
  isError(t, await send(app, 'PUT', '/profile', { file: text('x') }), 415)
  t.equal(await kept(), 0)
})

const OWNED = {
  users: [
    { id: 1, username: 'ann', password: 'password' },
    { id: 2, username: 'bob', password: 'password' },
  ],
  notes: [{ id: 1, text: "ann's", userId: 1 }],
  $collections: {
    notes: { access: { read: 'owner', create: 'user', change: 'owner' }, owner: 'userId' },
  },
}

t.test('files have the access of their records', async (t) => {
  const { app, kept } = await start(t, OWNED)
  const { access: ann } = await logIn(app, 'ann')
  const { access: bob } = await logIn(app, 'bob')
  isError(t, await send(app, 'POST', '/notes', { file: text('x') }), 401)
  const { file } = (await send(app, 'PATCH', '/notes/1', { file: text('hers') }, ann)).json()
  t.equal((await call(app, 'GET', pathOf(file), { token: ann })).body, 'hers')
  isError(t, await call(app, 'GET', pathOf(file)), 401)
  isError(t, await call(app, 'GET', pathOf(file), { token: bob }), 404)
  isError(t, await send(app, 'PATCH', '/notes/1', { file: text('his') }, bob), 403)
  isError(t, await send(app, 'PUT', '/notes/99', { file: text('his') }, bob), 404)
  t.equal(await kept(), 1)

  isError(t, await send(app, 'PATCH', '/users/1', { avatar: text('x') }), 401)
  isError(t, await send(app, 'PATCH', '/users/1', { avatar: text('x') }, bob), 403)
  const { avatar } = (await send(app, 'PATCH', '/users/1', { avatar: text('me') }, ann)).json()
  t.equal((await call(app, 'GET', pathOf(avatar))).body, 'me')
  const eve = await send(app, 'POST', '/users', {
    username: 'eve',
    password: 'a password',
    avatar: text('eve'),
  })
  t.match(eve.json(), { username: 'eve', avatar: { size: 3 }, password: undefined })
  t.type((await logIn(app, 'eve', 'a password')).access, 'string')
  isError(t, await send(app, 'POST', '/users', { username: 'x', password: text('x') }), 400)
  isError(t, await send(app, 'PUT', '/users/1', { passwordHash: 'x', a: text('x') }, ann), 400)
  t.equal(await kept(), 3)
})

t.test('a shape that is frozen holds texts and files', async (t) => {
  const photo = { name: 'a', type: 'image/png', size: 1, url: 'http://localhost/a' }
  const data = { posts: [{ id: 1, title: 'One', views: 5, photo }] }
  const { app, kept } = await start(t, data, { enforce: true })
  const full = { title: '7', views: '7', photo: text('x') }
  const created = await send(app, 'POST', '/posts', full)
  t.match(created.json(), { title: '7', views: 7, photo: { size: 1 } }, 'a number is JSON')
  isError(t, await send(app, 'POST', '/posts', { ...full, views: 'many' }), 400, /views/)
  isError(t, await send(app, 'POST', '/posts', { ...full, title: text('x') }), 400, /title/)
  isError(t, await send(app, 'POST', '/posts', { ...full, photo: 'x' }), 400, /photo/)
  isError(t, await send(app, 'POST', '/posts', { title: 'x' }), 400, /missing/)
  t.equal((await send(app, 'PATCH', '/posts/1', { photo: text('y') })).statusCode, 200)
  t.equal(await kept(), 2)
  const { components } = (await call(app, 'GET', '/openapi.json')).json()
  t.match(components.schemas.PostUpload.properties, {
    title: { type: 'string' },
    views: { contentMediaType: 'application/json', contentSchema: { type: 'integer' } },
    photo: { format: 'binary' },
  })
})

t.test('files are bounded together, and refused before they are read', async (t) => {
  const data = { posts: POSTS }
  const { url, folder } = await startRegistry(t, { data, uploadLimit: 1024 })
  const early = await openConnection(t, url)
  await early.send(head('/posts', { length: 3_000_000 }))
  t.equal((await early.answer()).status, 413)
  const large = await ask(t, url, '/posts', { body: form(file('x'.repeat(1025))) })
  t.equal(large.status, 413)
  const late = await openConnection(t, url)
  await late.send(head('/posts', {}))
  for (let count = 0; count < 1200; count++) await late.send(chunk(file('x'.repeat(1000))))
  t.equal((await late.answer()).status, 413)
  const absent = await openConnection(t, url)
  const broken = await openConnection(t, url)
  await broken.send(head('/posts', { length: 9_000 }), file('x'.repeat(500)))
  await until('it has come', async () => (await readdir(folder)).length > 0)
  broken.socket.destroy()
  absent.socket.destroy()
  await until('nothing is left', async () => (await readdir(folder)).length === 0)
  const list = await ask(t, url, '/posts', { method: 'GET' })
  t.same(JSON.parse(String(list.body)), POSTS)
})

t.test('curl -F uploads, and a stop leaves nothing on the disk', async (t) => {
  const folder = t.testdir({ db: {}, tmp: {} })
  const data = join(folder, 'db', 'db.json')
  await writeFile(data, JSON.stringify({ posts: POSTS }))
  const { url, child, ended } = await startProcess(t, [data, '--prefix', '/my'], {
    env: { TMPDIR: join(folder, 'tmp') },
  })
  const curl = async (...args: string[]) =>
    (await promisify(execFile)('curl', ['-sS', ...args])).stdout
  const created = await curl('-F', 'title=Two', '-F', `data=@${data}`, `${url}/my/posts`)
  const { data: stored } = JSON.parse(created)
  t.match(stored, { name: 'db.json', url: new RegExp(`^${url}/my/posts/2/files/`) })
  t.same(JSON.parse(await curl(stored.url)), { posts: POSTS })
  t.equal((await readdir(await folderIn(join(folder, 'tmp')))).length, 1)
  child.kill('SIGTERM')
  t.equal(await ended, 0)
  t.same(await readdir(join(folder, 'tmp')), [])
})

t.test("files of one's own and the registry's are beside each other", async (t) => {
  const data = { users: [{ username: 'user', password: 'password' }], files: [{ id: 1 }] }
  const { app } = await start(t, data, { apis: ['registry'] })
  const { upload } = (await send(app, 'POST', '/files', { upload: text('mine') })).json()
  t.equal((await call(app, 'GET', pathOf(upload))).body, 'mine')
  const { components } = (await call(app, 'GET', '/openapi.json')).json()
  t.match(components.schemas.FileUpload.properties, { file: {}, upload: undefined })
  t.match(components.schemas.FileRecordUpload.properties, { upload: { format: 'binary' } })
})

t.test('the document has forms with files beside the JSON', async (t) => {
  const { app } = await start(t)
  await send(app, 'POST', '/posts', { photo: text('x') })
  const { paths, components } = (await call(app, 'GET', '/openapi.json')).json()
  for (const [path, method, schema] of [
    ['/posts', 'post', 'PostUpload'],
    ['/posts/{id}', 'put', 'PostUpload'],
    ['/posts/{id}', 'patch', 'PostPatchUpload'],
  ]) {
    const { requestBody, responses } = paths[`${path}`][`${method}`]
    t.same(requestBody.content['multipart/form-data'].schema, {
      $ref: `#/components/schemas/${schema}`,
    })
    t.ok(requestBody.content['application/json'].example)
    t.match(responses[413].description, /UPLOAD_LIMIT/)
  }
  t.match(components.schemas.PostUpload.properties.photo, { format: 'binary' })
  t.same(Object.keys(paths['/posts/{id}/files/{name}'].get.responses), [
    '200',
    '206',
    '304',
    '400',
    '404',
    '416',
  ])
})

t.test('the records and the files that a user has written are bounded', async (t) => {
  const users = ['ann', 'bob'].map((username) => ({ username, password: 'password' }))
  const data = { users, posts: POSTS, $collections: { posts: { access: { create: 'user' } } } }
  const app = await startApp(t, { data, userRecordLimit: '64KiB', userStorageLimit: 5 })
  const [ann, bob] = [await logIn(app, 'ann'), await logIn(app, 'bob')]
  const post = (token: string, title: string) =>
    call(app, 'POST', '/posts', { token, payload: { title } })

  const file = await send(app, 'POST', '/posts', { file: text('four') }, ann.access)
  t.equal(file.statusCode, 201)
  const more = await send(app, 'POST', '/posts', { file: text('more') }, ann.access)
  isError(t, more, 507, /USER_STORAGE_LIMIT/)
  t.equal((await post(ann.access, 'x'.repeat(20_000))).statusCode, 201)
  isError(t, await post(ann.access, 'x'.repeat(20_000)), 507, /USER_RECORD_LIMIT/)
  t.equal((await post(bob.access, 'x'.repeat(20_000))).statusCode, 201)
  await call(app, 'DELETE', `/posts/${file.json().id}`, { token: ann.access })
  t.equal((await send(app, 'POST', '/posts', { file: text('again') }, bob.access)).statusCode, 201)
  t.equal((await send(app, 'POST', '/posts', { file: text('again') }, ann.access)).statusCode, 201)
})
