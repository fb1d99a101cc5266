import { createHash, randomBytes } from 'node:crypto'
import { existsSync } from 'node:fs'
import { mkdir, readdir, readFile, readlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import t, { type Test } from 'tap'
import { uploadLarge } from '../../fixtures/large-upload.js'
import {
  type Answer,
  ask,
  BOUNDARY,
  type Connection,
  chunk,
  END,
  field,
  file,
  folderIn,
  form,
  type Head,
  head,
  look,
  memoryOf,
  openConnection,
  part,
  type Registry,
  resetPeak,
  startRegistry,
  tokenOf,
  until,
} from '../../fixtures/multipart.js'
import { startProcess } from '../../fixtures/process.js'

const KIBIBYTE = 1024
const MEBIBYTE = 1024 * KIBIBYTE
const PACKAGES = '/api/v1/packages'
const NO_PROC = !existsSync('/proc/self/fd') && 'needs /proc'

const parameters = (name = 'package', tag = '1') => [field('package_name', name), field('tag', tag)]
const whole = form(...parameters(), file('content'))
const hashOf = (content: Uint8Array) => createHash('sha256').update(content).digest('hex')

/** Checks that an answer is an error in the one shape. */
function isRefusal(t: Test, { status, headers, body }: Answer, expected: number, of = ''): void {
  t.equal(status, expected, `${of}: ${body}`)
  t.match(headers['content-type'], /^application\/json/, of)
  const said = JSON.parse(String(body))
  t.match(said, { statusCode: expected, error: String, message: String }, of)
  const others = Object.keys(said).filter(
    (key) => !['statusCode', 'error', 'message', 'details'].includes(key),
  )
  t.same(others, [], of)
}

/** Checks that a server has neither packages nor files. */
async function isEmpty(t: Test, { url, folder }: Registry, token: string, of = ''): Promise<void> {
  const packages = await look(t, url, PACKAGES, token)
  if (!t.same(packages, { status: 200, body: [] }, of)) return
  t.equal((await look(t, url, '/api/v1/package', token)).status, 404, of)
  await until(`nothing is left of ${of}`, async () => (await readdir(folder)).length === 0)
}

/** Begins an upload, and sends the first half of its body. */
async function beginUpload(
  t: Test,
  { url }: Pick<Registry, 'url'>,
  token: string,
  body: Buffer,
  path = PACKAGES,
): Promise<Connection & { finish(): Promise<Answer> }> {
  const connection = await openConnection(t, url)
  const half = Math.floor(body.length / 2)
  await connection.send(head(path, { token, length: body.length }), body.subarray(0, half))
  const finish = async () => {
    await connection.send(body.subarray(half))
    return connection.answer()
  }
  return { ...connection, finish }
}

const partsIn = async (folder: string) =>
  (await readdir(folder)).filter((name) => name.endsWith('.part')).length

t.test('a hundred uploads that break off leave nothing', { skip: NO_PROC }, async (t) => {
  const registry = await startRegistry(t)
  const { app, url, folder } = registry
  const token = await tokenOf(t, url)
  await isEmpty(t, registry, token)
  const isAlone = async () => (await promisify(app.server.getConnections).call(app.server)) === 0
  await until('no connection is left', isAlone)
  const descriptors = async () => (await readdir('/proc/self/fd')).length
  const before = await descriptors()

  const body = form(...parameters(), file(randomBytes(300 * KIBIBYTE)))
  const uploads = await Promise.all(
    Array.from({ length: 100 }, () => beginUpload(t, registry, token, body)),
  )
  await until('all are being received', async () => (await partsIn(folder)) === 100)
  t.ok((await descriptors()) >= before + 300, 'two ends and a file each')
  for (const [index, { socket }] of uploads.entries()) {
    if (index % 3 === 0) socket.destroy()
    else if (index % 3 === 1) socket.resetAndDestroy()
    else socket.end()
  }
  await until('the files are gone', async () => (await readdir(folder)).length === 0)
  await until('no connection is left', isAlone)
  await until('no descriptor is left', async () => (await descriptors()) <= before)
  await isEmpty(t, registry, token)
  const { status } = await ask(t, url, PACKAGES, { token, body: whole })
  t.equal(status, 200, 'the tag is free')
})

t.test('an upload that breaks off anywhere leaves nothing', async (t) => {
  const registry = await startRegistry(t)
  const token = await tokenOf(t, registry.url)
  const body = form(file(randomBytes(100)), ...parameters())
  for (let length = 0; length < body.length; length += 13) {
    const connection = await openConnection(t, registry.url)
    await connection.send(head(PACKAGES, { token, length: body.length }), body.subarray(0, length))
    connection.socket.end()
    await connection.next('close')
  }
  await isEmpty(t, registry, token)
})

t.test('what breaks off is not logged as an error of the server', async (t) => {
  const parent = t.testdir()
  const run = await startProcess(t, [], { env: { TMPDIR: parent } })
  const folder = await folderIn(parent)
  const token = await tokenOf(t, run.url)
  const body = form(...parameters(), file(randomBytes(300 * KIBIBYTE)))
  const { socket } = await beginUpload(t, run, token, body)
  await until('it is being received', async () => (await partsIn(folder)) === 1)
  socket.destroy()
  await until('the file is gone', async () => (await partsIn(folder)) === 0)
  run.child.kill('SIGTERM')
  t.equal(await run.ended, 0)
  t.notMatch(run.output.stdout, /"level":(50|60)/)
  t.equal(run.output.stderr, '')
})

t.test('truncated and malformed uploads are refused, and leave nothing', async (t) => {
  const registry = await startRegistry(t)
  const { url } = registry
  const token = await tokenOf(t, url)
  const disposition = 'Content-Disposition: form-data; name="file"; filename="a"'
  const cases: Record<string, Buffer> = {
    'an empty body': Buffer.alloc(0),
    'only an end': END,
    'no form': Buffer.from('{"package_name":"package","tag":"1"}'),
    'no closing boundary': Buffer.concat([...parameters(), file('content')]),
    'an end within the closing boundary': whole.subarray(0, whole.length - 5),
    'an end within the file': whole.subarray(0, whole.length - END.length - 5),
    'an end within a field': Buffer.concat([file('content'), ...parameters()]).subarray(0, -3),
    "an end within a part's headers": Buffer.concat([
      ...parameters(),
      file('content'),
      Buffer.from(`--${BOUNDARY}\r\nContent-Dispo`),
    ]),
    'another boundary': Buffer.from(String(whole).replaceAll(BOUNDARY, 'another-boundary')),
    'line feeds alone': Buffer.from(String(whole).replaceAll('\r\n', '\n')),
    'a part without a name': form(
      ...parameters(),
      file('content'),
      part('Content-Disposition: form-data', 'x'),
    ),
    'a file without a name': form(
      ...parameters(),
      part('Content-Disposition: form-data; filename="a"', 'content'),
    ),
    'a file without Content-Disposition': form(
      ...parameters(),
      part('Content-Type: text/plain', 'content'),
    ),
    'a file that is an attachment': form(
      ...parameters(),
      part('Content-Disposition: attachment; name="file"; filename="a"', 'content'),
    ),
    'headers without a colon': form(...parameters(), part(`garbage\r\n${disposition}`, 'content')),
    'headers of bytes that are no text': form(
      ...parameters(),
      part(`\u0000\u0001: \u0002\r\n\u00ff${disposition}`, 'content'),
    ),
    'a bare line break in a header': form(
      ...parameters(),
      part('Content-Disposition: form-data;\nname="file"; filename="a"', 'content'),
    ),
    'a name of every object': form(...parameters(), file('content'), field('__proto__', 'x')),
    'a constructor': form(...parameters(), file('content'), field('constructor', 'x')),
    'a field that is not known': form(...parameters(), file('content'), field('more', 'x')),
    'JSON that is none': form(field('json', '{"package_name":'), file('content')),
    'JSON that is no object': form(field('json', '["package", "1"]'), file('content')),
    'no file': form(...parameters()),
    'no tag': form(field('package_name', 'package'), file('content')),
    'a tag with a slash': form(...parameters('package', '1/2'), file('content')),
    'two names': form(...parameters(), field('package_name', 'other'), file('content')),
  }
  for (const [of, body] of Object.entries(cases)) {
    isRefusal(t, await ask(t, url, PACKAGES, { token, body }), 400, of)
    await isEmpty(t, registry, token, of)
  }
  for (const type of [
    'multipart/form-data',
    'multipart/form-data; boundary=',
    'multipart/form-data; boundary=other',
  ]) {
    isRefusal(t, await ask(t, url, PACKAGES, { token, type, body: whole }), 400, type)
    await isEmpty(t, registry, token, type)
  }
  for (const type of ['text/plain', 'application/json', `multipart/mixed; boundary=${BOUNDARY}`]) {
    isRefusal(t, await ask(t, url, PACKAGES, { token, type, body: whole }), 415, type)
    await isEmpty(t, registry, token, type)
  }
})

t.test('text before the first boundary and after the last one is passed over', async (t) => {
  const { url, folder } = await startRegistry(t)
  const token = await tokenOf(t, url)
  const body = Buffer.concat([Buffer.from('before\r\n'), whole, Buffer.from('after')])
  t.equal((await ask(t, url, PACKAGES, { token, body })).status, 200)
  t.same(await readFile(join(folder, hashOf(Buffer.from('content'))), 'utf8'), 'content')
})

t.test('an upload has limits, and leaves nothing beyond them', async (t) => {
  const large = Buffer.alloc(64 * KIBIBYTE + 1)
  const huge = 'x'.repeat(512 * KIBIBYTE)
  const many = (count: number, one: Buffer) => Array<Buffer>(count).fill(one)
  const tag = field('tag', '1')
  const withHeaders = (headers: string) =>
    part(`Content-Disposition: form-data; name="file"; filename="a"\r\n${headers}`, 'content')
  const cases: Record<string, Buffer> = {
    'a file over the limit': form(...parameters(), file(large)),
    'a file over the limit, first': form(file(large), ...parameters()),
    'eleven fields': form(...parameters(), ...many(9, tag), file('content')),
    'eleven fields after the file': form(file('content'), ...parameters(), ...many(9, tag)),
    'twenty-one parts': form(...parameters(), ...many(18, tag), file('content')),
    'twenty-one parts that are no form-data': form(
      ...parameters(),
      file('content'),
      ...many(18, part('X-Other: yes')),
    ),
    'two files': form(...parameters(), file('content'), file('content')),
    'two files before the fields': form(file('content'), file('other'), ...parameters()),
    'a large name': form(field('package_name', String(large)), tag, file('content')),
    'large JSON': form(field('json', String(large)), file('content')),
    'large JSON in a file': form(
      part('Content-Disposition: form-data; name="json"; filename="{}"', large),
      file('content'),
    ),
    'a large header in the file': form(...parameters(), withHeaders(`X-Large: ${huge}`)),
    'a large header before the disposition': form(
      ...parameters(),
      part(`X-Large: ${huge}\r\nContent-Disposition: form-data; name="file"; filename="a"`, 'x'),
    ),
  }
  for (const [of, body] of Object.entries(cases)) {
    await t.test(of, async (t) => {
      const registry = await startRegistry(t, { uploadLimit: '64KiB' })
      const token = await tokenOf(t, registry.url)
      isRefusal(t, await ask(t, registry.url, PACKAGES, { token, body }), 413, of)
      await isEmpty(t, registry, token, of)
    })
  }
  const { url, folder } = await startRegistry(t, { uploadLimit: '64KiB' })
  const token = await tokenOf(t, url)
  const body = form(...parameters(), ...many(8, tag), file(large.subarray(1)))
  t.equal((await ask(t, url, PACKAGES, { token, body })).status, 200, 'what is just not too much')
  t.equal((await readdir(folder)).length, 1)
})

t.test('a body without a length is not larger than one with', async (t) => {
  const much = Array<Buffer>(40).fill(Buffer.alloc(100_000, 'x'))
  const start = Buffer.concat([...parameters(), file('content')])
  const headless = Buffer.from(`--${BOUNDARY}\r\nX-Other: yes\r\n\r\n`)
  const cases: Record<string, Buffer[]> = {
    'text before': [...much, Buffer.from('\r\n'), whole],
    'text after': [whole, ...much],
    'a part that is passed over': [start, headless, ...much, Buffer.from('\r\n'), END],
  }
  for (const [of, chunks] of Object.entries(cases)) {
    await t.test(of, async (t) => {
      const registry = await startRegistry(t, { uploadLimit: '64KiB' })
      const token = await tokenOf(t, registry.url)
      const connection = await openConnection(t, registry.url)
      await connection.send(head(PACKAGES, { token }), ...chunks.map(chunk), '0\r\n\r\n')
      isRefusal(t, await connection.answer(), 413, of)
      connection.socket.destroy()
      await isEmpty(t, registry, token, of)
    })
  }
})

t.test('the rest of a file over the limit need not come', async (t) => {
  const registry = await startRegistry(t, { uploadLimit: '64KiB' })
  const token = await tokenOf(t, registry.url)
  const body = form(...parameters(), file(Buffer.alloc(MEBIBYTE)))
  const connection = await openConnection(t, registry.url)
  await connection.send(
    head(PACKAGES, { token, length: body.length }),
    body.subarray(0, 70 * KIBIBYTE),
  )
  isRefusal(t, await connection.answer(), 413)
  await isEmpty(t, registry, token)
})

/** Two packages: one of `user`, with a tag, and one of `guest`. */
async function startTwoOwners(t: Test): Promise<Registry & { token: string; guest: string }> {
  const registry = await startRegistry(t, { uploadLimit: '64KiB' })
  const { url } = registry
  const token = await tokenOf(t, url)
  const guest = await tokenOf(t, url, 'guest', 'guest')
  for (const [owner, name] of [
    [token, 'own'],
    [guest, 'others'],
  ] as const) {
    const body = form(...parameters(name), file('content'))
    t.equal((await ask(t, url, PACKAGES, { token: owner, body })).status, 200)
  }
  return { ...registry, token, guest }
}

interface Refused {
  readonly path?: string
  readonly status: number
  readonly options?: Head
}

/** Uploads that the registry can refuse by their heads. */
const EARLY: Readonly<Record<string, Refused>> = {
  'no token': { status: 401, options: { token: undefined } },
  'a wrong token': { status: 401, options: { token: 'wrong' } },
  'two tokens, one of them bad': {
    status: 401,
    options: { headers: ['Authorization: Bearer other'] },
  },
  'a length beyond the limit': { status: 413, options: { length: 2 ** 40 } },
  "another user's package": { path: '/api/v1/others/2', status: 403 },
  "another user's package, without a tag": { path: '/api/v1/packages/others', status: 403 },
  'a tag that is taken': { path: '/api/v1/own/1', status: 409 },
  'a tag that is taken, below packages': { path: '/api/v1/packages/own/1', status: 409 },
  'an encoding': { status: 415, options: { headers: ['Content-Encoding: gzip'] } },
  'a path that is none': { path: '/api/v1/own/1/2', status: 404 },
}

/** Uploads that the framework refuses by their heads. */
const FRAMEWORK: Readonly<Record<string, Refused>> = {
  'a name that is none': { path: '/api/v1/packages/user', status: 400 },
  'another media type': { status: 415, options: { type: 'text/plain' } },
}

t.test('what can be refused is refused before the body', async (t) => {
  const { url, folder, token } = await startTwoOwners(t)
  for (const [of, { path, status, options }] of Object.entries({ ...EARLY, ...FRAMEWORK })) {
    const connection = await openConnection(t, url)
    await connection.send(head(path ?? PACKAGES, { token, length: 60_000, ...options }))
    isRefusal(t, await connection.answer(), status, of)
    connection.socket.destroy()
  }
  t.equal(await partsIn(folder), 0)
})

for (const [by, refused] of Object.entries({ registry: EARLY, framework: FRAMEWORK })) {
  t.test(`who asks first is not told to send what the ${by} refuses`, async (t) => {
    const { url, token } = await startTwoOwners(t)
    for (const [of, { path, status, options }] of Object.entries(refused)) {
      const headers = [...(options?.headers ?? []), 'Expect: 100-continue']
      const connection = await openConnection(t, url)
      await connection.send(head(path ?? PACKAGES, { token, length: 60_000, ...options, headers }))
      const answer = await connection.answer()
      isRefusal(t, answer, status, of)
      t.same(answer.interim, [], of)
      connection.socket.destroy()
    }
  })
}

t.test('who asks first is told to send what is going to be read', async (t) => {
  const { url } = await startRegistry(t)
  const token = await tokenOf(t, url)
  const connection = await openConnection(t, url)
  const headers = ['Expect: 100-continue']
  await connection.send(head(PACKAGES, { token, length: whole.length, headers }))
  await connection.next('data')
  t.equal(String(connection.received()), 'HTTP/1.1 100 Continue\r\n\r\n')
  await connection.send(whole)
  const { status, interim } = await connection.answer()
  t.equal(status, 200)
  t.same(interim, [100])
})

/** Files of 16 MiB that are refused while they come: the status, what comes before, whether there is a length. */
const LARGE_REFUSED = {
  'no token': { status: 401, start: [], hasToken: false, hasLength: true },
  'a length beyond the limit': { status: 413, start: [], hasToken: true, hasLength: true },
  'a file over the limit': { status: 413, start: [], hasToken: true, hasLength: false },
  'two files': { status: 413, start: [file('content')], hasToken: true, hasLength: false },
}

for (const headers of [[], ['Connection: close']]) {
  for (const [of, { status, start, hasToken, hasLength }] of Object.entries(LARGE_REFUSED)) {
    t.test(`who sends all of it can read the refusal after: ${of} ${headers}`, async (t) => {
      const registry = await startRegistry(t, { uploadLimit: '64KiB' })
      const token = await tokenOf(t, registry.url)
      const connection = await openConnection(t, registry.url)
      // As clients do that look for the answer only when they have sent everything.
      connection.socket.pause()
      const body = form(...parameters(), ...start, file(Buffer.alloc(16 * MEBIBYTE)))
      const options = hasLength ? { headers, length: body.length } : { headers }
      await connection.send(head(PACKAGES, { ...options, ...(hasToken ? { token } : {}) }))
      for (let place = 0; place < body.length; place += 64 * KIBIBYTE) {
        const piece = body.subarray(place, place + 64 * KIBIBYTE)
        await connection.send(hasLength ? piece : chunk(piece))
      }
      if (!hasLength) await connection.send('0\r\n\r\n')
      connection.socket.resume()
      isRefusal(t, await connection.answer(), status)
      t.same(connection.faults, [])
      connection.socket.destroy()
      await isEmpty(t, registry, token)
    })
  }
}

t.test('who sends without end is cut off', async (t) => {
  const registry = await startRegistry(t, { uploadLimit: '64KiB' })
  const token = await tokenOf(t, registry.url)
  const connection = await openConnection(t, registry.url)
  await connection.send(head(PACKAGES, { token }), chunk(Buffer.concat(parameters())))
  await connection.send(chunk(file(Buffer.alloc(100_000)).subarray(0, -2)))
  const piece = chunk(Buffer.alloc(64 * KIBIBYTE))
  // Its own end of the connection would be free for others.
  while (!connection.socket.closed) {
    await connection.send(piece)
    await new Promise(setImmediate)
  }
  isRefusal(t, await connection.answer(), 413)
  await isEmpty(t, registry, token)
})

t.test('an upload that stalls is refused, and leaves nothing', async (t) => {
  const registry = await startRegistry(t, { requestTimeout: '1s' })
  const token = await tokenOf(t, registry.url)
  const body = form(...parameters(), file(randomBytes(300 * KIBIBYTE)))
  const { answer, next } = await beginUpload(t, registry, token, body)
  isRefusal(t, await answer(), 408)
  await next('close')
  await isEmpty(t, registry, token)
})

t.test('of two uploads of one tag at once one is kept', async (t) => {
  const { url, folder } = await startRegistry(t)
  const token = await tokenOf(t, url)
  for (let round = 1; round <= 10; round++) {
    const tag = String(round)
    const contents = [randomBytes(100 * KIBIBYTE), randomBytes(100 * KIBIBYTE)]
    const uploads = await Promise.all(
      contents.map((content) =>
        beginUpload(t, { url }, token, form(...parameters('package', tag), file(content))),
      ),
    )
    await until('both are being received', async () => (await partsIn(folder)) === 2)
    const answers = await Promise.all(uploads.map(({ finish }) => finish()))
    const statuses = answers.map(({ status }) => status)
    t.same([...statuses].sort(), [200, 409])
    const refused = answers.find(({ status }) => status === 409)
    if (refused) isRefusal(t, refused, 409)
    await until('one file is there', async () => (await readdir(folder)).length === round)
    const { body } = await ask(t, url, `/api/v1/package/${tag}`, { method: 'GET', token })
    t.equal(hashOf(body), hashOf(contents[statuses.indexOf(200)] ?? Buffer.alloc(0)))
    for (const { socket } of uploads) socket.destroy()
  }
  const { body } = await look(t, url, '/api/v1/package', token)
  t.match(body, { length: 10 })
})

t.test('of two users who make a package at once one owns it', async (t) => {
  const { url, folder } = await startRegistry(t)
  const tokens = [await tokenOf(t, url), await tokenOf(t, url, 'guest', 'guest')]
  for (let round = 1; round <= 10; round++) {
    const name = `package-${round}`
    const uploads = await Promise.all(
      tokens.map((token, index) =>
        beginUpload(
          t,
          { url },
          token,
          form(...parameters(name, String(index)), file(randomBytes(100 * KIBIBYTE))),
        ),
      ),
    )
    await until('both are being received', async () => (await partsIn(folder)) === 2)
    const answers = await Promise.all(uploads.map(({ finish }) => finish()))
    const statuses = answers.map(({ status }) => status)
    t.same([...statuses].sort(), [200, 403])
    const winner = statuses.indexOf(200)
    await until('one file is there', async () => (await readdir(folder)).length === 2 * round - 1)
    const { body } = await look(t, url, `/api/v1/${name}`, tokens[0] ?? '')
    t.match(body, [{ tag: String(winner) }])
    t.match(body, { length: 1 })
    for (const [index, token] of tokens.entries()) {
      const more = await ask(t, url, `/api/v1/${name}/more-${index}`, {
        token,
        body: form(file(`more of ${name}`)),
      })
      t.equal(more.status, index === winner ? 200 : 403)
    }
    for (const { socket } of uploads) socket.destroy()
  }
})

t.test('a package whose file could not be kept does not exist', async (t) => {
  const { url, folder } = await startRegistry(t)
  const token = await tokenOf(t, url)
  // No file can take the place of a folder with something in it.
  const obstacle = join(folder, hashOf(Buffer.from('content')))
  await mkdir(obstacle)
  await writeFile(join(obstacle, 'file'), '')
  isRefusal(t, await ask(t, url, PACKAGES, { token, body: whole }), 503)
  t.same(await readdir(folder), [obstacle.slice(folder.length + 1)])
  t.same(await look(t, url, PACKAGES, token), { status: 200, body: [] })
  t.equal((await look(t, url, '/api/v1/package', token)).status, 404)
})

t.test('a token that is revoked while the body comes is not good any more', async (t) => {
  const registry = await startRegistry(t)
  const { url, folder } = registry
  const token = await tokenOf(t, url)
  const other = await tokenOf(t, url)
  const body = form(...parameters(), file(randomBytes(300 * KIBIBYTE)))
  const { finish } = await beginUpload(t, registry, token, body)
  await until('it is being received', async () => (await partsIn(folder)) === 1)
  const revocation = await ask(t, url, '/api/v1/user/invalidate_token', {
    token,
    type: 'application/json',
    body: Buffer.from(JSON.stringify({ username: 'user', password: 'password' })),
  })
  t.equal(revocation.status, 200)
  isRefusal(t, await finish(), 401)
  await isEmpty(t, registry, other)
})

t.test('a user who is deleted while the body comes uploads nothing', async (t) => {
  const registry = await startRegistry(t)
  const { url, app, folder } = registry
  const token = await tokenOf(t, url)
  const admin = await tokenOf(t, url, 'admin', 'admin')
  const body = form(...parameters(), file(randomBytes(300 * KIBIBYTE)))
  const { finish } = await beginUpload(t, registry, token, body)
  await until('it is being received', async () => (await partsIn(folder)) === 1)
  await app.store.users.delete(1)
  isRefusal(t, await finish(), 401)
  await isEmpty(t, registry, admin)
})

t.test('a stop lets an upload finish, and then takes the files away', async (t) => {
  const parent = t.testdir()
  const run = await startProcess(t, [], { env: { TMPDIR: parent } })
  const folder = await folderIn(parent)
  const token = await tokenOf(t, run.url)
  const body = form(...parameters(), file(randomBytes(300 * KIBIBYTE)))
  const { finish, socket } = await beginUpload(t, run, token, body)
  await until('it is being received', async () => (await partsIn(folder)) === 1)
  run.child.kill('SIGTERM')
  await until('it is stopping', () => /SIGTERM received/.test(run.output.stdout))
  t.equal((await finish()).status, 200)
  socket.destroy()
  t.equal(await run.ended, 0)
  t.same(await readdir(parent), [])
})

t.test('what a killed process was receiving goes with the next', async (t) => {
  const parent = t.testdir()
  const run = await startProcess(t, [], { env: { TMPDIR: parent } })
  const folder = await folderIn(parent)
  const token = await tokenOf(t, run.url)
  t.equal((await ask(t, run.url, PACKAGES, { token, body: whole })).status, 200)
  const body = form(...parameters('other'), file(randomBytes(300 * KIBIBYTE)))
  await beginUpload(t, run, token, body)
  await until('it is being received', async () => (await partsIn(folder)) === 1)
  run.child.kill('SIGKILL')
  t.equal(await run.ended, 'SIGKILL')
  t.equal((await readdir(folder)).length, 2)
  const next = await startProcess(t, [], { env: { TMPDIR: parent } })
  await until('it is swept', async () => !existsSync(folder))
  next.child.kill('SIGTERM')
  t.equal(await next.ended, 0)
  t.same(await readdir(parent), [])
})

/** The size of the largest file, by default: UPLOAD_LIMIT. */
const UPLOAD_SIZE = 1024 * MEBIBYTE
const MAX_GROWTH = 64 * MEBIBYTE
const DOWNLOAD_SIZE = 64 * MEBIBYTE
const MAX_UNREAD = 32 * MEBIBYTE

/** How many files in a folder a process has open. */
async function openFiles(pid: number | undefined, folder: string): Promise<number> {
  const descriptors = await readdir(`/proc/${pid}/fd`)
  const targets = await Promise.all(
    descriptors.map((descriptor) => readlink(`/proc/${pid}/fd/${descriptor}`).catch(() => '')),
  )
  return targets.filter((target) => target.startsWith(folder)).length
}

t.test('an upload of 1 GiB takes little memory', { skip: NO_PROC }, async (t) => {
  const parent = t.testdir()
  const { child, url, ended } = await startProcess(t, [], { env: { TMPDIR: parent } })
  const token = await tokenOf(t, url)
  const idle = await resetPeak(child.pid)
  const { answer, sha256 } = await uploadLarge(t, url, PACKAGES, {
    token,
    size: UPLOAD_SIZE,
    fields: parameters(),
  })
  const growth = (await memoryOf(child.pid, 'VmHWM')) - idle
  t.equal(answer.status, 200, String(answer.body))
  t.comment(`${Math.round(growth / MEBIBYTE)} MiB over idle`)
  t.ok(growth <= MAX_GROWTH, `${growth} bytes over idle`)
  t.same(await readdir(await folderIn(parent)), [sha256])
  child.kill('SIGTERM')
  t.equal(await ended, 0)
})

t.test('clients that never read take no memory', { skip: NO_PROC }, async (t) => {
  const parent = t.testdir()
  const { child, url, ended } = await startProcess(t, [], { env: { TMPDIR: parent } })
  const token = await tokenOf(t, url)
  const { answer } = await uploadLarge(t, url, PACKAGES, {
    token,
    size: DOWNLOAD_SIZE,
    fields: parameters(),
  })
  t.equal(answer.status, 200)
  const idle = await resetPeak(child.pid)
  const connections = await Promise.all(Array.from({ length: 4 }, () => openConnection(t, url)))
  for (const { socket, send } of connections) {
    socket.pause()
    await send(head('/api/v1/package/1', { method: 'GET', token }))
  }
  // Each has its file open, and has read no more of it when another request has been served ten times over.
  await until('all are being sent', async () => (await openFiles(child.pid, parent)) === 4)
  for (let round = 0; round < 10; round++) await look(t, url, PACKAGES, token)
  const growth = (await memoryOf(child.pid, 'VmHWM')) - idle
  t.comment(`${Math.round(growth / MEBIBYTE)} MiB over idle`)
  t.ok(growth <= MAX_UNREAD, `${growth} bytes over idle`)

  for (const { socket } of connections) socket.destroy()
  await until('no file is open', async () => (await openFiles(child.pid, parent)) === 0)
  child.kill('SIGTERM')
  t.equal(await ended, 0)
})

t.test('downloads that wait for their turn have no file open', { skip: NO_PROC }, async (t) => {
  const parent = t.testdir()
  const { child, url, ended } = await startProcess(t, [], { env: { TMPDIR: parent } })
  const token = await tokenOf(t, url)
  t.equal(
    (await uploadLarge(t, url, PACKAGES, { token, size: 8 * MEBIBYTE, fields: parameters() }))
      .answer.status,
    200,
  )
  const { socket, send } = await openConnection(t, url)
  socket.pause()
  const request = String(head('/api/v1/package/1', { method: 'GET', token }))
  await send(request.repeat(50))
  await until('one is being sent', async () => (await openFiles(child.pid, parent)) > 0)
  for (let round = 0; round < 10; round++) await look(t, url, PACKAGES, token)
  t.equal(await openFiles(child.pid, parent), 1)
  socket.destroy()
  await until('no file is open', async () => (await openFiles(child.pid, parent)) === 0)
  child.kill('SIGTERM')
  t.equal(await ended, 0)
})

t.test('a search whose body breaks off is not logged as an error of the server', async (t) => {
  const run = await startProcess(t)
  const token = await tokenOf(t, run.url)
  const connection = await openConnection(t, run.url)
  const headers = ['Expect: 100-continue']
  const options = { method: 'GET', token, type: 'application/json', length: 20, headers }
  await connection.send(head(PACKAGES, options), '{"se')
  await until('it is being read', () => String(connection.received()).includes('100 Continue'))
  connection.socket.destroy()
  run.child.kill('SIGTERM')
  t.equal(await run.ended, 0)
  t.notMatch(run.output.stdout, /"level":(50|60)/)
})
