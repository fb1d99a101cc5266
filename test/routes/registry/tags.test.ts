import { createHash } from 'node:crypto'
import type { FastifyInstance } from 'fastify'
import t from 'tap'
import { FORM } from '../../../plugins/http/form.js'
import { call, isError, logIn, startApp } from '../../fixtures/app.js'
import { settleFiles, watchFiles } from '../../fixtures/files.js'
import { sendForm, upload } from '../../fixtures/upload.js'

const API = '/api/v1'

function formOf(fields: Record<string, string | Blob>, fileName = 'file.bin'): FormData {
  const form = new FormData()
  for (const [name, value] of Object.entries(fields)) {
    if (typeof value === 'string') form.set(name, value)
    else form.set(name, value, fileName)
  }
  return form
}

/** What the store and the disk hold. */
async function held(app: FastifyInstance, kept: () => Promise<string[]>) {
  const { total: packages } = await app.store.packages.find({ limit: 0 })
  const { total: tags } = await app.store.tags.find({ limit: 0 })
  return { packages, tags, files: (await kept()).length }
}

const content = new Blob(['content'])
const sha256 = createHash('sha256').update('content').digest('hex')

const ways: [string, string, Record<string, string>][] = [
  ['fields', '/packages', { package_name: 'pkg', tag: '1' }],
  ['a field with JSON', '/packages', { json: '{"package_name":"pkg","tag":"1"}' }],
  ['the path and a field', '/pkg', { tag: '1' }],
  ['the longer path and a field', '/packages/pkg', { tag: '1' }],
  ['the path and JSON', '/pkg', { json: '{"tag":"1"}' }],
  ['the path', '/pkg/1', {}],
  ['the longer path', '/packages/pkg/1', {}],
  ['the path, and the same again', '/pkg/1', { package_name: 'pkg', tag: '1' }],
]
for (const [way, path, fields] of ways) {
  t.test(`upload with ${way}`, async (t) => {
    const kept = watchFiles(t)
    const app = await startApp(t)
    const { access: token } = await logIn(app)
    const response = await sendForm(
      app,
      `${API}${path}`,
      formOf({ ...fields, file: content }),
      token,
    )
    t.equal(response.statusCode, 200)
    t.same(response.json(), { package_id: 1, tag_id: 1 })
    const again = await sendForm(app, `${API}${path}`, formOf({ file: content, ...fields }), token)
    isError(t, again, 409, 'the package has this tag')
    t.same(await held(app, kept), { packages: 1, tags: 1, files: 1 })
    for (const url of [`${API}/pkg/1`, `${API}/packages/pkg/1`]) {
      t.equal((await call(app, 'GET', url, { token })).body, 'content')
    }
  })
}

t.test('upload with the JSON in a filename', async (t) => {
  const app = await startApp(t)
  const { access: token } = await logIn(app)
  const form = new FormData()
  form.set('json', new Blob(['ignored']), '{"package_name":"pkg","tag":"1"}')
  form.set('file', content, 'file.bin')
  t.equal((await sendForm(app, `${API}/packages`, form, token)).statusCode, 200)
  form.set('json', new Blob([]), '{"package_name":"a/b","tag":"1"}')
  isError(
    t,
    await sendForm(app, `${API}/packages`, form, token),
    400,
    "package_name cannot contain '/'",
  )
})

t.test('upload with the JSON in a part that has another filename', async (t) => {
  const app = await startApp(t)
  const { access: token } = await logIn(app)
  const send = (json: Blob, filename?: string, url = `${API}/packages`) => {
    const form = new FormData()
    form.set('file', content, 'file.bin')
    if (filename === undefined) form.set('json', json)
    else form.set('json', json, filename)
    return sendForm(app, url, form, token)
  }
  const json = (tag: string) => new Blob([JSON.stringify({ package_name: 'pkg', tag })])
  // A Blob has the filename `blob` there.
  t.equal((await send(json('1'))).statusCode, 200)
  for (const [index, name] of ['a.json', '{draft}.json', '[]', '"text"', 'null'].entries()) {
    t.equal((await send(json(`2.${index}`), name)).statusCode, 200, name)
  }
  t.equal((await send(new Blob([]), undefined, `${API}/pkg/3`)).statusCode, 200, 'empty: as none')
  isError(t, await send(new Blob([])), 400, 'package_name is required')
  isError(t, await send(new Blob(['{"package_name":'])), 400, /not valid JSON/)
  isError(t, await send(new Blob(['["pkg", "1"]'])), 400, /json must be object/)
  isError(t, await send(new Blob([Buffer.from('{"tag":"\xff"}', 'latin1')])), 400, /Unicode/)
  isError(t, await send(new Blob(['{"tag":"\\ud800"}'])), 400, /Unicode/)
  isError(t, await send(new Blob([' '.repeat(100_000)])), 413)
  t.match((await app.store.tags.find({ limit: 100 })).total, 7)
})

t.test('an upload that lacks something, or has something too much, keeps nothing', async (t) => {
  const kept = watchFiles(t)
  const app = await startApp(t)
  const { access: token } = await logIn(app)
  const refused: [string, Record<string, string | Blob>, string | RegExp][] = [
    ['/packages', {}, 'package_name is required'],
    ['/packages', { file: content }, 'package_name is required'],
    ['/packages', { file: content, package_name: '', tag: '1' }, 'package_name is required'],
    ['/packages', { file: content, package_name: 'pkg' }, 'tag is required'],
    ['/pkg', { file: content }, 'tag is required'],
    ['/packages', { package_name: 'pkg', tag: '1' }, 'file is required'],
    ['/pkg/1', { file: 'a field' }, /is not known here|file is required/],
    [
      '/packages',
      { file: content, package_name: 'a/b', tag: '1' },
      "package_name cannot contain '/'",
    ],
    ['/packages', { file: content, package_name: 'a', tag: '1/2' }, "tags cannot contain '/'"],
    ['/a%2Fb', { file: content, tag: '1' }, "package_name cannot contain '/'"],
    ['/packages', { file: content, package_name: 'user', tag: '1' }, /^package_name cannot be/],
    [
      '/packages',
      { file: content, package_name: 'a', tag: '1', owner: '2' },
      /\/owner is not known/,
    ],
    ['/packages', { file: content, other: content }, /\/other is not known/],
    ['/packages', { file: content, json: '{' }, /not valid JSON/],
    ['/packages', { file: content, json: '' }, 'package_name is required'],
    [
      '/packages',
      { file: content, json: '{"package_name":"z\\ud800","tag":"1"}' },
      /not valid Unicode/,
    ],
    ['/packages', { file: content, json: '[]' }, /\/json must be object/],
    [
      '/packages',
      { file: content, json: '{"package_name":5,"tag":"1"}' },
      /package_name must be string/,
    ],
    [
      '/packages',
      { file: content, package_name: 'a', json: '{"package_name":"b","tag":"1"}' },
      /\/package_name is given twice/,
    ],
    ['/pkg', { file: content, package_name: 'other', tag: '1' }, /is not the one in the path/],
    [
      '/packages',
      { file: content, __proto__: 'x', package_name: 'x'.repeat(201), tag: '1' },
      /must NOT/,
    ],
  ]
  for (const [path, fields, message] of refused) {
    const response = await sendForm(app, `${API}${path}`, formOf(fields), token)
    isError(t, response, 400, message)
  }
  t.same(await held(app, kept), { packages: 0, tags: 0, files: 0 })
})

t.test('an upload is multipart/form-data', async (t) => {
  const app = await startApp(t)
  const { access: token } = await logIn(app)
  const post = (payload: string | object, type: string) =>
    call(app, 'POST', `${API}/pkg/1`, { token, payload, headers: { 'content-type': type } })
  isError(t, await post({ tag: '1' }, 'application/json'), 415)
  isError(t, await post('tag=1', FORM), 415, /Send multipart\/form-data, and/)
  isError(t, await post('x', 'application/octet-stream'), 415)
  isError(t, await post('x', 'multipart/form-data'), 400)
  isError(t, await post('x', 'multipart/mixed; boundary=x'), 415)
})

t.test('uploads need a token', async (t) => {
  const kept = watchFiles(t)
  const app = await startApp(t)
  const { refresh } = await logIn(app)
  const form = () => formOf({ file: content })
  for (const path of ['/packages', '/pkg', '/pkg/1', '/packages/pkg', '/packages/pkg/1']) {
    isError(t, await sendForm(app, `${API}${path}`, form()), 401, 'A token is needed.')
    isError(t, await sendForm(app, `${API}${path}`, form(), refresh), 401)
    isError(t, await sendForm(app, `${API}${path}`, form(), 'abc'), 401)
  }
  t.same(await held(app, kept), { packages: 0, tags: 0, files: 0 })
})

t.test('only the owner or an admin adds and deletes tags', async (t) => {
  const app = await startApp(t)
  const { access: token } = await logIn(app)
  const guest = (await logIn(app, 'guest', 'guest')).access
  const admin = (await logIn(app, 'admin', 'admin')).access
  await upload(app, token, 'pkg', '1')
  for (const [path, fields] of [
    ['/packages', { package_name: 'pkg', tag: '2' }],
    ['/pkg', { tag: '2' }],
    ['/pkg/2', {}],
  ] as const) {
    const response = await sendForm(
      app,
      `${API}${path}`,
      formOf({ ...fields, file: content }),
      guest,
    )
    isError(t, response, 403, 'You can add to only a package of your own.')
  }
  isError(t, await call(app, 'DELETE', `${API}/pkg/1`, { token: guest }), 403)
  await upload(app, admin, 'pkg', '2')
  t.equal((await call(app, 'DELETE', `${API}/pkg/1`, { token: admin })).statusCode, 204)
  t.equal((await call(app, 'DELETE', `${API}/packages/pkg/2`, { token })).statusCode, 204)
  isError(t, await call(app, 'DELETE', `${API}/pkg/2`, { token }), 404, 'could not locate tag')
  isError(t, await call(app, 'DELETE', `${API}/none/2`, { token }), 404, 'could not locate package')
  isError(t, await call(app, 'DELETE', `${API}/pkg/2`), 401)
})

t.test('identical bytes are stored once, and go with their last tag', async (t) => {
  const kept = watchFiles(t)
  const app = await startApp(t)
  const { access: token } = await logIn(app)
  const send = (tag: string) => sendForm(app, `${API}/pkg/${tag}`, formOf({ file: content }), token)
  await Promise.all(['1', '2', '3'].map(send))
  t.same(await held(app, kept), { packages: 1, tags: 3, files: 1 })
  await call(app, 'DELETE', `${API}/pkg/1`, { token })
  await settleFiles(app)
  t.same(await kept(), [sha256])
  await call(app, 'DELETE', `${API}/pkg`, { token })
  await settleFiles(app)
  t.same(await held(app, kept), { packages: 0, tags: 0, files: 0 })
})

t.test('download gives the file as it was uploaded', async (t) => {
  const app = await startApp(t)
  const { access: token } = await logIn(app)
  const bytes = Buffer.from(Array.from({ length: 300 }, (_, index) => index % 256))
  const file = new Blob([bytes], { type: 'application/gzip' })
  await sendForm(app, `${API}/pkg/1`, formOf({ file }, 'päckage 1.tar.gz'), token)
  const response = await call(app, 'GET', `${API}/pkg/1`, { headers: { token } })
  t.equal(response.statusCode, 200)
  t.ok(response.rawPayload.equals(bytes))
  t.match(response.headers, {
    'content-type': 'application/gzip',
    'content-length': '300',
    'accept-ranges': 'bytes',
    'x-content-type-options': 'nosniff',
    'content-disposition': `attachment; filename="p?ckage 1.tar.gz"; filename*=UTF-8''p%C3%A4ckage%201.tar.gz`,
    etag: `"${createHash('sha256').update(bytes).digest('hex')}"`,
  })
  const head = await call(app, 'HEAD', `${API}/pkg/1`, { token })
  t.equal(head.statusCode, 200)
  t.equal(head.body, '')
  for (const name of ['content-type', 'content-length', 'content-disposition', 'etag']) {
    t.equal(head.headers[name], response.headers[name], name)
  }
  isError(t, await call(app, 'GET', `${API}/pkg/1`), 401)
  isError(t, await call(app, 'GET', `${API}/pkg/2`, { token }), 404, 'could not locate tag')
  isError(t, await call(app, 'GET', `${API}/none/1`, { token }), 404, 'could not locate package')
})

t.test('download: conditions and ranges', async (t) => {
  const app = await startApp(t)
  const { access: token } = await logIn(app)
  await sendForm(app, `${API}/pkg/1`, formOf({ file: new Blob(['0123456789']) }), token)
  await sendForm(app, `${API}/pkg/empty`, formOf({ file: new Blob([]) }), token)
  const get = async (headers: Record<string, string>, tag = '1') => {
    const response = await call(app, 'GET', `${API}/pkg/${tag}`, { token, headers })
    const { 'content-range': range, 'content-length': length, etag } = response.headers
    return { status: response.statusCode, body: response.body, range, length, etag: `${etag}` }
  }
  const { etag } = await get({})
  for (const known of [etag, `"x", ${etag}`, '*', `W/${etag}`]) {
    t.match(await get({ 'if-none-match': known }), { status: 304, body: '', etag }, known)
  }
  t.match(await get({ 'if-none-match': '"x"' }), { status: 200 })

  const parts: [string, string, string][] = [
    ['bytes=0-0', '0', 'bytes 0-0/10'],
    ['bytes=2-4', '234', 'bytes 2-4/10'],
    ['bytes=7-', '789', 'bytes 7-9/10'],
    ['bytes=-3', '789', 'bytes 7-9/10'],
    ['bytes=-99', '0123456789', 'bytes 0-9/10'],
    ['bytes=5-99', '56789', 'bytes 5-9/10'],
  ]
  for (const [range, body, contentRange] of parts) {
    const expected = { status: 206, body, range: contentRange, length: `${body.length}`, etag }
    t.match(await get({ range }), expected, range)
    t.match(await get({ range, 'if-range': etag }), expected)
    t.match(await get({ range, 'if-range': '"x"' }), { status: 200, body: '0123456789' })
  }
  for (const range of ['bytes=10-', 'bytes=99-100', 'bytes=-0']) {
    const response = await call(app, 'GET', `${API}/pkg/1`, { token, headers: { range } })
    isError(t, response, 416)
    t.equal(response.headers['content-range'], 'bytes */10', range)
  }
  for (const range of ['bytes=0-1,5-6', 'lines=1-2', 'bytes', 'bytes=a-b', '']) {
    t.match(await get({ range }), { status: 200, body: '0123456789', range: undefined }, range)
  }
  t.match(await get({}, 'empty'), { status: 200, body: '', length: '0' })
  t.match(await get({ range: 'bytes=0-' }, 'empty'), { status: 416 })
  const head = await call(app, 'HEAD', `${API}/pkg/1`, { token, headers: { range: 'bytes=0-3' } })
  t.match([head.statusCode, head.headers['content-length']], [200, '10'], 'a range is for GET')

  const remove = (tag: string) =>
    call(app, 'DELETE', `${API}/pkg/1`, { token, headers: { 'if-match': tag } })
  for (const tag of ['"x"', `W/${etag}`, '']) isError(t, await remove(tag), 412)
  t.equal((await remove(`"x", ${etag}`)).statusCode, 204)
})

t.test('the name of a download is safe', async (t) => {
  const app = await startApp(t)
  const { access: token } = await logIn(app)
  const names: [string, RegExp][] = [
    ['../../etc/passwd', /^attachment; filename="passwd"$/],
    ['C:\\Windows\\evil.exe', /^attachment; filename="evil\.exe"$/],
    ['a"b.txt', /^attachment; filename="a\\"b\.txt"/],
    ['line\r\nbreak.txt', /^attachment; filename="[^\r\n]*break\.txt"/],
    ['gnp.\u202eexe.txt', /^attachment; filename="gnp\.exe\.txt"$/],
    ['..', /^attachment; filename="file"$/],
    ['/', /^attachment; filename="file"$/],
    ['你好.txt', /filename\*=UTF-8''%E4%BD%A0%E5%A5%BD\.txt$/],
    ['x'.repeat(300), /^attachment; filename="x{255}"$/],
  ]
  for (const [index, [name, expected]] of names.entries()) {
    const form = formOf({ file: content }, name)
    t.equal((await sendForm(app, `${API}/pkg/${index}`, form, token)).statusCode, 200, name)
    const { headers } = await call(app, 'GET', `${API}/pkg/${index}`, { token })
    t.match(headers['content-disposition'], expected, name)
  }
})

t.test('a type that is none is octets', async (t) => {
  const app = await startApp(t)
  const { access: token } = await logIn(app)
  const types: [string, string][] = [
    ['text/html', 'text/html'],
    ['', 'application/octet-stream'],
    ['nonsense', 'application/octet-stream'],
  ]
  for (const [index, [type, expected]] of types.entries()) {
    const file = new Blob(['<script>'], { type })
    await sendForm(app, `${API}/pkg/${index}`, formOf({ file }), token)
    const { headers } = await call(app, 'GET', `${API}/pkg/${index}`, { token })
    t.equal(headers['content-type'], expected)
  }
})
